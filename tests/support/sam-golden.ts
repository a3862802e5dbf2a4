import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { PromptableManifest } from '../../src-main/models/manifest.ts';
import { tinyPromptableManifest } from './tiny-models.ts';

/* Reference numbers of tests/golden/sam_golden.py. */

const numbers = z.array(z.number());
const pictureSize = z.tuple([z.number(), z.number(), z.union([z.literal(1), z.literal(3)])]);
const recipe = z.enum(['medsam', 'lite', 'sam']);
export type PublishedRecipe = z.infer<typeof recipe>;

const goldenSchema = z.object({
  every: z.object({ embedding: z.number(), logits: z.number() }),
  weights: z.array(z.object({ name: z.string(), dims: numbers, values: numbers })),
  preprocessing: z.array(
    z.object({
      recipe,
      every: z.number(),
      picture: pictureSize,
      sizePx: z.tuple([z.number(), z.number()]),
      greys: z.string(),
    }),
  ),
  small: z.record(z.string(), z.object({ embedding: numbers, logits: numbers, iou: numbers })),
  /** Logits in double precision, and the largest difference of torch's in single precision from them. */
  strained: z.object({ logits: numbers, singlePrecisionError: z.number() }),
  models: z.array(
    z.object({
      architecture: z.enum(['sam-vit-b', 'lite-medsam', 'mobile-sam']),
      recipe,
      picture: pictureSize,
      boxesPx: z.array(z.tuple([z.number(), z.number(), z.number(), z.number()])),
      embedding: numbers,
      logits: z.array(numbers),
      iou: numbers,
      areasPx: numbers,
      /** Bits of the first box's mask, highest first. */
      mask: z.string(),
      /** Pixels of it whose value is within 1e-3 of the threshold. */
      unsure: numbers,
    }),
  ),
});
export type GoldenModel = z.infer<typeof goldenSchema>['models'][number];

export const readSamGolden = () =>
  goldenSchema.parse(
    JSON.parse(readFileSync(new URL('../golden/sam-golden.json', import.meta.url), 'utf8')),
  );

const padded = { policy: 'longest-side-pad' } as const;

/** The parts of a manifest that say how MedSAM, LiteMedSAM and SAM look at a slice and read their answer. */
export function publishedRecipe(which: PublishedRecipe): PromptableManifest {
  const sizePx = which === 'lite' ? 256 : 1024;
  const common = {
    ...tinyPromptableManifest,
    input: { ...tinyPromptableManifest.input, sizePx },
    output: { ...tinyPromptableManifest.output, gridPx: 256 },
  };
  if (which === 'medsam') return common;
  const output = { ...common.output, order: 'resize-logits' } as const;
  if (which === 'lite') {
    const resize = { ...padded, filter: 'area' } as const;
    return { ...common, resize, greys: 'rounded', boxFrame: 'whole-input-pixels', output };
  }
  return {
    ...common,
    resize: { ...padded, filter: 'triangle' },
    greys: 'rounded',
    intensity: {
      scale: 'mean-std',
      mean: [123.675, 116.28, 103.53],
      std: [58.395, 57.12, 57.375],
    },
    output,
  };
}
