import fc from 'fast-check';
import type { VolumeGeometry } from '../../src-shared/geometry/volume-geometry.ts';

/** A geometry with the given parts; the rest is an axial volume of 4×5×6 voxels of 1 mm. */
export function geometry(parts: Partial<VolumeGeometry> = {}): VolumeGeometry {
  return {
    sizeVx: [4, 5, 6],
    spacingMm: [1, 1, 1],
    originMm: [0, 0, 0],
    direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
    ...parts,
  };
}

/** Row-major rotation about x, then y, then z (radians). */
export function rotation(a: number, b: number, c: number): number[] {
  const [sa, ca, sb, cb, sc, cc] = [
    Math.sin(a), Math.cos(a), Math.sin(b), Math.cos(b), Math.sin(c), Math.cos(c),
  ] as const; // prettier-ignore
  return [
    cc * cb, cc * sb * sa - sc * ca, cc * sb * ca + sc * sa,
    sc * cb, sc * sb * sa + cc * ca, sc * sb * ca - cc * sa,
    -sb, cb * sa, cb * ca,
  ]; // prettier-ignore
}

const angle = fc.double({ min: -Math.PI, max: Math.PI, noNaN: true });
const spacing = fc.double({ min: 0.1, max: 10, noNaN: true });
const position = fc.double({ min: -500, max: 500, noNaN: true });
const size = fc.integer({ min: 1, max: 600 });

/** Any placement: turned, mirrored in some axes, k tilted by up to 30° (as by a gantry). */
export const anyGeometry: fc.Arbitrary<VolumeGeometry> = fc
  .record({
    sizeVx: fc.tuple(size, size, size),
    spacingMm: fc.tuple(spacing, spacing, spacing),
    originMm: fc.tuple(position, position, position),
    angles: fc.tuple(angle, angle, angle),
    mirrored: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
    tilt: fc.double({ min: -0.5, max: 0.5, noNaN: true }),
  })
  .map(({ angles, mirrored, tilt, ...placement }) => {
    const turned = rotation(...angles);
    const sign = mirrored.map((m) => (m ? -1 : 1));
    const direction = turned.map((v, n) => v * sign[n % 3]!);
    for (let row = 0; row < 3; row++) {
      const [j, k] = [direction[3 * row + 1]!, direction[3 * row + 2]!];
      direction[3 * row + 2] = Math.sin(tilt) * j + Math.cos(tilt) * k;
    }
    return { ...placement, direction };
  });
