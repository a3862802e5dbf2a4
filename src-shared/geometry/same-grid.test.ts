import { expect, it } from 'vitest';
import { largestCornerDistanceMm, sameGrid } from './same-grid.ts';
import type { VolumeGeometry } from './volume-geometry.ts';

const grid: VolumeGeometry = {
  sizeVx: [11, 21, 5],
  spacingMm: [1, 1, 3],
  originMm: [10, 20, 30],
  direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
};

it('measures how far apart the corners are', () => {
  expect(largestCornerDistanceMm(grid, { ...grid, originMm: [13, 24, 30] })).toBeCloseTo(5, 12);
  expect(largestCornerDistanceMm(grid, { ...grid, spacingMm: [1, 1, 3.5] })).toBeCloseTo(2, 12);
});

it('takes rounded headers as the same grid, shifts and other sizes not', () => {
  expect(sameGrid(grid, { ...grid, originMm: [10.0001, 20, 30] })).toBe(true);
  expect(sameGrid(grid, { ...grid, originMm: [10.5, 20, 30] })).toBe(false);
  expect(sameGrid(grid, { ...grid, sizeVx: [11, 21, 6] })).toBe(false);
  expect(sameGrid(grid, { ...grid, direction: [-1, 0, 0, 0, -1, 0, 0, 0, 1] })).toBe(false);
});
