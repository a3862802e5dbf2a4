import { index, integer, real, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import type { DataType, SeriesKind, SeriesSummary } from '../../../src-shared/contract/series.ts';
import type { VolumeGeometry } from '../../../src-shared/geometry/volume-geometry.ts';
import type { ImportIssue } from '../../../src-shared/import-issue.ts';
import type { Window } from '../../../src-shared/window.ts';
import type { PlannedSeries } from '../../imaging/types.ts';
import { studies } from './patients.ts';

/** A series that is in the library whole: its originals and its decoded volume were in place before this row. */
export const series = sqliteTable(
  'series',
  {
    id: text('id').primaryKey(),
    studyId: text('study_id')
      .notNull()
      .references(() => studies.id, { onDelete: 'cascade' }),
    /** Identity from the files (`PlannedSeries.uid`). */
    uid: text('uid').notNull(),
    /** 1, or more when different content came under the same uid and was kept beside it. */
    version: integer('version').notNull().default(1),
    modality: text('modality').notNull(),
    number: integer('number'),
    description: text('description').notNull(),
    bodyPart: text('body_part').notNull(),
    frameOfReferenceUid: text('frame_of_reference_uid'),
    kind: text('kind').$type<SeriesKind>().notNull(),
    geometry: text('geometry', { mode: 'json' }).$type<VolumeGeometry>().notNull(),
    hasSpacing: integer('has_spacing', { mode: 'boolean' }).notNull(),
    measurable: integer('measurable', { mode: 'boolean' }).notNull(),
    channels: integer('channels').$type<1 | 3>().notNull(),
    dataType: text('data_type').$type<DataType>().notNull(),
    valueMin: real('value_min').notNull(),
    valueMax: real('value_max').notNull(),
    percentileLow: real('percentile_low').notNull(),
    percentileHigh: real('percentile_high').notNull(),
    windows: text('windows', { mode: 'json' }).$type<Window[]>().notNull(),
    valueUnit: text('value_unit').notNull(),
    issues: text('issues', { mode: 'json' }).$type<ImportIssue[]>().notNull(),
    sourceFormat: text('source_format').$type<SeriesSummary['sourceFormat']>().notNull(),
    fileCount: integer('file_count').notNull(),
    originalBytes: integer('original_bytes').notNull(),
    volumeBytes: integer('volume_bytes').notNull(),
    /** CRC-32 of the decoded voxels, so that decoding again is known to give the same volume. */
    volumeCrc32: integer('volume_crc32').notNull(),
    importedAt: text('imported_at').notNull(),
  },
  (t) => [
    uniqueIndex('series_uid_version').on(t.uid, t.version),
    index('series_study').on(t.studyId),
  ],
);

/**
 * How to decode the originals again; its `files` are empty, they are in `series_files`. Apart from
 * the series, since it names every slice and lists of series have no use for it.
 */
export const seriesPlans = sqliteTable('series_plans', {
  seriesId: text('series_id')
    .primaryKey()
    .references(() => series.id, { onDelete: 'cascade' }),
  plan: text('plan', { mode: 'json' }).$type<PlannedSeries>().notNull(),
});

/** The originals of a series, in the order of `PlannedSeries.files`; the bytes lie under their SHA-256. */
export const seriesFiles = sqliteTable(
  'series_files',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    seriesId: text('series_id')
      .notNull()
      .references(() => series.id, { onDelete: 'cascade' }),
    position: integer('position').notNull(),
    sha256: text('sha256').notNull(),
    bytes: integer('bytes').notNull(),
    /** The path as the person knew it. */
    shownPath: text('shown_path').notNull(),
    /** Path below the folder that all files of the series share: formats of several files refer to each other by it. */
    relativePath: text('relative_path').notNull(),
  },
  (t) => [
    uniqueIndex('series_files_position').on(t.seriesId, t.position),
    index('series_files_sha256').on(t.sha256),
  ],
);
