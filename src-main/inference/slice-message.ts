import { createHash } from 'node:crypto';
import { usableBox, type BoxPx } from '../../src-shared/geometry/box.ts';
import { fail, ok, type Result } from '../../src-shared/result.ts';
import type { EngineSlice } from './engine/messages.ts';
import type { SliceImage } from './types.ts';

const invalid = (reason: string) => fail('invalid-request', { reason }, reason);

/**
 * The part of a box inside its slice, where pixels, size and intensity range of the slice go together.
 * Errors: invalid-request, box-outside-image, box-too-small.
 */
export function checkedBox(boxPx: BoxPx, slice: SliceImage): Result<BoxPx> {
  const checked = checkedSlice(slice);
  if (!checked.ok) return checked;
  const box = usableBox(boxPx, [slice.widthPx, slice.heightPx]);
  return box.ok ? ok(box.boxPx) : fail(box.reason);
}

/** Errors: invalid-request where pixels, size and intensity range do not go together. */
export function checkedSlice(slice: SliceImage): Result<SliceImage> {
  const { data, widthPx, heightPx, channels, intensityRange } = slice;
  if (data.length !== widthPx * heightPx * channels) {
    return invalid(`A slice of ${widthPx} × ${heightPx} × ${channels} has ${data.length} values.`);
  }
  if (!intensityRange.every(Number.isFinite)) {
    return invalid(`The intensity range ${intensityRange.join('…')} is not two numbers.`);
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
  const { data, seriesId, ...rest } = slice;
  const { widthPx, heightPx, channels, intensityRange, zeroStaysZero, flip } = rest;
  return {
    pixelsSha256: sha256,
    seriesId,
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
