import {
  axisNumber,
  inSliceAxes,
  sliceLayout,
  type SliceAxis,
} from '../../src-shared/geometry/planes.ts';
import type { Vec3 } from '../../src-shared/geometry/volume-geometry.ts';
import type { Voxels } from '../imaging/types.ts';

/** A mask on its slice, one byte (0 or 1) per pixel of its rectangle. */
export interface PlacedMask {
  axis: SliceAxis;
  sliceIndex: number;
  originPx: [number, number];
  sizePx: [number, number];
  pixels: Uint8Array;
}

/** Calls `visit` with the offset of every voxel that at least one mask covers, once each. */
export function visitUnion(
  masks: PlacedMask[],
  sizeVx: Vec3,
  visit: (voxel: number) => void,
): void {
  const seen = mayOverlap(masks) ? new BoundedBitset(masks, sizeVx) : null;
  for (const mask of masks) {
    const [width, height] = mask.sizePx;
    const { first, stepX, stepY } = sliceLayout(sizeVx, mask.axis, mask.sliceIndex);
    const start = first + mask.originPx[0] * stepX + mask.originPx[1] * stepY;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        if (mask.pixels[y * width + x] === 0) continue;
        const voxel = start + x * stepX + y * stepY;
        if (seen === null || seen.add(voxel)) visit(voxel);
      }
    }
  }
}

/** Only masks across different axes, or two on one slice, can cover a voxel twice. */
function mayOverlap(masks: PlacedMask[]): boolean {
  const slices = new Set(masks.map((mask) => mask.sliceIndex));
  return slices.size < masks.length || masks.some((mask) => mask.axis !== masks[0]!.axis);
}

/** A set of voxels within the box that bounds all masks, one bit each. */
class BoundedBitset {
  readonly #sizeVx: Vec3;
  readonly #low: Vec3;
  readonly #span: Vec3;
  readonly #bits: Uint8Array;

  constructor(masks: PlacedMask[], sizeVx: Vec3) {
    this.#sizeVx = sizeVx;
    this.#low = [...sizeVx];
    const high: Vec3 = [0, 0, 0];
    for (const { axis, sliceIndex, originPx, sizePx } of masks) {
      const [x, y] = inSliceAxes(axis);
      const cover = (a: number, from: number, to: number) => {
        this.#low[a] = Math.min(this.#low[a]!, from);
        high[a] = Math.max(high[a]!, to);
      };
      cover(x, originPx[0], originPx[0] + sizePx[0]);
      cover(y, originPx[1], originPx[1] + sizePx[1]);
      cover(axisNumber[axis], sliceIndex, sliceIndex + 1);
    }
    this.#span = high.map((end, a) => Math.max(0, end - this.#low[a]!)) as Vec3;
    this.#bits = new Uint8Array(Math.ceil((this.#span[0] * this.#span[1] * this.#span[2]) / 8));
  }

  /** True when the voxel was not in the set yet. */
  add(voxel: number): boolean {
    const [ni, nj] = this.#sizeVx;
    const i = voxel % ni;
    const row = (voxel - i) / ni;
    const j = row % nj;
    const k = (row - j) / nj;
    const n =
      i - this.#low[0] + this.#span[0] * (j - this.#low[1] + this.#span[1] * (k - this.#low[2]));
    const bit = 1 << (n & 7);
    const byte = Math.floor(n / 8);
    if (this.#bits[byte]! & bit) return false;
    this.#bits[byte]! |= bit;
    return true;
  }
}

/** Number of voxels that at least one mask covers. */
export function countUnion(masks: PlacedMask[], sizeVx: Vec3): number {
  let count = 0;
  visitUnion(masks, sizeVx, () => count++);
  return count;
}

/**
 * Count, mean and standard deviation (n − 1) of the stored values of the voxels that at least one
 * mask covers. Values that are not numbers are left out of mean and deviation; null without any
 * (deviation: without two).
 */
export function describeUnion(
  masks: PlacedMask[],
  sizeVx: Vec3,
  voxels: Voxels,
): { voxelCount: number; meanValue: number | null; sdValue: number | null } {
  let voxelCount = 0;
  let n = 0;
  let mean = 0;
  let squares = 0;
  visitUnion(masks, sizeVx, (voxel) => {
    voxelCount++;
    const value = voxels[voxel]!;
    if (!Number.isFinite(value)) return;
    // Welford's update: no cancellation for large offsets (SUV, HU + 1024, raw counts).
    n++;
    const delta = value - mean;
    mean += delta / n;
    squares += delta * (value - mean);
  });
  return {
    voxelCount,
    meanValue: n > 0 ? mean : null,
    sdValue: n > 1 ? Math.sqrt(squares / (n - 1)) : null,
  };
}
