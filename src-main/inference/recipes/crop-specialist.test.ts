import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { boxPxSchema } from '../../../src-shared/geometry/box.ts';
import {
  cropRectPx,
  cropToInput,
  logitsToMask,
  type CropRecipe,
  type ViewSlice,
} from './crop-specialist.ts';

const modelFolder = new URL('../../../models/default/', import.meta.url);
const readJson = (path: string): unknown =>
  JSON.parse(readFileSync(new URL(path, modelFolder), 'utf8'));

const manifest = z
  .object({
    input: z.object({ sizePx: z.number() }),
    crop: z.object({
      contextFactor: z.number(),
      minimumSizePx: z.number(),
      minimumAspect: z.number(),
      percentiles: z.tuple([z.number(), z.number()]),
      minimumRange: z.number(),
    }),
    output: z.object({ sizePx: z.number(), threshold: z.number() }),
  })
  .parse(readJson('model.json'));

const recipe: CropRecipe = {
  ...manifest.crop,
  contrast: { kind: 'percentiles', ...manifest.crop },
  sizePx: manifest.input.sizePx,
  outputSizePx: manifest.output.sizePx,
  threshold: manifest.output.threshold,
};

const { sampleEvery, cases } = z
  .object({
    sampleEvery: z.number(),
    cases: z.array(
      z.object({
        name: z.string(),
        widthPx: z.number(),
        heightPx: z.number(),
        channels: z.union([z.literal(1), z.literal(3)]),
        constant: z.boolean(),
        boxPx: boxPxSchema,
        cropRectPx: boxPxSchema,
        channelMeans: z.array(z.number()),
        sampledInput: z.array(z.number()),
        mask: z.object({
          originPx: z.tuple([z.number(), z.number()]),
          sizePx: z.tuple([z.number(), z.number()]),
          runLengths: z.array(z.number()),
          meanForegroundProbability: z.number(),
        }),
      }),
    ),
  })
  .parse(readJson('golden/recipe-cases.json'));

/** The slice of models/training/golden.py. */
function sliceByFormula({
  widthPx,
  heightPx,
  channels,
  constant,
}: (typeof cases)[number]): ViewSlice {
  const data = new Float32Array(widthPx * heightPx * channels);
  data.forEach((_, at) => {
    const c = at % channels;
    const x = Math.floor(at / channels) % widthPx;
    const y = Math.floor(at / channels / widthPx);
    data[at] = constant ? 77 : Math.floor((3 * x * x + 5 * y * y + 7 * x * y + 31 * c) / 16) % 251;
  });
  return { data, widthPx, heightPx, channels };
}

/** The logits of models/training/golden.py. */
function logitsByFormula(size: number): Float32Array {
  return Float32Array.from({ length: size * size }, (_, at) => {
    const row = Math.floor(at / size);
    const column = at % size;
    return (
      5 -
      ((row / size - 0.47) / 0.14) ** 2 -
      ((column / size - 0.52) / 0.11) ** 2 +
      Math.sin(0.9 * row) * Math.cos(0.7 * column)
    );
  });
}

function runLengths(bits: Uint8Array): number[] {
  const runs: number[] = [];
  let value = 0;
  let length = 0;
  for (const bit of bits) {
    if (bit === value) length += 1;
    else {
      runs.push(length);
      value = bit;
      length = 1;
    }
  }
  return [...runs, length];
}

const expectClose = (actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number) => {
  expect(actual.length).toBe(expected.length);
  const worst = Array.from(expected).reduce(
    (most, value, at) => Math.max(most, Math.abs(value - actual[at]!)),
    0,
  );
  expect(worst).toBeLessThanOrEqual(tolerance);
};

