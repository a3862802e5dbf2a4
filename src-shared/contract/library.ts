import { eventIterator, oc } from '@orpc/contract';
import { z } from 'zod';
import { resultSchema } from '../result.ts';
import { openSeriesSchema, seriesSummarySchema } from './series.ts';

export const studySchema = z.object({
  id: z.string(),
  date: z.string().nullable(),
  description: z.string(),
  accessionNumber: z.string(),
  series: z.array(seriesSummarySchema),
});
export type Study = z.infer<typeof studySchema>;

export const patientRowSchema = z.object({
  id: z.string(),
  name: z.string(),
  /** The hospital's identifier (DICOM Patient ID). */
  code: z.string(),
  birthDate: z.string().nullable(),
  sex: z.string(),
  isSample: z.boolean(),
  studyCount: z.number().int(),
  seriesCount: z.number().int(),
  modalities: z.array(z.string()),
  latestStudyDate: z.string().nullable(),
  importedAt: z.string(),
  storedBytes: z.number().int(),
});
export type PatientRow = z.infer<typeof patientRowSchema>;

export const librarySortSchema = z.enum(['name', 'code', 'latestStudyDate', 'importedAt', 'storedBytes']);

export const libraryEventSchema = z.object({
  kind: z.enum(['imported', 'deleted', 'changed']),
  patientIds: z.array(z.string()),
});

export const libraryContract = {
  /** Patients matching every word of `search` in name, code, descriptions, modality or date. */
  list: oc
    .input(
      z.object({
        search: z.string().default(''),
        sort: librarySortSchema.default('importedAt'),
        descending: z.boolean().default(true),
        limit: z.number().int().positive().max(10_000).default(200),
        offset: z.number().int().nonnegative().default(0),
      }),
    )
    .output(z.object({ patients: z.array(patientRowSchema), total: z.number().int() })),
  patient: oc
    .input(z.object({ patientId: z.string() }))
    .output(resultSchema(z.object({ patient: patientRowSchema, studies: z.array(studySchema) }))),
  open: oc.input(z.object({ seriesId: z.string() })).output(resultSchema(openSeriesSchema)),
  /** What a deletion would remove, for the confirmation. */
  deletionPreview: oc
    .input(z.object({ level: z.enum(['patient', 'study', 'series']), id: z.string() }))
    .output(
      resultSchema(
        z.object({
          studies: z.number().int(),
          series: z.number().int(),
          segments: z.number().int(),
          bytes: z.number().int(),
        }),
      ),
    ),
  remove: oc
    .input(z.object({ level: z.enum(['patient', 'study', 'series']), id: z.string() }))
    .output(resultSchema(z.object({ freedBytes: z.number().int() }))),
  size: oc.output(
    z.object({
      path: z.string(),
      totalBytes: z.number().int(),
      originalsBytes: z.number().int(),
      volumesBytes: z.number().int(),
      databaseBytes: z.number().int(),
      embeddingsBytes: z.number().int(),
    }),
  ),
  addSamplePatient: oc.output(resultSchema(z.object({ patientId: z.string() }))),
  changes: oc.output(eventIterator(libraryEventSchema)),
};
