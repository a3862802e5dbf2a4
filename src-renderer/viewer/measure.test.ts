import { expect, it } from 'vitest';
import { roundLength, rulerLengthMm, rulerLengthPx } from './measure.ts';

it('measures in millimetres along anisotropic and rotated axes', () => {
  const geometry = {
    sizeVx: [100, 100, 100] as [number, number, number],
    spacingMm: [0.5, 2, 3] as [number, number, number],
    originMm: [500, 0, -800] as [number, number, number],
    direction: [0, -1, 0, 1, 0, 0, 0, 0, 1],
  };
  expect(rulerLengthMm(geometry, 'k', [10, 10], [16, 12])).toBeCloseTo(Math.hypot(6 * 0.5, 2 * 2), 12);
  expect(rulerLengthMm(geometry, 'i', [0, 0], [3, 4])).toBeCloseTo(Math.hypot(6, 12), 12);
  expect(rulerLengthPx([0, 0], [3, 4])).toBe(5);
});

it('takes the longest 1-2-5 length that fits', () => {
  expect([3, 7, 19, 49.9, 50, 120, 0.034].map(roundLength)).toEqual([2, 5, 10, 20, 50, 100, 0.02]);
});
