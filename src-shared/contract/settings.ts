import { oc } from '@orpc/contract';
import { z } from 'zod';
import { executionProviderSchema } from './models.ts';

export const settingsSchema = z.object({
  language: z.enum(['system', 'en', 'zh-CN']).default('system'),
  /** The name written into provenance as the reader. */
  reader: z.string().max(120).default(''),
  defaultModelId: z.string().nullable().default(null),
  provider: z.union([executionProviderSchema, z.literal('auto')]).default('auto'),
  fillOpacity: z.number().min(0).max(1).default(0.3),
  outlineWidthPx: z.number().min(0).max(5).default(2),
  embeddingCacheBytes: z.number().int().positive().default(8 * 1024 ** 3),
});
export type Settings = z.infer<typeof settingsSchema>;

export const settingsContract = {
  get: oc.output(settingsSchema),
  update: oc.input(settingsSchema.partial()).output(settingsSchema),
};
