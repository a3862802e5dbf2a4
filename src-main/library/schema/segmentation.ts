import { blob, index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import type {
  EditLabel,
  Provenance,
  SliceMask,
} from '../../../src-shared/contract/segmentation.ts';
import type { BoxPx } from '../../../src-shared/geometry/box.ts';
import type { SliceAxis } from '../../../src-shared/geometry/planes.ts';
import type { AppError } from '../../../src-shared/result.ts';
import type { ModelWindow } from '../../../src-shared/window.ts';
import { patients } from './patients.ts';
import { series } from './series.ts';

/** A lesion of a patient, tracked over time points by the segments that show it. */
export const lesions = sqliteTable(
  'lesions',
  {
    id: text('id').primaryKey(),
    patientId: text('patient_id')
      .notNull()
      .references(() => patients.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    colour: text('colour').notNull(),
    createdAt: text('created_at').notNull(),
  },
  (t) => [index('lesions_patient').on(t.patientId)],
);

/** One object in one series. Rows stay when a segment is removed (`live` false), so that undo brings it back. */
export const segments = sqliteTable(
  'segments',
  {
    id: text('id').primaryKey(),
    seriesId: text('series_id')
      .notNull()
      .references(() => series.id, { onDelete: 'cascade' }),
    lesionId: text('lesion_id')
      .notNull()
      .references(() => lesions.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    colour: text('colour').notNull(),
    /** Order in lists. */
    position: integer('position').notNull(),
    live: integer('live', { mode: 'boolean' }).notNull().default(true),
    createdAt: text('created_at').notNull(),
  },
  (t) => [index('segments_series').on(t.seriesId, t.live), index('segments_lesion').on(t.lesionId)],
);

/** The model and the intensities that a box is answered with. */
export interface MaskRequest {
  modelId: string;
  modelWindow: ModelWindow;
}

/** One box and its mask on one slice. Never changed once the mask is there: edits only switch `live`. */
export const sliceMasks = sqliteTable(
  'slice_masks',
  {
    id: text('id').primaryKey(),
    segmentId: text('segment_id')
      .notNull()
      .references(() => segments.id, { onDelete: 'cascade' }),
    axis: text('axis').$type<SliceAxis>().notNull(),
    sliceIndex: integer('slice_index').notNull(),
    boxPx: text('box_px', { mode: 'json' }).$type<BoxPx>().notNull(),
    /** What was asked, so that a mask that was still pending when the process ended is made after all. */
    request: text('request', { mode: 'json' }).$type<MaskRequest>().notNull(),
    state: text('state').$type<SliceMask['state']>().notNull(),
    error: text('error', { mode: 'json' }).$type<AppError>(),
    originX: integer('origin_x').notNull().default(0),
    originY: integer('origin_y').notNull().default(0),
    sizeX: integer('size_x').notNull().default(0),
    sizeY: integer('size_y').notNull().default(0),
    areaPx: integer('area_px').notNull().default(0),
    /** Raw-deflated packed bits of the rectangle, row by row, first pixel in the lowest bit; null while pending. */
    bits: blob('bits', { mode: 'buffer' }),
    /** Edges round the pixels that the model is not sure of, and their levels; null without any. */
    uncertainRectPx: text('uncertain_rect_px', { mode: 'json' }).$type<BoxPx>(),
    /** Raw-deflated, one byte per pixel of the rectangle, see `packBorder`. */
    uncertainLevels: blob('uncertain_levels', { mode: 'buffer' }),
    provenance: text('provenance', { mode: 'json' }).$type<Provenance>(),
    live: integer('live', { mode: 'boolean' }).notNull().default(true),
    createdAt: text('created_at').notNull(),
  },
  (t) => [
    index('slice_masks_segment').on(t.segmentId, t.live),
    index('slice_masks_state').on(t.state),
  ],
);

/** What a segment can change in: everything but its identity. */
export interface SegmentFields {
  name: string;
  colour: string;
  lesionId: string;
}

/** What an edit switched on and off; undoing it switches the other way round. */
export interface EditDiff {
  masks: { added: string[]; removed: string[] };
  segments: {
    added: string[];
    removed: string[];
    updated: { id: string; from: Partial<SegmentFields>; to: Partial<SegmentFields> }[];
  };
}

/** The append-only log of edits: undo over restarts and the audit trail at once. */
export const edits = sqliteTable(
  'edits',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    seriesId: text('series_id')
      .notNull()
      .references(() => series.id, { onDelete: 'cascade' }),
    label: text('label', { mode: 'json' }).$type<EditLabel>().notNull(),
    diff: text('diff', { mode: 'json' }).$type<EditDiff>().notNull(),
    /** abandoned: undone, and then something else was done instead. */
    state: text('state').$type<'done' | 'undone' | 'abandoned'>().notNull(),
    reader: text('reader').notNull(),
    createdAt: text('created_at').notNull(),
  },
  (t) => [index('edits_series').on(t.seriesId, t.state)],
);

/** Rises with every change to a series' segmentation. */
export const seriesRevisions = sqliteTable('series_revisions', {
  seriesId: text('series_id')
    .primaryKey()
    .references(() => series.id, { onDelete: 'cascade' }),
  revision: integer('revision').notNull(),
});
