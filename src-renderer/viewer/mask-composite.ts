import { axisNumber, inSliceAxes } from '../../src-shared/geometry/planes.ts';
import type { SliceAxis } from '../../src-shared/geometry/planes.ts';
import type { Vec3, VolumeGeometry } from '../../src-shared/geometry/volume-geometry.ts';
import { voxelVolumeMm3 } from '../../src-shared/geometry/volume-geometry.ts';

/** The mask of one box with its bits: one byte (0 or 1) per pixel of the rectangle, row by row. */
export interface PlacedMask {
  axis: SliceAxis;
  sliceIndex: number;
  originPx: readonly [number, number];
  sizePx: readonly [number, number];
  bits: Uint8Array;
}

/** A mask rectangle on one slice. */
export interface SliceBits {
  originPx: [number, number];
  sizePx: [number, number];
  bits: Uint8Array;
  count: number;
}

interface Part {
  x0: number;
  y0: number;
  width: number;
  height: number;
  /** Bit at (column, row) of this part. */
  at: (column: number, row: number) => number;
}

/** The part of one mask that lies on a slice: the whole of it, a line where the planes cross, or nothing. */
function partOnSlice(mask: PlacedMask, axis: SliceAxis, sliceIndex: number): Part | null {
  const [ox, oy] = mask.originPx;
  const [width, height] = mask.sizePx;
  if (mask.axis === axis) {
    if (mask.sliceIndex !== sliceIndex) return null;
    return { x0: ox, y0: oy, width, height, at: (c, r) => mask.bits[c + r * width]! };
  }
  const [mx] = inSliceAxes(mask.axis);
  const shownAxisIsX = mx === axisNumber[axis];
  const line = sliceIndex - (shownAxisIsX ? ox : oy);
  if (line < 0 || line >= (shownAxisIsX ? width : height)) return null;
  const along = (n: number) =>
    shownAxisIsX ? mask.bits[line + n * width]! : mask.bits[n + line * width]!;
  const start = shownAxisIsX ? oy : ox;
  const length = shownAxisIsX ? height : width;
  // The mask's own plane appears on the shown slice as a line across the mask's axis.
  const normalIsX = inSliceAxes(axis)[0] === axisNumber[mask.axis];
  return normalIsX
    ? { x0: mask.sliceIndex, y0: start, width: 1, height: length, at: (_c, r) => along(r) }
    : { x0: start, y0: mask.sliceIndex, width: length, height: 1, at: (c) => along(c) };
}

/** Union of all masks on one slice across `axis`, whatever plane each was drawn on; null when empty. */
export function composeSlice(
  masks: readonly PlacedMask[],
  axis: SliceAxis,
  sliceIndex: number,
): SliceBits | null {
  const parts = masks.flatMap((mask) => partOnSlice(mask, axis, sliceIndex) ?? []);
  if (parts.length === 0) return null;
  const x0 = Math.min(...parts.map((p) => p.x0));
  const y0 = Math.min(...parts.map((p) => p.y0));
  const width = Math.max(...parts.map((p) => p.x0 + p.width)) - x0;
  const height = Math.max(...parts.map((p) => p.y0 + p.height)) - y0;
  const bits = new Uint8Array(width * height);
  let count = 0;
  for (const part of parts) {
    for (let r = 0; r < part.height; r++) {
      const row = (part.y0 - y0 + r) * width + (part.x0 - x0);
      for (let c = 0; c < part.width; c++) {
        if (part.at(c, r) && !bits[row + c]) {
          bits[row + c] = 1;
          count++;
        }
      }
    }
  }
  return count === 0 ? null : { originPx: [x0, y0], sizePx: [width, height], bits, count };
}

/** A block of voxels, x-fastest, one byte (0 or 1) each. */
export interface VoxelBlock {
  originVx: Vec3;
  sizeVx: Vec3;
  bits: Uint8Array;
  count: number;
}

/** First and last voxel + 1 of a mask's rectangle along i, j, k. */
export function voxelBounds(mask: PlacedMask): [Vec3, Vec3] {
  const [ax, ay] = inSliceAxes(mask.axis);
  const low: Vec3 = [0, 0, 0];
  const high: Vec3 = [0, 0, 0];
  const n = axisNumber[mask.axis];
  [low[n], high[n]] = [mask.sliceIndex, mask.sliceIndex + 1];
  [low[ax], high[ax]] = [mask.originPx[0], mask.originPx[0] + mask.sizePx[0]];
  [low[ay], high[ay]] = [mask.originPx[1], mask.originPx[1] + mask.sizePx[1]];
  return [low, high];
}

/** All masks of a segment as one block of voxels with `margin` empty voxels around; null when empty. */
export function composeBlock(masks: readonly PlacedMask[], margin = 0): VoxelBlock | null {
  const filled = masks.filter((m) => m.sizePx[0] > 0 && m.sizePx[1] > 0);
  if (filled.length === 0) return null;
  const low: Vec3 = [Infinity, Infinity, Infinity];
  const high: Vec3 = [-Infinity, -Infinity, -Infinity];
  for (const mask of filled) {
    const [from, to] = voxelBounds(mask);
    for (const a of [0, 1, 2] as const) {
      low[a] = Math.min(low[a], from[a] - margin);
      high[a] = Math.max(high[a], to[a] + margin);
    }
  }
  const sizeVx: Vec3 = [high[0] - low[0], high[1] - low[1], high[2] - low[2]];
  const step: Vec3 = [1, sizeVx[0], sizeVx[0] * sizeVx[1]];
  const bits = new Uint8Array(sizeVx[0] * sizeVx[1] * sizeVx[2]);
  let count = 0;
  for (const mask of filled) {
    const [from] = voxelBounds(mask);
    const [ax, ay] = inSliceAxes(mask.axis);
    const start = [0, 1, 2].reduce((sum, a) => sum + (from[a]! - low[a]!) * step[a]!, 0);
    const [width, height] = mask.sizePx;
    for (let r = 0; r < height; r++) {
      for (let c = 0; c < width; c++) {
        const at = start + c * step[ax] + r * step[ay];
        if (mask.bits[c + r * width] && !bits[at]) {
          bits[at] = 1;
          count++;
        }
      }
    }
  }
  return count === 0 ? null : { originVx: low, sizeVx, bits, count };
}

/** Millilitres of a number of voxels. */
export const voxelsToMl = (geometry: VolumeGeometry, count: number): number =>
  (count * voxelVolumeMm3(geometry)) / 1000;
