import { indexToWorld, type Vec3, type VolumeGeometry } from './volume-geometry.ts';

/** Largest distance in mm between the same corner voxels of two lattices of one size. */
export function largestCornerDistanceMm(a: VolumeGeometry, b: VolumeGeometry): number {
  const [ni, nj, nk] = a.sizeVx.map((n) => n - 1) as Vec3;
  let largest = 0;
  for (const i of [0, ni]) {
    for (const j of [0, nj]) {
      for (const k of [0, nk]) {
        const [p, q] = [indexToWorld(a, [i, j, k]), indexToWorld(b, [i, j, k])];
        largest = Math.max(largest, Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]));
      }
    }
  }
  return largest;
}

/**
 * Whether two lattices are the same voxels in the patient: equal sizes, and no corner further apart
 * than 2 % of the smallest spacing (files keep positions in single precision or as rounded text).
 */
export function sameGrid(a: VolumeGeometry, b: VolumeGeometry): boolean {
  if (a.sizeVx.some((n, axis) => n !== b.sizeVx[axis])) return false;
  return largestCornerDistanceMm(a, b) <= 0.02 * Math.min(...a.spacingMm, ...b.spacingMm);
}
