import { createHash } from 'node:crypto';
import { clampedBox, type BoxPx } from '../../src-shared/geometry/box.ts';
import { fail, ok, type Result } from '../../src-shared/result.ts';
import type { EngineSlice } from './engine/messages.ts';
import type { SliceImage } from './types.ts';

/** Sides shorter than this are a slip of the pointer, not a box. */
const SHORTEST_SIDE_PX = 1;

/**
 * The part of a box inside its slice.
 * Errors: invalid-request (not numbers, or pixels that do not fit the size), box-outside-image, box-too-small.
 */
export function checkedBox(boxPx: BoxPx, slice: SliceImage): Result<BoxPx> {
  if (!boxPx.every(Number.isFinite)) return fail('invalid-request', {}, `The box ${boxPx.join(', ')} is not four numbers.`);
  const box = clampedBox(boxPx, [slice.widthPx, slice.heightPx]);
  const [width, height] = [box[2] - box[0], box[3] - box[1]];
  const outside = boxPx[0] !== boxPx[2] && boxPx[1] !== boxPx[3] && (width <= 0 || height <= 0);
  if (outside) return fail('box-outside-image', { width: slice.widthPx, height: slice.heightPx });
  if (width < SHORTEST_SIDE_PX || height < SHORTEST_SIDE_PX) return fail('box-too-small', { minimum: SHORTEST_SIDE_PX });
  return ok(box);
}

/** Errors: invalid-request where pixels, size and intensity range do not go together. */
export function checkedSlice(slice: SliceImage): Result<SliceImage> {
  const { data, widthPx, heightPx, channels, intensityRange } = slice;
  const count = widthPx * heightPx * channels;
  if (data.length !== count) {
    return fail('invalid-request', {}, `A slice of ${widthPx} × ${heightPx} × ${channels} has ${data.length} values.`);
  }
  if (!intensityRange.every(Number.isFinite)) {
    return fail('invalid-request', {}, `The intensity range ${intensityRange.join('…')} is not two numbers.`);
  }
  return ok(slice);
}

/** SHA-256 of the stored pixels and their type: what embeddings are kept under, whatever the caller calls the slice. */
export function pixelsSha256({ data }: SliceImage): string {
  return createHash('sha256')
    .update(data.constructor.name)
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest('hex');
}

/** The slice for the engine, without its pixels when the engine has them already. */
export function sliceMessage(slice: SliceImage, sha256: string, withPixels: boolean): EngineSlice {
  const { data, widthPx, heightPx, channels, intensityRange, zeroStaysZero, flip } = slice;
  return {
    pixelsSha256: sha256,
    // Shared memory and views into larger volumes travel as the slice alone.
    data: withPixels ? data.slice() : null,
    widthPx,
    heightPx,
    channels,
    intensityRange,
    zeroStaysZero,
    flip,
  };
}
