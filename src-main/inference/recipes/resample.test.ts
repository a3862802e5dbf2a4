import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { encoderInput, resizedView } from './promptable.ts';
import { resample, type Plane, type ResampleFilter } from './resample.ts';
import { tinyPromptableManifest } from '../../../tests/support/tiny-models.ts';

const size = z.tuple([z.number(), z.number()]);
const { sampleEvery, cases } = z
  .object({
    sampleEvery: z.number(),
    cases: z.array(
      z.object({
        fromPx: size,
        toPx: size,
        cubicSpline: z.array(z.number()),
        triangle: z.array(z.number()),
        medsamInput: z.array(z.number()),
      }),
    ),
  })
  .parse(
    JSON.parse(
      readFileSync(new URL('../../../tests/golden/resample.json', import.meta.url), 'utf8'),
    ),
  );

const planeByFormula = ([widthPx, heightPx]: [number, number]): Plane => ({
  widthPx,
  heightPx,
  data: Float64Array.from({ length: widthPx * heightPx }, (_, at) => {
    const [x, y] = [at % widthPx, Math.floor(at / widthPx)];
    return Math.floor((3 * x * x + 5 * y * y + 7 * x * y) / 16) % 251;
  }),
});

const worst = (actual: ArrayLike<number>, expected: number[]) =>
  expected.reduce(
    (most, value, at) => Math.max(most, Math.abs(value - (actual[at * sampleEvery] ?? NaN))),
    0,
  );

describe('resampling equals the references', () => {
  for (const { fromPx, toPx, ...golden } of cases) {
    const title = `${fromPx.join('×')} to ${toPx.join('×')}`;
    it(`cubic spline as scikit-image: ${title}`, () => {
      expect(
        worst(resample(planeByFormula(fromPx), ...toPx, 'cubic-spline').data, golden.cubicSpline),
      ).toBeLessThan(1e-8);
    });
    it(`triangle as Pillow, which works in single precision: ${title}`, () => {
      expect(
        worst(resample(planeByFormula(fromPx), ...toPx, 'triangle').data, golden.triangle),
      ).toBeLessThan(1e-3);
    });
    it(`the encoder’s input as MedSAM’s script: ${title}`, () => {
      const manifest = {
        ...tinyPromptableManifest,
        input: { ...tinyPromptableManifest.input, sizePx: toPx[0] },
      };
      const plane = planeByFormula(fromPx);
      const view = { ...plane, data: Float32Array.from(plane.data), channels: 1 as const };
      const input = encoderInput(manifest, resizedView(manifest, view));
      const channel = input.length / 3;
      // At the same size every value is a whole grey but for the last bit, and the script's own rounding errors cut
      // some of them to the grey below.
      const oneGrey = fromPx[0] === toPx[0] && fromPx[1] === toPx[1] ? 1 / 250 : 0;
      expect(worst(input, golden.medsamInput)).toBeLessThan(oneGrey + 1e-6);
      expect(input.subarray(channel, 2 * channel)).toEqual(input.subarray(0, channel));
    });
  }
});

describe('laws of resampling', () => {
  const filters: ResampleFilter[] = ['cubic-spline', 'triangle', 'area'];
  const side = fc.integer({ min: 1, max: 40 });

  it('a flat picture stays flat, and no value leaves the range of the picture', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...filters),
        side,
        side,
        side,
        side,
        fc.integer({ max: 255, min: 0 }),
        (filter, w, h, toW, toH, grey) => {
          const flat = resample(
            { widthPx: w, heightPx: h, data: new Float64Array(w * h).fill(grey) },
            toW,
            toH,
            filter,
          );
          expect(flat.data.every((value) => Math.abs(value - grey) < 1e-9)).toBe(true);
          const noisy = resample(planeByFormula([w, h]), toW, toH, filter);
          expect(noisy.data).toHaveLength(toW * toH);
          expect(noisy.data.every((value) => value >= -1e-9 && value <= 250 + 1e-9)).toBe(true);
        },
      ),
    );
  });

  it('shrinking by whole factors takes means with `area`', () => {
    const { data } = resample(planeByFormula([12, 8]), 3, 4, 'area');
    const source = planeByFormula([12, 8]).data;
    const mean = (x: number, y: number) => {
      let sum = 0;
      for (let dy = 0; dy < 2; dy += 1)
        for (let dx = 0; dx < 4; dx += 1) sum += source[(y * 2 + dy) * 12 + x * 4 + dx]!;
      return sum / 8;
    };
    data.forEach((value, at) => expect(value).toBeCloseTo(mean(at % 3, Math.floor(at / 3)), 9));
  });
});
