import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { diceCoefficient } from './dice.ts';
import {
  averageSurfaceDistancesMm,
  hausdorff95Mm,
  normalisedSurfaceDice,
  robustHausdorffMm,
  surfaceDistances,
} from './surface-distance.ts';

const numbers = z.array(z.number());
const shapeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ellipsoid'), weights: numbers, centre2: numbers, limit: z.number() }),
  z.object({ kind: z.literal('box'), low: numbers, high: numbers }),
  z.object({ kind: z.literal('noise'), seed: z.number(), perMille: z.number() }),
]);
const goldenSchema = z.array(
  z.object({
    name: z.string(),
    size: numbers,
    spacing: numbers,
    a: shapeSchema,
    b: shapeSchema,
    voxels: numbers,
    dice: z.number(),
    nsd: z.record(z.string(), z.number()),
    hausdorff95: z.number(),
    hausdorff100: z.number(),
    hausdorff37: z.number(),
    average: numbers,
    sizes: numbers,
  }),
);
const golden = goldenSchema.parse(
  JSON.parse(
    readFileSync(join(import.meta.dirname, '../../tests/golden/surface-distance.json'), 'utf8'),
  ),
);

/** The same masks as tests/golden/surface_distance_reference.py builds, x fastest. */
function mask(size: number[], shape: z.infer<typeof shapeSchema>): Uint8Array {
  const out = new Uint8Array(size.reduce((p, n) => p * n, 1));
  let state = shape.kind === 'noise' ? shape.seed : 0;
  for (let n = 0; n < out.length; n++) {
    let rest = n;
    const at = size.map((length) => {
      const value = rest % length;
      rest = Math.floor(rest / length);
      return value;
    });
    if (shape.kind === 'noise') {
      state = (state * 16807) % 2147483647;
      out[n] = Number(state % 1000 < shape.perMille);
    } else if (shape.kind === 'box') {
      out[n] = Number(at.every((v, axis) => v >= shape.low[axis]! && v < shape.high[axis]!));
    } else {
      const total = at.reduce(
        (sum, v, axis) => sum + shape.weights[axis]! * (2 * v - shape.centre2[axis]!) ** 2,
        0,
      );
      out[n] = Number(total < shape.limit);
    }
  }
  return out;
}

const total = (values: Iterable<number>) => [...values].reduce((a, b) => a + b, 0);

describe('metrics agree with the independent reference (tests/golden)', () => {
  it.each(golden)('$name', (c) => {
    const a = mask(c.size, c.a);
    const b = mask(c.size, c.b);
    expect([total(a), total(b)]).toEqual(c.voxels);
    expect(diceCoefficient(a, b)).toBeCloseTo(c.dice, 12);
    const d = surfaceDistances(a, b, c.size, c.spacing);
    expect(total(d.referenceSizes)).toBeCloseTo(c.sizes[0]!, 7);
    expect(total(d.predictionSizes)).toBeCloseTo(c.sizes[1]!, 7);
    for (const [tolerance, value] of Object.entries(c.nsd)) {
      expect(normalisedSurfaceDice(d, Number(tolerance))).toBeCloseTo(value, 10);
    }
    expect(hausdorff95Mm(d)).toBeCloseTo(c.hausdorff95, 10);
    expect(robustHausdorffMm(d, 100)).toBeCloseTo(c.hausdorff100, 10);
    expect(robustHausdorffMm(d, 37)).toBeCloseTo(c.hausdorff37, 10);
    const average = averageSurfaceDistancesMm(d);
    expect(average.referenceToPrediction).toBeCloseTo(c.average[0]!, 9);
    expect(average.predictionToReference).toBeCloseTo(c.average[1]!, 9);
  });
});

