import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { zeroBasedTicks } from './line-scale.ts';

describe('zeroBasedTicks', () => {
  it('gives round steps', () => {
    expect(zeroBasedTicks(31.2)).toEqual([0, 10, 20, 30, 40]);
    expect(zeroBasedTicks(1)).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(zeroBasedTicks(0)).toEqual([0, 1]);
  });

  it('covers every maximum with few ticks', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 1e6, noNaN: true }), (max) => {
        const ticks = zeroBasedTicks(max);
        expect(ticks.at(-1)!).toBeGreaterThanOrEqual(max * (1 - 1e-9));
        expect(ticks.length).toBeLessThanOrEqual(6);
      }),
    );
  });
});
