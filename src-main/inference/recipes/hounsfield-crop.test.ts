import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { boxPxSchema } from '../../../src-shared/geometry/box.ts';
import type { CropSpecialistManifest, HounsfieldScaling } from '../../models/manifest.ts';
import { cropRecipe, cropRecipeName, cropView, networkInput } from './crop-network.ts';
import { cropToInput } from './crop-specialist.ts';
import { sliceClipped, type SliceSource } from './intensity.ts';

/** By NumPy and Pillow: tests/golden/hounsfield_crop.py. */
const golden = z
  .object({
    slice: z.object({ widthPx: z.number(), heightPx: z.number() }),
    scaling: z.object({
      lowHu: z.number(),
      highHu: z.number(),
      meanHu: z.number(),
      stdHu: z.number(),
    }),
    sampleEvery: z.number(),
    cases: z.array(
      z.object({ rectPx: boxPxSchema, sizePx: z.number(), values: z.array(z.number()).min(20) }),
    ),
  })
  .parse(
    JSON.parse(
      readFileSync(new URL('../../../tests/golden/hounsfield-crop.json', import.meta.url), 'utf8'),
    ),
  );

const { widthPx, heightPx } = golden.slice;
const source: SliceSource = {
  data: Int16Array.from({ length: widthPx * heightPx }, (_, at) => {
    const [x, y] = [at % widthPx, Math.floor(at / widthPx)];
    return ((3 * x * x + 5 * y * y + 7 * x * y) % 2500) - 1024;
  }),
  widthPx,
  heightPx,
  channels: 1,
  // A window that would hide all of it.
  intensityRange: [2000, 2001],
  zeroStaysZero: true,
  flip: { x: false, y: false },
};

const manifest = (sizePx: number, hounsfieldScaling: HounsfieldScaling) =>
  ({
    input: { name: 'x', sizePx, channels: ['grey', 'inside'] },
    crop: {
      contextFactor: 1,
      minimumSizePx: 1,
      minimumAspect: 1,
      resample: 'triangle',
      hounsfieldScaling,
    },
    output: { name: 'y', sizePx: 'as-input', order: 'sigmoid-then-resize', threshold: 0.5 },
  }) as CropSpecialistManifest;

describe('a crop in Hounsfield units', () => {
  for (const { rectPx, sizePx, values } of golden.cases) {
    it(`equals nnU-Net’s normalisation: ${rectPx.join(', ')} to ${sizePx}²`, () => {
      const model = manifest(sizePx, golden.scaling);
      const view = cropView(
        model,
        () => {
          throw new Error('not in greys');
        },
        () => source,
      );
      const { input } = cropToInput(view, rectPx, cropRecipe(model, rectPx));
      const [grey, inside] = [0, 1].map((channel) =>
        networkInput(input, sizePx, model).subarray(
          channel * sizePx ** 2,
          (channel + 1) * sizePx ** 2,
        ),
      );
      expect(inside!.every((value) => value === 1)).toBe(true);
      values.forEach((value, at) =>
        expect(Math.abs(grey![at * golden.sampleEvery]! - value)).toBeLessThan(1e-4),
      );
    });
  }

  it('is 0 outside the slice, and names its numbers', () => {
    const model = manifest(16, golden.scaling);
    const view = sliceClipped(source, [golden.scaling.lowHu, golden.scaling.highHu]);
    const { input } = cropToInput(view, [-8, 0, 8, 16], cropRecipe(model, [-8, 0, 8, 16]));
    expect([...input.subarray(0, 8)]).toEqual(Array<number>(8).fill(0));
    expect(cropRecipeName(model)).toBe('crop-specialist/1 -325…325 HU, mean 54.25, std 78.5');
  });

  it('takes a voxel that is not a number for air, and turns the slice as the model’s frame is turned', () => {
    const odd = Float32Array.of(NaN, -2000, 5, 900);
    const slice = { ...source, data: odd, widthPx: 2, heightPx: 2, flip: { x: true, y: false } };
    expect([...sliceClipped(slice, [-100, 300]).data]).toEqual([-100, -100, 300, 5]);
  });
});
