import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { boxPxSchema } from '../../../src-shared/geometry/box.ts';
import { cropToInput, logitsToMask } from './crop-specialist.ts';

const modelFolder = new URL('../../../models/default/', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, modelFolder));
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

const manifest = z
  .object({
    files: z.object({
      network: z.object({ path: z.string(), sha256: z.string(), sizeBytes: z.number() }),
    }),
    input: z.object({ sizePx: z.number() }),
    crop: z.object({
      contextFactor: z.number(),
      minimumSizePx: z.number(),
      minimumAspect: z.number(),
      percentiles: z.tuple([z.number(), z.number()]),
      minimumRange: z.number(),
    }),
    output: z.object({
      sizePx: z.number(),
      threshold: z.number(),
      expectedDsc: z.object({ name: z.string(), lowBelow: z.number() }),
    }),
    verification: z.object({
      slice: z.object({
        path: z.string(),
        sha256: z.string(),
        widthPx: z.number(),
        heightPx: z.number(),
        channels: z.literal(1),
      }),
      boxPx: boxPxSchema,
      expected: z.object({
        logits: z
          .array(z.object({ row: z.number(), column: z.number(), value: z.number() }))
          .min(9),
        tolerance: z.number(),
        foregroundPx: z.number(),
        foregroundTolerancePx: z.number(),
      }),
    }),
  })
  .parse(JSON.parse(read('model.json').toString()));

describe('the embedded model', () => {
  const { network } = manifest.files;
  const { slice, boxPx, expected } = manifest.verification;

  it('consists of the files its manifest names, byte for byte', () => {
    expect(read(network.path).length).toBe(network.sizeBytes);
    expect(sha256(read(network.path))).toBe(network.sha256);
    expect(sha256(read(slice.path))).toBe(slice.sha256);
  });

  it('answers its verification slice through recipe and onnxruntime as the training code did', async () => {
    const recipe = {
      ...manifest.crop,
      contrast: { kind: 'percentiles' as const, ...manifest.crop },
      sizePx: manifest.input.sizePx,
      outputSizePx: manifest.output.sizePx,
      threshold: manifest.output.threshold,
    };
    const { input, cropRectPx } = cropToInput(
      { ...slice, data: Float32Array.from(read(slice.path)) },
      boxPx,
      recipe,
    );
    const session = await InferenceSession.create(
      fileURLToPath(new URL(network.path, modelFolder)),
    );
    const answer = await session.run({
      input: new Tensor('float32', input, [1, 5, recipe.sizePx, recipe.sizePx]),
    });
    await session.release();
    const logits = answer['logits']!.data as Float32Array;
    expect(logits.length).toBe(recipe.outputSizePx ** 2);
    const expectedDsc = answer[manifest.output.expectedDsc.name]!.data as Float32Array;
    expect(expectedDsc.length).toBe(1);
    expect(expectedDsc[0]).toBeGreaterThan(0);
    expect(expectedDsc[0]).toBeLessThan(1);
    for (const { row, column, value } of expected.logits) {
      expect(Math.abs(logits[row * recipe.outputSizePx + column]! - value)).toBeLessThanOrEqual(
        expected.tolerance,
      );
    }
    const { bits } = logitsToMask(logits, cropRectPx, recipe, slice.widthPx, slice.heightPx);
    const area = bits.reduce((sum, bit) => sum + bit, 0);
    expect(Math.abs(area - expected.foregroundPx)).toBeLessThanOrEqual(
      expected.foregroundTolerancePx,
    );
  });
});
