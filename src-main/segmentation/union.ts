import {
  axisNumber,
  inSliceAxes,
  sliceLayout,
  type SliceAxis,
} from '../../src-shared/geometry/planes.ts';
import type { Vec3 } from '../../src-shared/geometry/volume-geometry.ts';
import type { Voxels } from '../imaging/types.ts';

/** Where a mask lies. */
export interface MaskPlace {
  axis: SliceAxis;
  sliceIndex: number;
  originPx: [number, number];
  sizePx: [number, number];
}

/** A mask on its slice, one byte (0 or 1) per pixel of its rectangle. */
export interface PlacedMask extends MaskPlace {
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

/** Whether two masks can cover one voxel: across different axes, or where rectangles on one slice meet. */
export function mayOverlap(masks: MaskPlace[]): boolean {
  const onSlice = new Map<number, MaskPlace[]>();
  for (const mask of masks) {
    if (mask.axis !== masks[0]!.axis) return true;
    const others = onSlice.get(mask.sliceIndex) ?? [];
    if (others.some((other) => rectanglesMeet(mask, other))) return true;
    onSlice.set(mask.sliceIndex, [...others, mask]);
  }
  return false;
}

function rectanglesMeet(a: MaskPlace, b: MaskPlace): boolean {
  return [0, 1].every((n) => {
    const [from, to] = [Math.max(a.originPx[n]!, b.originPx[n]!), Math.min(a.originPx[n]! + a.sizePx[n]!, b.originPx[n]! + b.sizePx[n]!)]; // prettier-ignore
    return from < to;
  });
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

/** Running numbers of stored values; `values` leaves out those that are not numbers. */
export interface ValueSums {
  voxelCount: number;
  values: number;
  mean: number;
  /** Sum of squared differences from the mean. */
  squares: number;
}

/** Sums over the voxels that at least one mask covers, by Welford's update: no cancellation for large offsets. */
export function sumUnion(masks: PlacedMask[], sizeVx: Vec3, voxels: Voxels): ValueSums {
  const sums: ValueSums = { voxelCount: 0, values: 0, mean: 0, squares: 0 };
  visitUnion(masks, sizeVx, (voxel) => {
    sums.voxelCount++;
    const value = voxels[voxel]!;
    if (!Number.isFinite(value)) return;
    sums.values++;
    const delta = value - sums.mean;
    sums.mean += delta / sums.values;
    sums.squares += delta * (value - sums.mean);
  });
  return sums;
}

/** Sums of two sets of voxels without a common one (Chan, Golub and LeVeque's formula). */
export function joinSums(a: ValueSums, b: ValueSums): ValueSums {
  const values = a.values + b.values;
  const delta = b.mean - a.mean;
  const share = values === 0 ? 0 : b.values / values;
  return {
    voxelCount: a.voxelCount + b.voxelCount,
    values,
    mean: a.mean + delta * share,
    squares: a.squares + b.squares + delta * delta * a.values * share,
  };
}

/** Mean and standard deviation (n − 1); null without values (deviation: without two). */
export function describeSums(sums: ValueSums): {
  meanValue: number | null;
  sdValue: number | null;
} {
  const { values, mean, squares } = sums;
  return {
    meanValue: values > 0 ? mean : null,
    sdValue: values > 1 ? Math.sqrt(squares / (values - 1)) : null,
  };
}
