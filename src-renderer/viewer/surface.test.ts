import { expect, it } from 'vitest';
import type { Vec3 } from '../../src-shared/geometry/volume-geometry.ts';
import { indexToWorld } from '../../src-shared/geometry/volume-geometry.ts';
import { surfaceOf } from './surface.ts';

it('puts the surface of a ball where the ball is, with about its volume, on a turned lattice', () => {
  const sizeVx: Vec3 = [44, 44, 24];
  const geometry = {
    sizeVx: [200, 200, 100] as Vec3,
    spacingMm: [1, 1, 2] as Vec3,
    originMm: [-40, 70, 300] as Vec3,
    direction: [0, -1, 0, -1, 0, 0, 0, 0, 1],
  };
  const radiusMm = 18;
  const bits = new Uint8Array(44 * 44 * 24);
  let voxels = 0;
  for (let k = 0; k < 24; k++)
    for (let j = 0; j < 44; j++)
      for (let i = 0; i < 44; i++)
        if (Math.hypot(i - 21.5, j - 21.5, (k - 11.5) * 2) <= radiusMm) {
          bits[i + 44 * (j + 44 * k)] = 1;
          voxels++;
        }
  const { points, normals, polys } = surfaceOf(
    { originVx: [60, 50, 40], sizeVx, bits, count: voxels },
    geometry,
  );
  const centre = indexToWorld(geometry, [81.5, 71.5, 51.5]);
  let volume = 0;
  const at = (n: number): Vec3 => [points[3 * n]! - centre[0], points[3 * n + 1]! - centre[1], points[3 * n + 2]! - centre[2]];
  for (let n = 0; n < points.length / 3; n++) {
    const p = at(n);
    expect(Math.abs(Math.hypot(...p) - radiusMm)).toBeLessThan(2);
    const along = p[0] * normals[3 * n]! + p[1] * normals[3 * n + 1]! + p[2] * normals[3 * n + 2]!;
    expect(Math.abs(along) / Math.hypot(...p)).toBeGreaterThan(0.75);
  }
  for (let n = 0; n < polys.length; n += 4) {
    const [a, b, c] = [at(polys[n + 1]!), at(polys[n + 2]!), at(polys[n + 3]!)];
    volume +=
      (a[0] * (b[1] * c[2] - b[2] * c[1]) + a[1] * (b[2] * c[0] - b[0] * c[2]) + a[2] * (b[0] * c[1] - b[1] * c[0])) / 6;
  }
  expect(Math.abs(Math.abs(volume) / (voxels * 2) - 1)).toBeLessThan(0.05);
});
