import { cross, dot, type Vec3 } from '../../../src-shared/geometry/volume-geometry.ts';
import type { Orientation } from './header-types.ts';

export const subtract = (a: Vec3, b: Vec3): Vec3 => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
export const addScaled = (a: Vec3, b: Vec3, s: number): Vec3 => [
  a[0] + b[0] * s,
  a[1] + b[1] * s,
  a[2] + b[2] * s,
];
export const normalised = (v: Vec3): Vec3 => {
  const length = Math.hypot(...v);
  return [v[0] / length, v[1] / length, v[2] / length];
};

/** Unit normal of the slice plane, right-handed with row and column. */
export const normalOf = (o: Orientation): Vec3 => normalised(cross(o.row, o.column));

/** Whether two planes have the same row and column directions within an angle. */
export function sameOrientation(a: Orientation, b: Orientation, maxDegrees: number): boolean {
  const limit = Math.cos((maxDegrees * Math.PI) / 180);
  return dot(a.row, b.row) >= limit && dot(a.column, b.column) >= limit;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
