import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formulaSource, formulaWeight } from '../../../tests/support/formula-weights.ts';
import { graphRunner } from '../../../tests/support/run-graphs.ts';
import { readSamGolden } from '../../../tests/support/sam-golden.ts';
import { temporaryFolder } from '../../../tests/support/inference.ts';
import { buildModel } from './build-model.ts';
import { expectedTensors } from './tensors.ts';
import type { NetworkConfig, TinyVitConfig, VitConfig, WeightSource } from './types.ts';
import { createWeightsFile } from './weights-file.ts';

const golden = readSamGolden();

function network(
  encoder: VitConfig | TinyVitConfig,
  width: number,
  heads: number,
  mlpWidth: number,
  side: number,
): NetworkConfig {
  return {
    encoder,
    decoder: { width, heads, mlpWidth, iouWidth: width, maskTokens: 4 },
    embedding: { channels: width, side },
  };
}

/** As in tests/golden/sam_golden.py. */
const networks: Record<string, NetworkConfig> = {
  vit: network(
    {
      kind: 'vit',
      imagePx: 128,
      patchPx: 16,
      width: 48,
      depth: 4,
      heads: 3,
      mlpWidth: 96,
      window: 5,
      globalBlocks: [1, 3],
    },
    32,
    4,
    64,
    8,
  ),
  'vit, windows that fit': network(
    {
      kind: 'vit',
      imagePx: 96,
      patchPx: 16,
      width: 32,
      depth: 3,
      heads: 2,
      mlpWidth: 64,
      window: 3,
      globalBlocks: [2],
    },
    16,
    2,
    32,
    6,
  ),
  'vit, in strips, with a very wide layer': network(
    {
      kind: 'vit',
      imagePx: 192,
      patchPx: 16,
      width: 16,
      depth: 2,
      heads: 2,
      mlpWidth: 1544,
      window: 5,
      globalBlocks: [1],
    },
    16,
    2,
    32,
    12,
  ),
  'tiny-vit, pointwise': network(
    {
      kind: 'tiny-vit',
      imagePx: 32,
      patch: 'pointwise',
      widths: [8, 16, 24, 32],
      depths: [1, 2, 1, 1],
      heads: [1, 2, 3, 4],
      windows: [7, 3, 4, 5],
      expansion: 4,
    },
    16,
    2,
    32,
    8,
  ),
  'tiny-vit, strided': network(
    {
      kind: 'tiny-vit',
      imagePx: 128,
      patch: 'strided',
      widths: [8, 16, 24, 32],
      depths: [2, 1, 1, 2],
      heads: [1, 2, 2, 4],
      windows: [7, 3, 4, 8],
      expansion: 4,
    },
    16,
    2,
    32,
    8,
  ),
};

const worst = (actual: ArrayLike<number>, expected: number[], every = 1) =>
  expected.reduce((most, value, at) => Math.max(most, Math.abs(value - actual[at * every]!)), 0);

const boxParts = [
  [0.1, 0.2, 0.5, 0.6],
  [0.3, 0.1, 0.9, 0.95],
  [0.45, 0.5, 0.55, 0.62],
];

/** As strained_case in tests/golden/sam_golden.py. */
function strained(name: string, values: Float32Array): Float32Array {
  if (/cross_attn.*[qk]_proj\.weight$/.test(name)) return values.map((v) => v * Math.sqrt(30));
  if (name.endsWith('cross_attn_image_to_token.out_proj.weight')) return values.map((v) => v * 10);
  if (!name.endsWith('norm4.weight')) return values;
  return values.map((value, at) => (at % 7 === 0 ? value * 10 : value));
}

function build(
  config: NetworkConfig,
  pieces: number,
  { draft = false, change = (_: string, values: Float32Array) => values } = {},
) {
  const folder = temporaryFolder();
  const file = createWeightsFile(join(folder, 'weights.bin'), 'weights.bin');
  const stored = formulaSource(expectedTensors(config));
  const source: WeightSource = {
    tensor(name) {
      const tensor = stored.tensor(name);
      return { ...tensor, read: () => change(name, tensor.read()) };
    },
  };
  const graphs = buildModel({ source, file }, config, { pieces, draft });
  file.close();
  for (const { path, bytes } of graphs) writeFileSync(join(folder, path), bytes);
  return graphRunner(folder, graphs);
}

describe('formula weights', () => {
  it('are the same numbers as in Python', () => {
    for (const { name, dims, values } of golden.weights) {
      expect(worst(formulaWeight(name, dims), values, 5)).toBeLessThan(1e-7);
    }
  });
});

describe('small networks answer as torch does', () => {
  for (const [name, config] of Object.entries(networks)) {
    const side = config.encoder.imagePx;
    const image = formulaWeight('image.x', [1, 3, side, side]);
    const boxes = boxParts.map((box) => box.map((part) => part * side));
    it(`${name}: embedding, logits and IoU`, async () => {
      const expected = golden.small[name]!;
      const runner = build(config, 1);
      const embedding = await runner.encode(image);
      const norm = Math.hypot(...expected.embedding);
      const difference = Math.hypot(
        ...expected.embedding.map((value, at) => value - embedding[at]!),
      );
      expect(embedding).toHaveLength(expected.embedding.length);
      expect(difference / norm).toBeLessThan(1e-5);

      const { logits, iou } = await runner.decode(embedding, boxes);
      expect(worst(logits, expected.logits, 7)).toBeLessThan(1e-4);
      expect(worst(iou, expected.iou)).toBeLessThan(1e-4);
    });

    it(`${name}: one box answers as among many`, async () => {
      const runner = build(config, 1);
      const embedding = Float32Array.from(golden.small[name]!.embedding);
      const many = await runner.decode(embedding, boxes);
      const cells = many.logits.length / boxes.length;
      for (const [at, box] of boxes.entries()) {
        const one = await runner.decode(embedding, [box]);
        const same = many.logits.subarray(at * cells, (at + 1) * cells);
        expect(worst(one.logits, [...same])).toBeLessThan(1e-5);
      }
    });
  }

  it('a decoder under strain errs no more than torch in single precision', async () => {
    const config = networks['vit']!;
    const { channels, side } = config.embedding;
    const embedding = formulaWeight('embedding.x', [1, channels, side, side]).map(
      (value) => value * 400 + 10,
    );
    const boxes = boxParts.map((box) => box.map((part) => part * config.encoder.imagePx));
    const { logits } = await build(config, 1, { change: strained }).decode(embedding, boxes);
    const { logits: expected, singlePrecisionError } = golden.strained;
    expect(singlePrecisionError).toBeGreaterThan(1e-5);
    expect(worst(logits, expected, 7)).toBeLessThan(3 * singlePrecisionError);
  });

  it('an encoder in pieces gives the numbers of the whole', async () => {
    const config = networks['vit']!;
    const image = formulaWeight('image.x', [1, 3, 128, 128]);
    const whole = await build(config, 1).encode(image);
    for (const pieces of [2, 4]) expect(await build(config, pieces).encode(image)).toEqual(whole);
  });

  it('an encoder for drafts comes near the exact one, and is not it', async () => {
    const runner = build(networks['vit']!, 2, { draft: true });
    const image = formulaWeight('image.x', [1, 3, 128, 128]);
    const exact = await runner.encode(image);
    const draft = await runner.encode(image, 'draft-encoder');
    const error =
      Math.hypot(...exact.map((value, at) => value - draft[at]!)) / Math.hypot(...exact);
    expect(error).toBeGreaterThan(1e-4);
    expect(error).toBeLessThan(0.1);
  });
});