describe('surface distance', () => {
  it('gives the published contour values of shifted discs', () => {
    const size = [256, 256];
    const disc = (shift: number) =>
      mask(size, {
        kind: 'ellipsoid',
        weights: [1, 1],
        centre2: [256 + 2 * shift, 256],
        limit: 6400,
      });
    const shifts = [1, 2, 3, 5, 10];
    const pairs = shifts.map((s) => [disc(0), disc(s)] as const);
    const nsd = pairs.map(([a, b]) =>
      normalisedSurfaceDice(surfaceDistances(a, b, size, [1, 1]), 2),
    );
    const dice = pairs.map(([a, b]) => diceCoefficient(a, b));
    expect(nsd.map((v) => v.toFixed(4))).toEqual([
      '1.0000',
      '1.0000',
      '0.5859',
      '0.3192',
      '0.1712',
    ]);
    expect(dice.map((v) => v.toFixed(4))).toEqual([
      '0.9842',
      '0.9685',
      '0.9527',
      '0.9212',
      '0.8424',
    ]);
  });

  it('measures two single elements 2 mm apart', () => {
    for (const size of [
      [5, 1],
      [5, 1, 1],
    ]) {
      const a = new Uint8Array(5);
      const b = new Uint8Array(5);
      a[1] = 1;
      b[3] = 1;
      const spacing = size.map(() => 1);
      const d = surfaceDistances(a, b, size, spacing);
      // Each element's far side is 2 mm from the other's near lattice points, its near side 1 mm.
      expect([...new Set(d.referenceToPredictionMm)].sort()).toEqual([1, 2]);
      expect(hausdorff95Mm(d)).toBe(2);
      expect(normalisedSurfaceDice(d, 2)).toBe(1);
      expect(normalisedSurfaceDice(d, 1)).toBeCloseTo(0.5, 12);
      const average = averageSurfaceDistancesMm(d);
      expect(average.referenceToPrediction).toBeCloseTo(1.5, 12);
      expect(average.predictionToReference).toBeCloseTo(1.5, 12);
    }
  });

  it('takes spacing in axis order: one 5 mm slice of displacement is 5 mm', () => {
    const size = [20, 20, 9];
    const slab = (z: number) => mask(size, { kind: 'box', low: [0, 0, z], high: [20, 20, z + 3] });
    const d = surfaceDistances(slab(2), slab(3), size, [1, 1, 5]);
    expect(robustHausdorffMm(d, 100)).toBe(5);
    const turned = surfaceDistances(slab(2), slab(3), size, [5, 1, 1]);
    expect(robustHausdorffMm(turned, 100)).toBe(1);
  });

  it('would hide errors with permuted spacing or contours extruded to surfaces', () => {
    const size = [64, 60, 20];
    const ellipsoid = (cz: number) =>
      mask(size, { kind: 'ellipsoid', weights: [4, 5, 60], centre2: [63, 59, cz], limit: 8000 });
    const nsd = (spacing: number[]) =>
      normalisedSurfaceDice(surfaceDistances(ellipsoid(19), ellipsoid(21), size, spacing), 2);
    expect(nsd([0.8, 0.8, 5]).toFixed(2)).toBe('0.82');
    expect(nsd([5, 0.8, 0.8])).toBe(1);
    const plate = (shift: number) =>
      mask([256, 256, 1], {
        kind: 'ellipsoid',
        weights: [1, 1, 0],
        centre2: [256 + 2 * shift, 256, 0],
        limit: 6400,
      });
    const extruded = surfaceDistances(plate(0), plate(5), [256, 256, 1], [1, 1, 1]);
    expect(normalisedSurfaceDice(extruded, 2).toFixed(3)).toBe('0.966');
  });

  it('approaches the area of a sphere', () => {
    const size = [84, 84, 84];
    const ball = mask(size, {
      kind: 'ellipsoid',
      weights: [1, 1, 1],
      centre2: [83, 83, 83],
      limit: 4 * 1600,
    });
    const d = surfaceDistances(ball, ball, size, [0.5, 0.5, 0.5]);
    const exact = 4 * Math.PI * 20 ** 2;
    // Marching cubes on a binary mask overstates a sphere by a known 8–9 %.
    expect(total(d.referenceSizes) / exact).toBeGreaterThan(1.05);
    expect(total(d.referenceSizes) / exact).toBeLessThan(1.11);
    expect(hausdorff95Mm(d)).toBe(0);
    expect(normalisedSurfaceDice(d, 0)).toBe(1);
  });

  it('says NaN, 0 and infinity for empty masks', () => {
    const size = [6, 6, 6];
    const none = new Uint8Array(216);
    const some = mask(size, { kind: 'box', low: [1, 1, 1], high: [4, 4, 4] });
    expect(diceCoefficient(none, none)).toBeNaN();
    expect(diceCoefficient(none, some)).toBe(0);
    expect(diceCoefficient(some, none)).toBe(0);
    const nothing = surfaceDistances(none, none, size, [1, 1, 1]);
    expect(normalisedSurfaceDice(nothing, 2)).toBeNaN();
    expect(hausdorff95Mm(nothing)).toBe(Infinity);
    for (const d of [
      surfaceDistances(none, some, size, [1, 1, 1]),
      surfaceDistances(some, none, size, [1, 1, 1]),
    ]) {
      expect(normalisedSurfaceDice(d, 2)).toBe(0);
      expect(hausdorff95Mm(d)).toBe(Infinity);
      const { referenceToPrediction: a, predictionToReference: b } = averageSurfaceDistancesMm(d);
      expect([a, b].filter(Number.isNaN)).toHaveLength(1);
      expect([a, b].filter((v) => v === Infinity)).toHaveLength(1);
    }
  });

  it('refuses grids that do not fit', () => {
    const a = new Uint8Array(8);
    expect(() => surfaceDistances(a, new Uint8Array(9), [2, 2, 2], [1, 1, 1])).toThrow(
      /do not fit/,
    );
    expect(() => surfaceDistances(a, a, [2, 2, 2], [1, 1])).toThrow(/do not fit/);
    expect(() => surfaceDistances(a, a, [2, 2, 2], [1, 0, 1])).toThrow(/positive/);
    expect(() => diceCoefficient(a, new Uint8Array(9))).toThrow(/same grid/);
  });
});

