import { expect, it } from 'vitest';
import { coarseStep, thinned } from './coarse-volume.ts';

it('leaves small volumes alone and thins the finest axes of large ones', () => {
  expect(coarseStep([100, 100, 100], [1, 1, 1], 1e6)).toEqual([1, 1, 1]);
  const step = coarseStep([512, 512, 100], [0.7, 0.7, 5], 2e6);
  expect(step[2]).toBe(1);
  expect(Math.ceil(512 / step[0]) * Math.ceil(512 / step[1]) * 100).toBeLessThanOrEqual(2e6);
});

it('keeps every nth voxel in place', () => {
  const voxels = Int16Array.from({ length: 60 }, (_, n) => n);
  const { voxels: out, sizeVx } = thinned(voxels, [5, 4, 3], [2, 3, 2]);
  expect(sizeVx).toEqual([3, 2, 2]);
  expect([...out]).toEqual([0, 2, 4, 15, 17, 19, 40, 42, 44, 55, 57, 59]);
});
