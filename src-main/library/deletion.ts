import { type AnyColumn, and, eq, notExists, sql, type SQL } from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import { fail, ok, type Result } from '../../src-shared/result.ts';
import type { Db } from './database.ts';
import { refreshPatient } from './patients.ts';
import {
  imports,
  lesions,
  patients,
  segments,
  series,
  seriesFiles,
  studies,
} from './schema/index.ts';
import { removeSeriesRow } from './store-series.ts';

export type DeletionLevel = 'patient' | 'study' | 'series';

export interface DeletionPreview {
  studies: number;
  series: number;
  segments: number;
  bytes: number;
}

/** What a deletion at this level would remove; bytes are those that it would free. */
export function deletionPreview(db: Db, level: DeletionLevel, id: string): Result<DeletionPreview> {
  const found = seriesBelow(db, level, id);
  if (found.length === 0) return fail('not-found', { what: level, id });
  const ids = found.map((row) => row.id);
  const count = db
    .select({ count: sql<number>`count(*)` })
    .from(segments)
    .where(and(eq(segments.live, true), isIn(segments.seriesId, ids)))
    .get()!.count;
  return ok({
    studies: new Set(found.map((row) => row.studyId)).size,
    series: found.length,
    segments: count,
    bytes: freedBytes(db, ids),
  });
}

/** Deletes at this level within a transaction; the files are noted as loose, to be swept after it. */
export function removeFromLibrary(
  tx: Db,
  level: DeletionLevel,
  id: string,
): Result<{ freedBytes: number; seriesIds: string[]; patientId: string }> {
  const found = seriesBelow(tx, level, id);
  if (found.length === 0) return fail('not-found', { what: level, id });
  const seriesIds = found.map((row) => row.id);
  const patientId = found[0]!.patientId;
  const freed = freedBytes(tx, seriesIds);
  for (const seriesId of seriesIds) removeSeriesRow(tx, seriesId);
  const shown = tx
    .select({ one: sql`1` })
    .from(segments)
    .where(eq(segments.lesionId, lesions.id));
  tx.delete(lesions)
    .where(and(eq(lesions.patientId, patientId), notExists(shown)))
    .run();
  refreshPatient(tx, patientId);
  forgetInImports(tx, seriesIds);
  return ok({ freedBytes: freed, seriesIds, patientId });
}

/** Imports remember what they brought; of a series that is gone nothing is to be remembered. */
function forgetInImports(tx: Db, seriesIds: string[]): void {
  const gone = new Set(seriesIds);
  const names = sql`EXISTS (SELECT 1 FROM json_each(${JSON.stringify(seriesIds)}) WHERE instr(${imports.summary}, value) > 0)`;
  for (const { id, summary } of tx.select().from(imports).where(names).all()) {
    if (!summary) continue;
    const accepted = summary.accepted.filter((one) => !gone.has(one.id));
    const alreadyPresent = summary.alreadyPresent.filter((one) => !gone.has(one.id));
    tx.update(imports)
      .set({ summary: { ...summary, accepted, alreadyPresent } })
      .where(eq(imports.id, id))
      .run();
  }
}

function seriesBelow(db: Db, level: DeletionLevel, id: string) {
  const where: Record<DeletionLevel, SQL> = {
    patient: eq(patients.id, id),
    study: eq(studies.id, id),
    series: eq(series.id, id),
  };
  return db
    .select({
      id: series.id,
      studyId: studies.id,
      patientId: studies.patientId,
    })
    .from(series)
    .innerJoin(studies, eq(series.studyId, studies.id))
    .innerJoin(patients, eq(studies.patientId, patients.id))
    .where(where[level])
    .all();
}

/** Volumes of these series, and originals that no other series has. */
function freedBytes(db: Db, ids: string[]): number {
  const volumes = db
    .select({ bytes: sql<number>`coalesce(sum(${series.volumeBytes}), 0)` })
    .from(series)
    .where(isIn(series.id, ids))
    .get()!.bytes;
  const other = alias(seriesFiles, 'other');
  const elsewhere = db
    .select({ one: sql`1` })
    .from(other)
    .where(and(eq(other.sha256, seriesFiles.sha256), notIn(other.seriesId, ids)));
  const originals = db
    .selectDistinct({ sha256: seriesFiles.sha256, bytes: seriesFiles.bytes })
    .from(seriesFiles)
    .where(and(isIn(seriesFiles.seriesId, ids), notExists(elsewhere)))
    .all();
  return originals.reduce((sum, file) => sum + file.bytes, volumes);
}

// As one JSON parameter: a patient may have more series than a statement may have parameters.
const isIn = (column: AnyColumn, ids: string[]) =>
  sql`${column} IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`;
const notIn = (column: AnyColumn, ids: string[]) =>
  sql`${column} NOT IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`;
