import { and, asc, eq, inArray, sql, type SQL } from 'drizzle-orm';
import type { SeriesSummary } from '../../src-shared/contract/series.ts';
import type { Db } from './database.ts';
import { segments, series, studies } from './schema/index.ts';

export type SeriesRow = typeof series.$inferSelect;

/** What the library lists of the series that match, in order of series number. */
export function seriesSummaries(db: Db, where: SQL): SeriesSummary[] {
  const rows = db
    .select({
      series,
      patientId: studies.patientId,
      segmentCount: sql<number>`(SELECT count(*) FROM ${segments} WHERE ${and(
        eq(segments.seriesId, series.id),
        eq(segments.live, true),
      )})`,
    })
    .from(series)
    .innerJoin(studies, eq(series.studyId, studies.id))
    .where(where)
    .orderBy(
      sql`${series.number} IS NULL`,
      asc(series.number),
      asc(series.importedAt),
      asc(series.id),
    )
    .all();
  return rows.map((row) => summaryOf(row.series, row.patientId, row.segmentCount));
}

export const hasSeries = (db: Db, seriesId: string): boolean =>
  db.select({ id: series.id }).from(series).where(eq(series.id, seriesId)).get() !== undefined;

export const seriesIdsOf = (db: Db): string[] =>
  db
    .select({ id: series.id })
    .from(series)
    .all()
    .map(({ id }) => id);

export function seriesSummariesById(db: Db, ids: string[]): SeriesSummary[] {
  return ids.length === 0 ? [] : seriesSummaries(db, inArray(series.id, ids));
}

function summaryOf(row: SeriesRow, patientId: string, segmentCount: number): SeriesSummary {
  return {
    id: row.id,
    studyId: row.studyId,
    patientId,
    modality: row.modality,
    number: row.number,
    description: row.description,
    kind: row.kind,
    sizeVx: row.geometry.sizeVx,
    channels: row.channels,
    spacingMm: row.hasSpacing ? row.geometry.spacingMm : null,
    measurable: row.measurable,
    issues: row.issues,
    sourceFormat: row.sourceFormat,
    fileCount: row.fileCount,
    storedBytes: row.originalBytes + row.volumeBytes,
    segmentCount,
    importedAt: row.importedAt,
  };
}
