import {
  dot,
  type Vec3,
  type VolumeGeometry,
} from '../../../src-shared/geometry/volume-geometry.ts';
import { addScaled, subtract } from './vectors.ts';

/** Offset [x, y] in pixels of a slice's first pixel from the grid's first pixel of that slice. */
export function inPlaneOffsetPx(grid: VolumeGeometry, positionMm: Vec3): [number, number] {
  const from = subtract(positionMm, grid.originMm);
  const d = grid.direction as number[];
  const axis = (c: number): Vec3 => [d[c]!, d[c + 3]!, d[c + 6]!];
  return [dot(from, axis(0)) / grid.spacingMm[0], dot(from, axis(1)) / grid.spacingMm[1]];
}

/**
 * The orthogonal grid that holds every slice of a sheared stack: same spacing and directions as
 * `lattice`, grown in the plane by whole pixels so that nothing is cut off.
 */
export function tiltedGrid(lattice: VolumeGeometry, positionsMm: readonly Vec3[]): VolumeGeometry {
  const offsets = positionsMm.map((position) => inPlaneOffsetPx(lattice, position));
  const bounds = ([0, 1] as const).map((axis) => {
    const along = offsets.map((offset) => offset[axis]);
    return {
      low: Math.floor(Math.min(...along) + 1e-6),
      high: Math.ceil(Math.max(...along) - 1e-6),
    };
  });
  const d = lattice.direction as number[];
  let originMm = lattice.originMm;
  for (const axis of [0, 1] as const) {
    originMm = addScaled(
      originMm,
      [d[axis]!, d[axis + 3]!, d[axis + 6]!],
      bounds[axis]!.low * lattice.spacingMm[axis],
    );
  }
  return {
    ...lattice,
    originMm,
    sizeVx: [
      lattice.sizeVx[0] + bounds[0]!.high - bounds[0]!.low,
      lattice.sizeVx[1] + bounds[1]!.high - bounds[1]!.low,
      lattice.sizeVx[2],
    ],
  };
}
