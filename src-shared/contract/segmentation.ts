import { eventIterator, oc } from '@orpc/contract';
import { z } from 'zod';
import { boxPxSchema } from '../geometry/box.ts';
import { sliceAxisSchema } from '../geometry/planes.ts';
import { appErrorSchema, resultSchema } from '../result.ts';
import { modelWindowSchema } from '../window.ts';

/** Numbers of one segment, from its stored masks (a voxel covered by two masks counts once). */
export const segmentStatisticsSchema = z.object({
  voxelCount: z.number().int(),
  /** Null when the series has no spacing or must not be measured. */
  volumeMl: z.number().nullable(),
  /** Mean and standard deviation (n − 1) of the stored values inside; null when empty or in colour. */
  meanValue: z.number().nullable(),
  sdValue: z.number().nullable(),
});
export type SegmentStatistics = z.infer<typeof segmentStatisticsSchema>;

/** #rrggbb */
const colour = z.string().regex(/^#[0-9a-f]{6}$/);

export const segmentSchema = z.object({
  id: z.string(),
  seriesId: z.string(),
  lesionId: z.string(),
  name: z.string(),
  colour,
  statistics: segmentStatisticsSchema,
});
export type Segment = z.infer<typeof segmentSchema>;

/** Everything needed to make a mask again, and to say where it came from. */
export const provenanceSchema = z.object({
  modelId: z.string(),
  modelName: z.string(),
  modelSha256: z.string(),
  recipe: z.string(),
  executionProvider: z.string(),
  modelWindow: modelWindowSchema,
  /** The intensities that became 0 and 255. */
  intensityRange: z.tuple([z.number(), z.number()]),
  boxPx: boxPxSchema,
  appVersion: z.string(),
  reader: z.string(),
  createdAt: z.string(),
  encoderMs: z.number().nullable(),
  decoderMs: z.number(),
  /** True when the embedding came from the cache. */
  embeddingCached: z.boolean(),
  /** DSC that the model expects of this mask; null when it does not say (and in records from before it could). */
  expectedDsc: z.number().min(0).max(1).nullable().default(null),
  /** Below this expected DSC the model's manifest asked for a warning. */
  lowBelow: z.number().nullable().default(null),
  /** Made with the model's less exact draft encoder; never of a stored mask. */
  draft: z.boolean().default(false),
});
export type Provenance = z.infer<typeof provenanceSchema>;

/**
 * One box and its mask on one slice. Records are never changed after the mask is there: moving a
 * box makes a new record and retires the old one, so undo and audit need no copies.
 */
export const sliceMaskSchema = z.object({
  id: z.string(),
  segmentId: z.string(),
  axis: sliceAxisSchema,
  sliceIndex: z.number().int(),
  boxPx: boxPxSchema,
  /** pending: the box is stored and the model has still to answer; failed: `error` says why. */
  state: z.enum(['pending', 'done', 'failed']),
  error: appErrorSchema.optional(),
  /** Pending, and here is a draft for the time being: its bits are behind `/mask/draft-<id>`. It is never stored. */
  draft: z.boolean(),
  /** Pixel rectangle of the mask on its slice; the bits are behind `/mask/<id>`. */
  originPx: z.tuple([z.number().int(), z.number().int()]),
  sizePx: z.tuple([z.number().int(), z.number().int()]),
  areaPx: z.number().int(),
  /** Null when spacing is unknown or not to be used. */
  areaMm2: z.number().nullable(),
  provenance: provenanceSchema.nullable(),
  /**
   * Edges round the pixels whose probability is neither low nor high; null when the model gives none
   * or is sure of all. Levels are behind `/mask/<id>/border`.
   */
  uncertainRectPx: boxPxSchema.nullable(),
});
export type SliceMask = z.infer<typeof sliceMaskSchema>;

/** A name for an edit, translated on screen: `edits.<code>` with params. */
export const editLabelSchema = z.object({
  code: z.enum([
    'add-box',
    'move-box',
    'remove-box',
    'add-segment',
    'rename-segment',
    'recolour-segment',
    'remove-segment',
    'link-lesion',
  ]),
  params: z.record(z.string(), z.union([z.string(), z.number()])),
});
export type EditLabel = z.infer<typeof editLabelSchema>;

export const segmentationStateSchema = z.object({
  seriesId: z.string(),
  /** Rises with every change; an event with a higher one means: fetch again. */
  revision: z.number().int(),
  segments: z.array(segmentSchema),
  masks: z.array(sliceMaskSchema),
  undo: editLabelSchema.nullable(),
  redo: editLabelSchema.nullable(),
});
export type SegmentationState = z.infer<typeof segmentationStateSchema>;

export const boxRequestSchema = z.object({
  seriesId: z.string(),
  axis: sliceAxisSchema,
  sliceIndex: z.number().int().nonnegative(),
  boxPx: boxPxSchema,
  modelWindow: modelWindowSchema,
  modelId: z.string().optional(),
});
export type BoxRequest = z.infer<typeof boxRequestSchema>;

export const timingsSchema = z.object({
  encoderMs: z.number().nullable(),
  decoderMs: z.number(),
  totalMs: z.number(),
  embeddingCached: z.boolean(),
});

const series = z.object({ seriesId: z.string() });

/** Languages that a segment made without a name can be named in ("Lesion 3"). */
export const nameLanguageSchema = z.enum(['en', 'zh-CN']).optional();

/** Where a box goes: a segment that is there, or a new one that is made with it in the same step. */
export const boxTargetSchema = z.union([
  z.object({ segmentId: z.string(), replaces: z.string().optional() }),
  z.object({ newSegment: z.object({ colour: colour.optional(), nameLanguage: nameLanguageSchema }) }),
]);
export type BoxTarget = z.infer<typeof boxTargetSchema>;

/**
 * A stored box with what it changed, so that who asked need not fetch the whole state again. They
 * may add it to a state of revision `before` when `after` is `before` + 2 (the box, then its mask):
 * else something else changed in between, and only a new state is right.
 */
export const storedBoxSchema = z.object({
  mask: sliceMaskSchema,
  segment: segmentSchema,
  revision: z.object({ before: z.number().int(), after: z.number().int() }),
  undo: editLabelSchema.nullable(),
  timings: timingsSchema,
});
export type StoredBox = z.infer<typeof storedBoxSchema>;

export const segmentationContract = {
  state: oc.input(series).output(resultSchema(segmentationStateSchema)),
  changes: oc
    .input(series)
    .output(eventIterator(z.object({ seriesId: z.string(), revision: z.number().int() }))),

  addSegment: oc
    .input(
      series.extend({
        name: z.string().optional(),
        colour: colour.optional(),
        lesionId: z.string().optional(),
        nameLanguage: nameLanguageSchema,
      }),
    )
    .output(resultSchema(segmentSchema)),
  updateSegment: oc
    .input(
      z.object({
        segmentId: z.string(),
        name: z.string().min(1).max(120).optional(),
        colour: colour.optional(),
      }),
    )
    .output(resultSchema(segmentSchema)),
  removeSegment: oc.input(z.object({ segmentId: z.string() })).output(resultSchema(z.object({}))),

  /** The mask while a box is being dragged; nothing is stored. A newer call supersedes an older one. */
  preview: oc.input(boxRequestSchema).output(
    resultSchema(
      z.object({
        /** Bits behind `/mask/<previewId>` until the next few previews. */
        previewId: z.string(),
        originPx: z.tuple([z.number().int(), z.number().int()]),
        sizePx: z.tuple([z.number().int(), z.number().int()]),
        areaPx: z.number().int(),
        draft: z.boolean(),
        timings: timingsSchema,
      }),
    ),
  ),
  /** Stores the box at once (state pending), then its mask; `replaces` is the record it was moved from. */
  segment: oc
    .input(z.intersection(boxRequestSchema, boxTargetSchema))
    .output(resultSchema(storedBoxSchema)),
  removeMask: oc.input(z.object({ maskId: z.string() })).output(resultSchema(z.object({}))),

  undo: oc.input(series).output(resultSchema(editLabelSchema)),
  redo: oc.input(series).output(resultSchema(editLabelSchema)),

  /** The exact picture given to the network for this box (RGBA bytes behind `url`). */
  modelView: oc.input(boxRequestSchema).output(
    resultSchema(
      z.object({
        url: z.string(),
        widthPx: z.number().int(),
        heightPx: z.number().int(),
        /** The part of the slice that it shows, as edges in slice pixels. */
        sliceRectPx: boxPxSchema,
        recipe: z.string(),
      }),
    ),
  ),
  /** Tells the engine which slice is looked at, so that it prepares what is likely to be asked next. */
  prefetch: oc
    .input(
      series.extend({
        axis: sliceAxisSchema,
        sliceIndex: z.number().int(),
        modelWindow: modelWindowSchema,
        modelId: z.string().optional(),
      }),
    )
    .output(z.object({ queued: z.number().int() })),
};