describe('the crop recipe answers as the training code does', () => {
  for (const golden of cases) {
    it(`makes the network's input: ${golden.name}`, () => {
      const { input, cropRectPx: rect } = cropToInput(sliceByFormula(golden), golden.boxPx, recipe);
      expectClose(rect, golden.cropRectPx, 1e-9);
      expectClose(
        input.filter((_, at) => at % sampleEvery === 0),
        golden.sampledInput,
        1e-4,
      );
      const cells = recipe.sizePx ** 2;
      const means = [0, 1, 2, 3, 4].map(
        (c) => input.subarray(c * cells, (c + 1) * cells).reduce((sum, v) => sum + v, 0) / cells,
      );
      expectClose(means, golden.channelMeans, 1e-5);
    });

    it(`makes the mask from logits: ${golden.name}`, () => {
      const mask = logitsToMask(
        logitsByFormula(recipe.outputSizePx),
        golden.cropRectPx,
        recipe,
        golden.widthPx,
        golden.heightPx,
      );
      expect(mask.originPx).toEqual(golden.mask.originPx);
      expect(mask.sizePx).toEqual(golden.mask.sizePx);
      expect(runLengths(mask.bits)).toEqual(golden.mask.runLengths);
      expect(mask.meanForegroundProbability).toBeCloseTo(golden.mask.meanForegroundProbability, 6);
    });
  }
});

describe('laws of the crop recipe', () => {
  const gradient: ViewSlice = {
    data: Float32Array.from({ length: 60 * 50 }, (_, at) => (at % 60) * 2 + Math.floor(at / 60)),
    widthPx: 60,
    heightPx: 50,
    channels: 1,
  };
  const boxes = fc
    .tuple(
      fc.double({ min: -20, max: 70, noNaN: true }),
      fc.double({ min: -20, max: 60, noNaN: true }),
      fc.double({ min: 0.5, max: 90, noNaN: true }),
      fc.double({ min: 0.5, max: 90, noNaN: true }),
    )
    .map(([x, y, w, h]): [number, number, number, number] => [x, y, x + w, y + h]);

  it('keeps the box in the crop, about its centre, and the crop at least as large as its minimum', () => {
    fc.assert(
      fc.property(boxes, (box) => {
        const [x0, y0, x1, y1] = cropRectPx(box, recipe);
        expect(x0).toBeLessThanOrEqual(box[0]);
        expect(y1).toBeGreaterThanOrEqual(box[3]);
        expect((x0 + x1) / 2).toBeCloseTo((box[0] + box[2]) / 2, 6);
        expect(Math.min(x1 - x0, y1 - y0)).toBeGreaterThanOrEqual(recipe.minimumSizePx - 1e-9);
        expect(Math.min(x1 - x0, y1 - y0) / Math.max(x1 - x0, y1 - y0)).toBeGreaterThanOrEqual(
          recipe.minimumAspect - 1e-9,
        );
      }),
    );
  });

  it('does not see a change of brightness or contrast', () => {
    fc.assert(
      fc.property(
        boxes,
        fc.double({ min: 0.2, max: 3, noNaN: true }),
        fc.double({ min: -50, max: 50, noNaN: true }),
        (box, gain, offset) => {
          const brighter = {
            ...gradient,
            data: gradient.data.map((value) => value * gain + offset),
          };
          expectClose(
            cropToInput(brighter, box, recipe).input,
            cropToInput(gradient, box, recipe).input,
            1e-4,
          );
        },
      ),
      { numRuns: 15 },
    );
  });

  it('gives a mask that lies in the slice, empty where the network sees nothing and full where it sees all', () => {
    fc.assert(
      fc.property(boxes, fc.constantFrom(-9, 9), (box, logit) => {
        const rect = cropRectPx(box, recipe);
        const mask = logitsToMask(
          new Float32Array(recipe.outputSizePx ** 2).fill(logit),
          rect,
          recipe,
          60,
          50,
        );
        expect(mask.bits.length).toBe(mask.sizePx[0] * mask.sizePx[1]);
        expect(mask.bits.every((bit) => bit === (logit > 0 ? 1 : 0))).toBe(true);
        if (mask.bits.length > 0) {
          expect(Math.min(...mask.originPx)).toBeGreaterThanOrEqual(0);
          expect(mask.originPx[0] + mask.sizePx[0]).toBeLessThanOrEqual(60);
          expect(mask.originPx[1] + mask.sizePx[1]).toBeLessThanOrEqual(50);
        }
      }),
    );
  });
});
