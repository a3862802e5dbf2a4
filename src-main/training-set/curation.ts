import { axisNumber, inSliceAxes, sliceLayout } from '../../src-shared/geometry/planes.ts';
import type { Vec3 } from '../../src-shared/geometry/volume-geometry.ts';
import type { PlacedMask } from '../segmentation/union.ts';
import { connectedComponents, type Component } from './components.ts';

/** One segment's voxels, 0 or 1, x-fastest, within the box that bounds its masks. */
export interface SegmentGrid {
  /** The grid's first voxel in the series. */
  originVx: Vec3;
  sizeVx: Vec3;
  voxels: Uint8Array;
}

/** A piece of a segment that the curation took out. */
export interface DroppedPiece {
  /** object: too few voxels in three dimensions; slice: too few pixels on one slice. */
  rule: 'object' | 'slice';
  voxelCount: number;
  /** First and last slice (k) that it lay on. */
  firstSlice: number;
  lastSlice: number;
  /** The box round it on its slices, as edges in stored pixels. */
  boxPx: [number, number, number, number];
}

/** What is too small to be learned from; the paper's code has 1000 and 100. */
export interface CurationLimits {
  /** Objects (26-connected) with fewer voxels are dropped; null where slices make no volume. */
  minimumVoxels: number | null;
  /** Pieces of one slice (8-connected) with fewer pixels are dropped. */
  minimumSlicePx: number;
}

/** The voxels that at least one of the masks covers. @param masks at least one */
export function segmentGrid(masks: PlacedMask[]): SegmentGrid {
  const low: Vec3 = [Infinity, Infinity, Infinity];
  const high: Vec3 = [0, 0, 0];
  for (const { axis, sliceIndex, originPx, sizePx } of masks) {
    const [x, y] = inSliceAxes(axis);
    const cover = (a: number, from: number, to: number) => {
      low[a] = Math.min(low[a]!, from);
      high[a] = Math.max(high[a]!, to);
    };
    cover(x, originPx[0], originPx[0] + sizePx[0]);
    cover(y, originPx[1], originPx[1] + sizePx[1]);
    cover(axisNumber[axis], sliceIndex, sliceIndex + 1);
  }
  const sizeVx = high.map((end, a) => end - low[a]!) as Vec3;
  const voxels = new Uint8Array(sizeVx[0] * sizeVx[1] * sizeVx[2]);
  for (const mask of masks) {
    const [x, y] = inSliceAxes(mask.axis);
    const slice = mask.sliceIndex - low[axisNumber[mask.axis]]!;
    const { first, stepX, stepY } = sliceLayout(sizeVx, mask.axis, slice);
    const start =
      first + (mask.originPx[0] - low[x]!) * stepX + (mask.originPx[1] - low[y]!) * stepY;
    const [width, height] = mask.sizePx;
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        if (mask.pixels[row * width + column] === 0) continue;
        voxels[start + column * stepX + row * stepY] = 1;
      }
    }
  }
  return { originVx: low, sizeVx, voxels };
}

/**
 * Takes out of the grid (which is changed) what is too small, in the order of MedSAM's
 * `pre_CT_MR.py`: whole objects first, then pieces of slices. Returns what was taken out.
 */
export function curate(grid: SegmentGrid, limits: CurationLimits): DroppedPiece[] {
  const { minimumVoxels, minimumSlicePx } = limits;
  return [
    ...(minimumVoxels === null ? [] : drop(grid, 'object', minimumVoxels)),
    ...drop(grid, 'slice', minimumSlicePx),
  ];
}

function drop(grid: SegmentGrid, rule: DroppedPiece['rule'], minimum: number): DroppedPiece[] {
  const within = rule === 'object' ? 'volume' : 'slice';
  const small = connectedComponents(grid.voxels, grid.sizeVx, within).filter(
    ({ voxelCount }) => voxelCount < minimum,
  );
  const [nx, ny] = grid.sizeVx;
  for (const { runs } of small) {
    for (const { y, z, from, to } of runs) {
      const row = nx * (y + ny * z);
      grid.voxels.fill(0, row + from, row + to);
    }
  }
  return small.map((component) => describe(grid, rule, component));
}

function describe(
  { originVx: [x, y, z] }: SegmentGrid,
  rule: DroppedPiece['rule'],
  { voxelCount, lowVx, highVx }: Component,
): DroppedPiece {
  return {
    rule,
    voxelCount,
    firstSlice: z + lowVx[2],
    lastSlice: z + highVx[2] - 1,
    boxPx: [x + lowVx[0], y + lowVx[1], x + highVx[0], y + highVx[1]],
  };
}

/** The slices (k) on which the grid has voxels, ascending. */
export function slicesOf({ originVx, sizeVx, voxels }: SegmentGrid): number[] {
  const plane = sizeVx[0] * sizeVx[1];
  return Array.from({ length: sizeVx[2] }, (_, z) => z)
    .filter((z) => voxels.subarray(z * plane, (z + 1) * plane).includes(1))
    .map((z) => originVx[2] + z);
}
