import { oc } from '@orpc/contract';
import { z } from 'zod';
import { executionProviderSchema } from './models.ts';

const fields = {
  language: z.enum(['system', 'en', 'zh-CN']),
  /** The name written into provenance as the reader. */
  reader: z.string().max(120),
  defaultModelId: z.string().nullable(),
  provider: z.union([executionProviderSchema, z.literal('auto')]),
  fillOpacity: z.number().min(0).max(1),
  outlineWidthPx: z.number().min(0).max(5),
  /** Whether pixels that the model is not sure of are shown. */
  uncertainBorders: z.boolean(),
  embeddingCacheBytes: z.number().int().positive(),
  /** Answers first with a model's faster, less exact encoder, where it has one; the exact mask follows. */
  draftMasks: z.boolean(),
};

export const settingsSchema = z.object({
  language: fields.language.default('system'),
  reader: fields.reader.default(''),
  defaultModelId: fields.defaultModelId.default(null),
  provider: fields.provider.default('auto'),
  fillOpacity: fields.fillOpacity.default(0.3),
  outlineWidthPx: fields.outlineWidthPx.default(2),
  uncertainBorders: fields.uncertainBorders.default(false),
  embeddingCacheBytes: fields.embeddingCacheBytes.default(8 * 1024 ** 3),
  draftMasks: fields.draftMasks.default(false),
});
export type Settings = z.infer<typeof settingsSchema>;

/** Some settings. Not `settingsSchema.partial()`, which would fill in the defaults of all others. */
export const settingsChangeSchema = z.object(fields).partial();
export type SettingsChange = z.infer<typeof settingsChangeSchema>;

export const settingsContract = {
  get: oc.output(settingsSchema),
  update: oc.input(settingsChangeSchema).output(settingsSchema),
};
