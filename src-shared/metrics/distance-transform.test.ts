import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distancesAt, nearestSites } from './distance-transform.ts';

function bruteForce(sites: number[], size: number[], spacing: number[]): number[] {
  const position = (n: number) => {
    let rest = n;
    return size.map((length, axis) => {
      const value = rest % length;
      rest = Math.floor(rest / length);
      return value * spacing[axis]!;
    });
  };
  const set = sites.flatMap((bit, n) => (bit ? [position(n)] : []));
  return sites.map((_, n) => {
    const from = position(n);
    return Math.min(
      ...set.map((to) => Math.hypot(...to.map((v, axis) => v - from[axis]!))),
      Infinity,
    );
  });
}

const everywhere = (total: number) => Int32Array.from({ length: total }, (_, n) => n);

describe('distance transform', () => {
  it('equals the search over all sites, for one to three axes and any spacing', () => {
    const spacing = fc.double({ min: 0.05, max: 9, noNaN: true });
    const cases = fc
      .array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 3 })
      .chain((size) => {
        const total = size.reduce((p, n) => p * n, 1);
        return fc.record({
          size: fc.constant(size),
          spacing: fc.array(spacing, { minLength: size.length, maxLength: size.length }),
          sites: fc.array(
            fc.integer({ min: 0, max: 4 }).map((v) => Number(v === 0)),
            {
              minLength: total,
              maxLength: total,
            },
          ),
        });
      });
    fc.assert(
      fc.property(cases, ({ size, spacing: mm, sites }) => {
        const nearest = nearestSites(Uint8Array.from(sites), size, mm);
        const distances = distancesAt(everywhere(sites.length), nearest, size, mm);
        bruteForce(sites, size, mm).forEach((expected, n) => {
          if (expected === Infinity) expect(distances[n]).toBe(Infinity);
          else expect(distances[n]).toBeCloseTo(expected, 9);
        });
      }),
      { numRuns: 300 },
    );
  });

  it('refuses a grid of another size', () => {
    expect(() => nearestSites(new Uint8Array(5), [2, 3], [1, 1])).toThrow(/6 elements but 5/);
  });
});
