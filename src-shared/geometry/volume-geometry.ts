import { z } from 'zod';

const triple = z.tuple([z.number(), z.number(), z.number()]);

/**
 * Where the voxels of a volume lie in the patient. World coordinates are LPS millimetres.
 * Voxels are stored x-fastest: `offset = i + ni * (j + nj * k)`.
 */
export const volumeGeometrySchema = z.object({
  /** Number of voxels along i, j, k. */
  sizeVx: triple,
  /** Distance between voxel centres along i, j, k. */
  spacingMm: triple,
  /** World position of the centre of voxel (0, 0, 0). */
  originMm: triple,
  /**
   * Row-major 3×3 matrix whose columns are the unit world directions of i, j and k
   * (the convention of ITK): `world = origin + D · (spacing ∘ index)`.
   */
  direction: z.array(z.number()).length(9),
});
export type VolumeGeometry = z.infer<typeof volumeGeometrySchema>;

export type Vec3 = [number, number, number];

/** World position (LPS mm) of a continuous voxel index; integers are voxel centres. */
export function indexToWorld(g: VolumeGeometry, index: Vec3): Vec3 {
  const d = g.direction as number[];
  const s: Vec3 = [index[0] * g.spacingMm[0], index[1] * g.spacingMm[1], index[2] * g.spacingMm[2]];
  return [0, 1, 2].map(
    (r) => g.originMm[r]! + d[3 * r]! * s[0] + d[3 * r + 1]! * s[1] + d[3 * r + 2]! * s[2],
  ) as Vec3;
}

/** Inverse of {@link indexToWorld}. Solved by Cramer's rule, so that skewed axes stay exact. */
export function worldToIndex(g: VolumeGeometry, world: Vec3): Vec3 {
  const m = g.direction as number[];
  const p: Vec3 = [world[0] - g.originMm[0], world[1] - g.originMm[1], world[2] - g.originMm[2]];
  const column = (c: number): Vec3 => [m[c]!, m[c + 3]!, m[c + 6]!];
  const [a, b, c] = [column(0), column(1), column(2)];
  const det = dot(a, cross(b, c));
  return [
    dot(p, cross(b, c)) / det / g.spacingMm[0],
    dot(a, cross(p, c)) / det / g.spacingMm[1],
    dot(a, cross(b, p)) / det / g.spacingMm[2],
  ];
}

/** Volume of one voxel in mm³ (the determinant matters only for skewed axes). */
export function voxelVolumeMm3(g: VolumeGeometry): number {
  const m = g.direction as number[];
  const det = dot([m[0]!, m[3]!, m[6]!], cross([m[1]!, m[4]!, m[7]!], [m[2]!, m[5]!, m[8]!]));
  return Math.abs(det) * g.spacingMm[0] * g.spacingMm[1] * g.spacingMm[2];
}

export function dot(a: Vec3, b: Vec3): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

export function cross(a: Vec3, b: Vec3): Vec3 {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}