const pair = fc
  .tuple(
    fc.integer({ min: 1, max: 6 }),
    fc.integer({ min: 1, max: 6 }),
    fc.integer({ min: 1, max: 5 }),
  )
  .chain(([x, y, z]) => {
    const bits = fc.array(fc.integer({ min: 0, max: 1 }), {
      minLength: x * y * z,
      maxLength: x * y * z,
    });
    return fc
      .record({ size: fc.constant([x, y, z]), a: bits, b: bits })
      .filter(({ a, b }) => a.includes(1) || b.includes(1));
  });

describe('laws', () => {
  it('swapping the masks swaps the directions and keeps the symmetric measures', () => {
    fc.assert(
      fc.property(pair, ({ size, a, b }) => {
        const spacing = [0.7, 1.3, 2.5];
        const d = surfaceDistances(Uint8Array.from(a), Uint8Array.from(b), size, spacing);
        const e = surfaceDistances(Uint8Array.from(b), Uint8Array.from(a), size, spacing);
        expect(e.referenceToPredictionMm).toEqual(d.predictionToReferenceMm);
        expect(hausdorff95Mm(e)).toBe(hausdorff95Mm(d));
        for (const tolerance of [0, 1, 2.5]) {
          expect(normalisedSurfaceDice(e, tolerance)).toBeCloseTo(
            normalisedSurfaceDice(d, tolerance),
            12,
          );
        }
      }),
    );
  });

  it('does not depend on the order of the axes or on empty space around', () => {
    fc.assert(
      fc.property(pair, ({ size, a, b }) => {
        const [nx, ny, nz] = size as [number, number, number];
        const turned = (bits: number[]) => {
          const out = new Uint8Array((nx + 2) * (ny + 1) * (nz + 3));
          for (let n = 0; n < bits.length; n++) {
            const [x, y, z] = [n % nx, Math.floor(n / nx) % ny, Math.floor(n / nx / ny)];
            out[z + 3 + (nz + 3) * (x + 1 + (nx + 2) * y)] = bits[n]!;
          }
          return out;
        };
        const d = surfaceDistances(Uint8Array.from(a), Uint8Array.from(b), size, [0.7, 1.3, 2.5]);
        const e = surfaceDistances(turned(a), turned(b), [nz + 3, nx + 2, ny + 1], [2.5, 0.7, 1.3]);
        expect(total(e.referenceSizes)).toBeCloseTo(total(d.referenceSizes), 9);
        expect(robustHausdorffMm(e, 100)).toBeCloseTo(robustHausdorffMm(d, 100), 9);
        expect(normalisedSurfaceDice(e, 1.5)).toBeCloseTo(normalisedSurfaceDice(d, 1.5), 9);
      }),
    );
  });
});
