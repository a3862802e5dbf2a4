import type { BoxPx } from '../../src-shared/geometry/box.ts';
import { ok, type Result } from '../../src-shared/result.ts';
import { defaultModelWindow, type ModelWindow } from '../../src-shared/window.ts';
import type { BoxMask, InferenceService, SliceImage } from '../inference/types.ts';
import { formatOfName, writeImage, writtenExtensions } from '../interchange/write-image.ts';
import type { ModelManifest } from '../models/manifest.ts';
import { sliceImage } from '../segmentation/slice-image.ts';
import { exitCodes, failWith, failWithError } from './exit-codes.ts';
import type { LoadedImage } from './load-image.ts';
import type { MaskCanvas } from './mask-canvas.ts';

/** A box on slice k of an image. */
export interface PlacedBox {
  sliceIndex: number;
  boxPx: BoxPx;
}

/** More boxes on one slice are asked for in several goes, so that a long list can be stopped. */
const MOST_AT_ONCE = 64;

/**
 * The masks of boxes on an image, with their boxes: slice by slice in the order in which slices are first
 * named, all boxes of one at once, which their times are shared among. What is refused is given in place of masks, for
 * all boxes asked for at once.
 */
export async function* masksOfBoxes<T extends PlacedBox>(
  inference: Pick<InferenceService, 'segmentBoxes'>,
  image: LoadedImage,
  ask: { modelId: string; window: ModelWindow | undefined },
  boxes: readonly T[],
  signal: AbortSignal,
): AsyncGenerator<{ boxes: T[]; masks: Result<BoxMask[]> }> {
  for (const { sliceIndex, boxes: together } of groupedBySlice(boxes)) {
    signal.throwIfAborted();
    const { modelId } = ask;
    const slice = sliceOfImage(image, sliceIndex, ask.window);
    const boxesPx = together.map(({ boxPx }) => boxPx);
    const masks = await inference.segmentBoxes({ modelId, slice, boxesPx }, { signal });
    const shared = (mask: BoxMask) => ({ ...mask, decoderMs: mask.decoderMs / together.length });
    yield { boxes: together, masks: masks.ok ? ok(masks.value.map(shared)) : masks };
  }
}

function groupedBySlice<T extends PlacedBox>(boxes: readonly T[]) {
  const groups: { sliceIndex: number; boxes: T[] }[] = [];
  for (const box of boxes) {
    const { sliceIndex } = box;
    const open = groups.find(
      (group) => group.sliceIndex === sliceIndex && group.boxes.length < MOST_AT_ONCE,
    );
    if (open) open.boxes.push(box);
    else groups.push({ sliceIndex, boxes: [box] });
  }
  return groups;
}

function sliceOfImage(
  image: LoadedImage,
  sliceIndex: number,
  window: ModelWindow | undefined,
): SliceImage {
  const [width, height] = image.geometry.sizeVx;
  const length = width * height * image.channels;
  const start = sliceIndex * length;
  const voxels = image.voxels.slice(start, start + length);
  return sliceImage(image, voxels, 'k', sliceIndex, window ?? defaultModelWindow(image));
}

/** The expected DSC below which a model asks for a warning; null for one that has no such figure. */
export const lowBelowOf = (manifest: ModelManifest): number | null =>
  manifest.kind === 'crop-specialist' ? (manifest.output.expectedDsc?.lowBelow ?? null) : null;

/** A name that a mask of this many slices can be written to. @throws CommandError */
export function checkMaskName(path: string, slices: number): void {
  const format = formatOfName(path);
  if (!format) {
    throw failWith(exitCodes.usage, 'wrong-out', {
      path,
      extensions: writtenExtensions.join(', '),
    });
  }
  if (format === 'png' && slices > 1)
    throw failWith(exitCodes.usage, 'png-is-flat', { path, slices });
}

/** 0 and 255 in pictures, where 1 could not be seen; 0 and 1 in volumes. @throws CommandError */
export async function writeMask(path: string, canvas: MaskCanvas): Promise<void> {
  const written = await writeImage(path, canvas.image(formatOfName(path) === 'png' ? 255 : 1));
  if (!written.ok) throw failWithError(written.error);
}
