import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CropSpecialistManifest } from '../../models/manifest.ts';
import { cropRecipe, foregroundLogits, networkInput } from './crop-network.ts';
import { cropRectPx } from './crop-specialist.ts';

const manifest = (change: {
  input?: Partial<CropSpecialistManifest['input']>;
  crop?: Partial<CropSpecialistManifest['crop']>;
  output?: Partial<CropSpecialistManifest['output']>;
}): CropSpecialistManifest =>
  ({
    input: {
      name: 'x',
      sizePx: { multipleOf: 32, least: 64, most: 256 },
      channels: ['grey'],
      ...change.input,
    },
    crop: {
      contextFactor: 1.5,
      minimumSizePx: 16,
      minimumAspect: 0.5,
      resample: 'triangle',
      percentiles: [0, 100],
      minimumRange: 0.001,
      ...change.crop,
    },
    output: {
      name: 'y',
      sizePx: 'as-input',
      order: 'sigmoid-then-resize',
      threshold: 0.5,
      ...change.output,
    },
  }) as CropSpecialistManifest;

describe('a crop of free size', () => {
  it('shows the slice pixel by pixel, in sizes that the network takes', () => {
    const sides = fc.tuple(fc.integer({ min: 2, max: 160 }), fc.integer({ min: 2, max: 160 }));
    fc.assert(
      fc.property(sides, ([width, height]) => {
        const boxPx = [10, 20, 10 + width, 20 + height] as [number, number, number, number];
        const recipe = cropRecipe(manifest({}), boxPx);
        const [x0, y0, x1, y1] = cropRectPx(boxPx, recipe);
        expect([x1 - x0, y1 - y0]).toEqual([recipe.sizePx, recipe.sizePx]);
        expect(recipe.sizePx % 32).toBe(0);
        expect(recipe.sizePx).toBeGreaterThanOrEqual(Math.max(64, 1.5 * Math.max(width, height)));
        expect(recipe.outputSizePx).toBe(recipe.sizePx);
      }),
    );
  });

  it('is shrunk only where the network takes no more', () => {
    const boxPx = [0, 0, 400, 100] as [number, number, number, number];
    const recipe = cropRecipe(manifest({}), boxPx);
    const [x0, , x1] = cropRectPx(boxPx, recipe);
    expect([recipe.sizePx, x1 - x0]).toEqual([256, 600]);
  });

  it('is of the manifest’s size where that is fixed', () => {
    const fixed = manifest({ input: { sizePx: 128 }, output: { sizePx: 64 } });
    expect(cropRecipe(fixed, [0, 0, 9, 9])).toMatchObject({
      sizePx: 128,
      outputSizePx: 64,
      minimumAspect: 0.5,
    });
  });
});

describe('the channels of a network', () => {
  // 2 × 2 cells of red, green, blue, box and inside.
  const all = Float32Array.of(0, 3, 6, 9, 0, 3, 6, 9, 0, 3, 6, 9, 0, 1, 0, 1, 1, 1, 1, 0);
  const channels = (names: string[], zScore = false) => [
    ...networkInput(
      all,
      2,
      manifest({
        input: { channels: names as CropSpecialistManifest['input']['channels'] },
        crop: { zScore },
      }),
    ),
  ];

  it('are those that the manifest names, in its order', () => {
    expect(channels(['red', 'green', 'blue', 'box', 'inside'])).toEqual([...all]);
    expect(channels(['grey', 'box'])).toEqual([0, 3, 6, 9, 0, 1, 0, 1]);
  });

  it('have mean 0 and deviation 1 over the cells inside the slice, if it says so', () => {
    const [a, b, c, outside] = channels(['grey'], true);
    expect([a! + b! + c!, outside]).toEqual([0, 0]);
    expect((a! ** 2 + b! ** 2 + c! ** 2) / 3).toBeCloseTo(1, 6);
  });
});

describe('the answer of a network with classes', () => {
  it('is the logit of the softmax’s probability', () => {
    const logits = fc.array(fc.double({ min: -30, max: 30, noNaN: true }), {
      minLength: 3,
      maxLength: 3,
    });
    fc.assert(
      fc.property(logits, fc.integer({ min: 0, max: 2 }), (values, foreground) => {
        const [logit] = foregroundLogits(Float32Array.from(values), 1, { count: 3, foreground });
        const exponentials = values.map((value) => Math.exp(Math.fround(value)));
        const probability = exponentials[foreground]! / exponentials.reduce((a, b) => a + b);
        expect(1 / (1 + Math.exp(-logit!))).toBeCloseTo(probability, 5);
      }),
    );
  });

  it('is taken as it is where there is one', () => {
    const output = Float32Array.of(1, 2);
    expect(foregroundLogits(output, 2, undefined)).toBe(output);
  });
});
