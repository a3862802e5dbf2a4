import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { borderLevels, uncertainBand } from '../../src-shared/confidence.ts';
import type { BoxPx } from '../../src-shared/geometry/box.ts';
import type { ProbabilityMap } from '../inference/types.ts';

/** Where a model is not sure whether a pixel belongs to the mask. */
export interface UncertainBorder {
  /** Edges in stored slice pixels. */
  rectPx: BoxPx;
  /** One byte per pixel of the rectangle, row by row: probability × 15; 0 and 15 outside the band. */
  levels: Uint8Array;
}

const [lowest, highest] = [uncertainBand.from, uncertainBand.to].map((p) => p * borderLevels) as [
  number,
  number,
];

/**
 * The uncertain border of a probability map: sixteen steps, and nothing but the band, so that it is
 * small enough to be kept with every mask. Null when no pixel lies in the band.
 */
export function uncertainBorder({
  originPx,
  sizePx,
  bytes,
}: ProbabilityMap): UncertainBorder | null {
  const [width, height] = sizePx;
  const levels = Uint8Array.from(bytes, (byte) => {
    const level = Math.round((byte * borderLevels) / 255);
    return level < lowest ? 0 : level > highest ? borderLevels : level;
  });
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let n = 0; n < levels.length; n++) {
    if (levels[n] === 0 || levels[n] === borderLevels) continue;
    const [x, y] = [n % width, Math.floor(n / width)];
    left = Math.min(left, x);
    right = Math.max(right, x + 1);
    top = Math.min(top, y);
    bottom = y + 1;
  }
  if (right === 0) return null;
  const cut = new Uint8Array((right - left) * (bottom - top));
  for (let y = top; y < bottom; y++) {
    const row = levels.subarray(y * width + left, y * width + right);
    cut.set(row, (y - top) * (right - left));
  }
  const [x, y] = originPx;
  return { rectPx: [x + left, y + top, x + right, y + bottom], levels: cut };
}

/** Levels as they are stored: raw-deflated; runs of 0 and 15 cost next to nothing. */
export const packBorder = (levels: Uint8Array): Buffer => deflateRawSync(levels);

/** @throws Error when the stored levels do not have the length of the rectangle */
export function unpackBorder(stored: Uint8Array, [x0, y0, x1, y1]: BoxPx): Uint8Array {
  const levels = inflateRawSync(stored);
  const pixels = (x1 - x0) * (y1 - y0);
  if (levels.length !== pixels) {
    throw new Error(`A stored border has ${levels.length} levels for ${pixels} pixels.`);
  }
  return levels;
}
