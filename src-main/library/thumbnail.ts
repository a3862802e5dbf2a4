import { PNG } from 'pngjs';
import { sliceFrames, type SliceFrame } from '../../src-shared/geometry/planes.ts';
import { namedWindows, type Window } from '../../src-shared/window.ts';
import type { DecodedVolume } from '../imaging/types.ts';

/** Longest side of a thumbnail. */
export const thumbnailSizePx = 128;

/** The window that a series is first shown with: its own first, soft tissue for CT, else its percentile range. */
export function displayWindow(
  volume: Pick<DecodedVolume, 'windows' | 'percentileRange' | 'dataType' | 'channels'>,
  modality: string,
): Window {
  if (volume.channels === 3) return { level: 127.5, width: 255 };
  if (volume.windows[0]) return volume.windows[0];
  if (modality === 'CT') return namedWindows['soft-tissue'];
  if (volume.dataType === 'uint8') return { level: 127.5, width: 255 };
  const [low, high] = volume.percentileRange;
  return { level: (low + high) / 2, width: Math.max(high - low, Number.EPSILON) };
}

/** PNG of the middle slice across k, upright (see `sliceFrames`) and true to the pixels' shape. */
export function thumbnailPng(volume: DecodedVolume, modality: string): Buffer {
  const { geometry, channels } = volume;
  const k = Math.floor(geometry.sizeVx[2] / 2);
  const frame = Object.values(sliceFrames(geometry)).find((f): f is SliceFrame => f.axis === 'k')!;
  const size = (axis: 0 | 1 | 2) => geometry.sizeVx[axis] * geometry.spacingMm[axis];
  const [widthMm, heightMm] = [size(frame.right.axis), size(frame.down.axis)];
  const scale = thumbnailSizePx / Math.max(widthMm, heightMm);
  const width = Math.max(1, Math.round(widthMm * scale));
  const height = Math.max(1, Math.round(heightMm * scale));
  const columns = sampling(geometry.sizeVx[frame.right.axis], width, frame.right.flipped);
  const rows = sampling(geometry.sizeVx[frame.down.axis], height, frame.down.flipped);
  const [ni, nj] = geometry.sizeVx;
  const offset = (right: number, down: number) => {
    const [i, j] = frame.right.axis === 0 ? [right, down] : [down, right];
    return (k * ni * nj + j * ni + i) * channels;
  };
  const window = displayWindow(volume, modality);
  const low = window.level - window.width / 2;
  const png = new PNG({ width, height });
  let target = 0;
  for (const [down0, down1] of rows) {
    for (const [right0, right1] of columns) {
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let down = down0; down < down1; down++) {
          for (let right = right0; right < right1; right++) {
            sum += volume.voxels[offset(right, down) + (channels === 3 ? c : 0)]!;
          }
        }
        const mean = sum / ((down1 - down0) * (right1 - right0));
        png.data[target++] = Math.min(
          255,
          Math.max(0, Math.round((255 * (mean - low)) / window.width)),
        );
      }
      png.data[target++] = 255;
    }
  }
  return PNG.sync.write(png);
}

/** For each of `count` picture pixels, the range [first, end) of stored pixels that it averages. */
function sampling(stored: number, count: number, flipped: boolean): [number, number][] {
  const ranges = Array.from({ length: count }, (_, n): [number, number] => {
    const first = Math.min(stored - 1, Math.floor((n * stored) / count));
    return [first, Math.max(first + 1, Math.floor(((n + 1) * stored) / count))];
  });
  return flipped ? ranges.reverse() : ranges;
}
