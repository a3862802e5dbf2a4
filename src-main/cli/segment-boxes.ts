import type { BoxPx } from '../../src-shared/geometry/box.ts';
import { defaultModelWindow, type ModelWindow } from '../../src-shared/window.ts';
import type { BoxMask, InferenceService } from '../inference/types.ts';
import { formatOfName, writeImage, writtenExtensions } from '../interchange/write-image.ts';
import type { ModelManifest } from '../models/manifest.ts';
import { sliceImage } from '../segmentation/slice-image.ts';
import { exitCodes, failWith, failWithError } from './exit-codes.ts';
import type { LoadedImage } from './load-image.ts';
import type { MaskCanvas } from './mask-canvas.ts';

/** The mask of one box on slice k of an image. @throws CommandError */
export async function maskOfBox(
  inference: Pick<InferenceService, 'segmentBox'>,
  image: LoadedImage,
  ask: { modelId: string; sliceIndex: number; boxPx: BoxPx; window: ModelWindow | undefined },
  signal: AbortSignal,
): Promise<BoxMask> {
  const [width, height] = image.geometry.sizeVx;
  const length = width * height * image.channels;
  const start = ask.sliceIndex * length;
  const slice = sliceImage(
    image,
    image.voxels.slice(start, start + length),
    'k',
    ask.sliceIndex,
    ask.window ?? defaultModelWindow(image),
  );
  const { modelId, boxPx } = ask;
  const mask = await inference.segmentBox({ modelId, slice, boxPx }, { signal });
  if (!mask.ok) throw failWithError(mask.error);
  return mask.value;
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
