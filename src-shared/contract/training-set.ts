import { eventIterator, oc } from '@orpc/contract';
import { z } from 'zod';
import { appErrorSchema, resultSchema } from '../result.ts';
import { modelWindowSchema } from '../window.ts';

/** Which series of the library; the sample patient is taken only where it is named. */
export const trainingSelectionSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('library') }),
  z.object({ kind: z.literal('patients'), patientIds: z.array(z.string()).min(1) }),
  z.object({ kind: z.literal('series'), seriesIds: z.array(z.string()).min(1) }),
]);
export type TrainingSelection = z.infer<typeof trainingSelectionSchema>;

export const trainingSetRequestSchema = z.object({
  /** A folder that is not there yet, or is empty. */
  folder: z.string().min(1),
  selection: trainingSelectionSchema,
  /** Only masks of this reader; all when left out. */
  reader: z.string().optional(),
  /** For every series; each series' own (that of most of its masks) when left out. */
  modelWindow: modelWindowSchema.optional(),
  /** The middle part of the file names; from DICOM's body part where that is a standard term when left out. */
  anatomy: z
    .string()
    .regex(/^[A-Za-z0-9]{1,32}$/)
    .optional(),
  /** Objects with fewer voxels are dropped (26-connected; volumes only). */
  minimumVoxels: z.number().int().nonnegative().default(1000),
  /** Pieces of a slice with fewer pixels are dropped (8-connected). */
  minimumSlicePx: z.number().int().nonnegative().default(100),
});
export type TrainingSetRequest = z.infer<typeof trainingSetRequestSchema>;

/** What there is to export, for the person to choose from. */
export const trainingOverviewSchema = z.object({
  patients: z.number().int(),
  series: z.number().int(),
  segments: z.number().int(),
  masks: z.number().int(),
  /** Who made the masks. */
  readers: z.array(z.string()),
  /** A folder that is not there yet, in the person's home. */
  suggestedFolder: z.string(),
});
export type TrainingOverview = z.infer<typeof trainingOverviewSchema>;

export const trainingSetSummarySchema = z.object({
  folder: z.string(),
  patients: z.number().int(),
  /** Series that at least one file was written of. */
  cases: z.number().int(),
  files: z.number().int(),
  slices: z.number().int(),
  /** Masks that were looked at, and those that could not be used (no mask yet, failed, empty, another reader's). */
  masks: z.number().int(),
  leftOut: z.number().int(),
  /** Pieces that were too small. */
  dropped: z.number().int(),
  /** Series of the selection that have no mask at all. */
  seriesWithoutMasks: z.number().int(),
  /** Series that could not be read; the report in the folder says why. */
  failedSeries: z.number().int(),
  bytes: z.number().int(),
});
export type TrainingSetSummary = z.infer<typeof trainingSetSummarySchema>;

export const trainingSetEventSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('progress'), done: z.number().int(), total: z.number().int() }),
  z.object({ kind: z.literal('finished'), summary: trainingSetSummarySchema }),
  z.object({ kind: z.literal('failed'), error: appErrorSchema }),
]);
export type TrainingSetEvent = z.infer<typeof trainingSetEventSchema>;

export const trainingSetContract = {
  overview: oc
    .input(z.object({ selection: trainingSelectionSchema }))
    .output(resultSchema(trainingOverviewSchema)),
  /** Writes the set; the last event says how it ended. Leaving the iterator cancels it: then nothing is left behind. */
  write: oc.input(trainingSetRequestSchema).output(eventIterator(trainingSetEventSchema)),
};
