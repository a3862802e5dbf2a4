import { oc } from '@orpc/contract';
import { z } from 'zod';
import { resultSchema } from '../result.ts';
import { nameLanguageSchema } from './segmentation.ts';

/** One lesion at one time point. */
export const burdenCellSchema = z.object({
  seriesId: z.string(),
  segmentId: z.string(),
  volumeMl: z.number().nullable(),
  voxelCount: z.number().int(),
  /** The slice with the largest part of the lesion, to go to when it is clicked. */
  keySlice: z.object({ axis: z.enum(['i', 'j', 'k']), sliceIndex: z.number().int() }).nullable(),
  /** Against the previous time point that has this lesion, in percent; null without one or when that was 0. */
  changePercent: z.number().nullable(),
  /** Why the number is missing or to be read with care. */
  caution: z
    .enum(['not-measurable', 'pending-masks', 'low-confidence', 'measured-twice', 'empty'])
    .nullable(),
});
export type BurdenCell = z.infer<typeof burdenCellSchema>;

export const burdenTableSchema = z.object({
  patientId: z.string(),
  timepoints: z.array(
    z.object({
      studyId: z.string(),
      date: z.string().nullable(),
      description: z.string(),
      /** Sum over the lesions measured here; null when one of them cannot be measured. */
      totalMl: z.number().nullable(),
      changeMl: z.number().nullable(),
      changePercent: z.number().nullable(),
      lesionCount: z.number().int(),
    }),
  ),
  lesions: z.array(
    z.object({
      lesionId: z.string(),
      name: z.string(),
      colour: z.string(),
      /** In the order of `timepoints`; null when the lesion has no segment there. */
      cells: z.array(burdenCellSchema.nullable()),
      /** First seen after the first time point that has any segment. */
      isNew: z.boolean(),
    }),
  ),
});
export type BurdenTable = z.infer<typeof burdenTableSchema>;

export const burdenContract = {
  table: oc.input(z.object({ patientId: z.string() })).output(resultSchema(burdenTableSchema)),
  /** Says that a segment shows a given lesion of the patient (or, with null, one of its own). */
  linkLesion: oc
    .input(
      z.object({
        segmentId: z.string(),
        lesionId: z.string().nullable(),
        /** Of the name that a segment gets which shows a lesion of its own again. */
        nameLanguage: nameLanguageSchema,
      }),
    )
    .output(resultSchema(z.object({ lesionId: z.string() }))),
};
