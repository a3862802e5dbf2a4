import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cross, dot, indexToWorld, voxelVolumeMm3, worldToIndex } from './volume-geometry.ts';
import { anyGeometry, geometry, rotation } from '../../tests/support/geometries.ts';

const index = fc.tuple(
  fc.double({ min: -50, max: 600, noNaN: true }),
  fc.double({ min: -50, max: 600, noNaN: true }),
  fc.double({ min: -50, max: 600, noNaN: true }),
);

describe('index and world', () => {
  it('follow the columns of the direction matrix', () => {
    // i runs to the feet, j to the left, k to the front.
    const g = geometry({
      spacingMm: [2, 3, 5],
      originMm: [10, 20, 30],
      direction: [0, 1, 0, 0, 0, -1, -1, 0, 0],
    });
    expect(indexToWorld(g, [1, 0, 0])).toEqual([10, 20, 28]);
    expect(indexToWorld(g, [0, 1, 0])).toEqual([13, 20, 30]);
    expect(indexToWorld(g, [0, 0, 1])).toEqual([10, 15, 30]);
  });

  it('are inverse to each other for rotated, flipped and skewed axes', () => {
    fc.assert(
      fc.property(anyGeometry, index, (g, at) => {
        const back = worldToIndex(g, indexToWorld(g, at));
        back.forEach((value, axis) => expect(Math.abs(value - at[axis]!)).toBeLessThan(1e-8));
      }),
    );
  });

  it('keep distances: a step along an axis is its spacing', () => {
    fc.assert(
      fc.property(anyGeometry, index, (g, at) => {
        const from = indexToWorld(g, at);
        const to = indexToWorld(g, [at[0], at[1] + 1, at[2]]);
        const step = Math.hypot(...to.map((v, n) => v - from[n]!));
        expect(Math.abs(step - g.spacingMm[1])).toBeLessThan(1e-8);
      }),
    );
  });
});

describe('voxel volume', () => {
  it('is the product of spacings however the volume is turned', () => {
    const direction = rotation(0.4, -1.1, 2.2);
    expect(voxelVolumeMm3(geometry({ spacingMm: [0.5, 0.7, 3], direction }))).toBeCloseTo(1.05, 12);
  });

  it('shrinks with the cosine of a gantry tilt', () => {
    const tilt = (20 * Math.PI) / 180;
    const direction = [1, 0, 0, 0, 1, Math.sin(tilt), 0, 0, Math.cos(tilt)];
    expect(voxelVolumeMm3(geometry({ spacingMm: [1, 1, 5], direction }))).toBeCloseTo(
      5 * Math.cos(tilt),
      12,
    );
  });
});

describe('products', () => {
  it('give a normal that is perpendicular to both', () => {
    expect(cross([1, 0, 0], [0, 1, 0])).toEqual([0, 0, 1]);
    expect(dot(cross([1, 2, 3], [-4, 5, 0.5]), [1, 2, 3])).toBeCloseTo(0, 12);
  });
});
