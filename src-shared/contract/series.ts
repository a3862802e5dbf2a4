import { z } from 'zod';
import { volumeGeometrySchema } from '../geometry/volume-geometry.ts';
import { importIssueSchema } from '../import-issue.ts';
import { windowSchema } from '../window.ts';

export const dataTypeSchema = z.enum(['uint8', 'int16', 'uint16', 'float32']);
export type DataType = z.infer<typeof dataTypeSchema>;

/**
 * - volume: parallel, evenly spaced slices; multiplanar and 3D views;
 * - stack: frames or slices that do not make a volume (ultrasound cine, irregular spacing): one pane, scrolled;
 * - image: one picture, one pane.
 */
export const seriesKindSchema = z.enum(['volume', 'stack', 'image']);
export type SeriesKind = z.infer<typeof seriesKindSchema>;

/** One series as the library lists it. */
export const seriesSummarySchema = z.object({
  id: z.string(),
  studyId: z.string(),
  patientId: z.string(),
  modality: z.string(),
  number: z.number().int().nullable(),
  description: z.string(),
  kind: seriesKindSchema,
  sizeVx: z.tuple([z.number(), z.number(), z.number()]),
  channels: z.union([z.literal(1), z.literal(3)]),
  /** Null when the file gives none: then areas and volumes are in pixels only. */
  spacingMm: z.tuple([z.number(), z.number(), z.number()]).nullable(),
  /** False: a warning forbids reading volumes (see `issues`). */
  measurable: z.boolean(),
  issues: z.array(importIssueSchema),
  sourceFormat: z.enum(['dicom', 'nifti', 'nrrd', 'meta', 'png', 'jpeg', 'tiff', 'bmp']),
  fileCount: z.number().int(),
  storedBytes: z.number().int(),
  segmentCount: z.number().int(),
  importedAt: z.string(),
});
export type SeriesSummary = z.infer<typeof seriesSummarySchema>;

/** What a viewer needs to open a series. Voxels come from `volumeUrl` as raw little-endian bytes. */
export const openSeriesSchema = z.object({
  series: seriesSummarySchema,
  patientName: z.string(),
  patientCode: z.string(),
  studyDate: z.string().nullable(),
  studyDescription: z.string(),
  geometry: volumeGeometrySchema,
  dataType: dataTypeSchema,
  /** Range of stored values (rescaled: HU for CT). */
  valueRange: z.tuple([z.number(), z.number()]),
  /** 0.5 % and 99.5 % of the strictly positive voxels, as the model's percentile recipe takes them. */
  percentileRange: z.tuple([z.number(), z.number()]),
  /** Windows given in the file, if any; the first is shown first. */
  windows: z.array(windowSchema),
  /** Unit of the values: HU, SUV …; empty when unknown. */
  valueUnit: z.string(),
  /** MONOCHROME1 was inverted on import, so bright is always high. */
  volumeUrl: z.string(),
  /** `{axis}` k only: replace `{k}` with the slice index for one slice's bytes. */
  sliceUrlTemplate: z.string(),
  byteLength: z.number().int(),
});
export type OpenSeries = z.infer<typeof openSeriesSchema>;
