import { z } from 'zod';
import { executionProviderSchema } from '../../../src-shared/contract/models.ts';
import { boxPxSchema } from '../../../src-shared/geometry/box.ts';
import { resultSchema } from '../../../src-shared/result.ts';
import type { Voxels } from '../../imaging/types.ts';
import { installedModelSchema } from '../../models/manifest.ts';

/*
 * What the engine process is asked and answers. Both sides check: the engine what it is asked, the
 * parent what it is answered. Typed arrays travel as they are (structured clone).
 */

const bytesSchema = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
const floatsSchema = z.custom<Float32Array>((value) => value instanceof Float32Array);
const voxelsSchema = z.custom<Voxels>((value) =>
  [Uint8Array, Int16Array, Uint16Array, Float32Array].some((type) => value instanceof type),
);

export const engineSliceSchema = z.object({
  /** SHA-256 of the pixels: the identity that embeddings are kept under. */
  pixelsSha256: z.string(),
  /** The series it is a slice of, with which all goes that is kept of it; null for a slice of none. */
  seriesId: z.string().nullable(),
  /** Null: the same pixels as in the last message that carried a slice. */
  data: voxelsSchema.nullable(),
  widthPx: z.number().int().positive(),
  heightPx: z.number().int().positive(),
  channels: z.union([z.literal(1), z.literal(3)]),
  intensityRange: z.tuple([z.number(), z.number()]),
  zeroStaysZero: z.boolean(),
  flip: z.object({ x: z.boolean(), y: z.boolean() }),
});
export type EngineSlice = z.infer<typeof engineSliceSchema>;

const onProvider = { model: installedModelSchema, provider: executionProviderSchema };

export const engineRequestSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('configure'),
    /** Null: embeddings are kept in memory only. */
    embeddingFolder: z.string().nullable(),
    embeddingMemoryBytes: z.number(),
    embeddingDiskBytes: z.number(),
  }),
  /** Drops all that is in memory of slices; what is on disk stays. */
  z.object({ type: z.literal('forget') }),
  /** Loads a model's sessions ahead of the first box. */
  z.object({ type: z.literal('load'), ...onProvider }),
  /** At most one piece of the encoder, then, with the embedding there, the decoder: asked until it is done. */
  z.object({
    type: z.literal('segment'),
    ...onProvider,
    slice: engineSliceSchema,
    /** In stored slice pixels, inside the slice. */
    boxesPx: z.array(boxPxSchema).min(1),
    /** The draft encoder may be used where the embedding is not there yet. */
    draft: z.boolean(),
    /** To compare with reference numbers. */
    wantLogits: z.boolean(),
  }),
  z.object({
    type: z.literal('view'),
    model: installedModelSchema,
    slice: engineSliceSchema,
    boxPx: boxPxSchema,
  }),
  /** One piece of the encoder: asked until it is done. */
  z.object({
    type: z.literal('encode'),
    ...onProvider,
    slice: engineSliceSchema,
    /** A box on it is likely next: the part of the decoder that all its boxes share is made as well. */
    inView: z.boolean(),
  }),
  /** In a process of its own: runs the probe graph on one provider. */
  z.object({ type: z.literal('probe'), provider: executionProviderSchema }),
  z.object({ type: z.literal('backends') }),
]);
export type EngineRequest = z.infer<typeof engineRequestSchema>;
export const numberedRequestSchema = z.object({
  id: z.number().int(),
  request: engineRequestSchema,
});

const empty = z.object({});

/** The answer to each request. */
export const engineAnswerSchemas = {
  configure: empty,
  forget: empty,
  load: empty,
  segment: z.discriminatedUnion('done', [
    z.object({ done: z.literal(false) }),
    z.object({
      done: z.literal(true),
      /** One per box. */
      masks: z.array(
        z.object({
          originPx: z.tuple([z.number().int(), z.number().int()]),
          sizePx: z.tuple([z.number().int(), z.number().int()]),
          bits: bytesSchema,
          areaPx: z.number().int(),
          expectedDsc: z.number().min(0).max(1).nullable(),
          probability: z
            .object({
              originPx: z.tuple([z.number().int(), z.number().int()]),
              sizePx: z.tuple([z.number().int(), z.number().int()]),
              bytes: bytesSchema,
            })
            .nullable(),
        }),
      ),
      recipe: z.string(),
      encoderMs: z.number().nullable(),
      decoderMs: z.number(),
      embeddingCached: z.boolean(),
      /** Made with the draft encoder. */
      draft: z.boolean(),
      /** [boxes, size, size], row by row; null unless wanted. */
      logits: floatsSchema.nullable(),
    }),
  ]),
  view: z.object({
    rgba: bytesSchema,
    widthPx: z.number().int(),
    heightPx: z.number().int(),
    sliceRectPx: boxPxSchema,
    recipe: z.string(),
  }),
  encode: z.object({ done: z.boolean(), encoderMs: z.number().nullable() }),
  probe: z.object({ output: floatsSchema, milliseconds: z.number(), runtimeVersion: z.string() }),
  backends: z.object({ names: z.array(z.string()), runtimeVersion: z.string() }),
} as const;
export type EngineAnswer<T extends EngineRequest['type']> = z.infer<
  (typeof engineAnswerSchemas)[T]
>;

/** An answer that is not one piece of a longer job. */
export type FinishedAnswer<T extends EngineRequest['type']> = Exclude<
  EngineAnswer<T>,
  { done: false }
>;

export const engineReplySchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('answer'), id: z.number().int(), result: resultSchema(z.unknown()) }),
]);
export type EngineReply = z.infer<typeof engineReplySchema>;
