import { and, asc, desc, eq, sql, type SQL } from 'drizzle-orm';
import { readFile, rm, writeFile } from 'node:fs/promises';
import type { z } from 'zod';
import type { librarySortSchema, PatientRow, Study } from '../../src-shared/contract/library.ts';
import type { OpenSeries } from '../../src-shared/contract/series.ts';
import { fail, ok, type Result } from '../../src-shared/result.ts';
import type { Log } from '../audit/log.ts';
import {
  emptyLog,
  type LibraryDatabase,
  LibraryError,
  removeEarlierCopies,
  writeTransaction,
} from './database.ts';
import {
  deletionPreview,
  removeFromLibrary,
  type DeletionLevel,
  type DeletionPreview,
} from './deletion.ts';
import type { LibraryChanges, LibraryEvent } from './library-changes.ts';
import type { LibraryFolder } from './library-folder.ts';
import { librarySize, type LibrarySize } from './library-size.ts';
import { sweepLooseFiles } from './loose-files.ts';
import { searchable } from './patients.ts';
import { patients, series, studies } from './schema/index.ts';
import { hasSeries, seriesSummaries } from './series-records.ts';
import { thumbnailPng } from './thumbnail.ts';
import type { VolumeStore } from './volume-store.ts';

export interface ListRequest {
  search: string;
  sort: z.infer<typeof librarySortSchema>;
  descending: boolean;
  limit: number;
  offset: number;
}

export interface LibraryService {
  list(request: ListRequest): { patients: PatientRow[]; total: number };
  patient(patientId: string): Result<{ patient: PatientRow; studies: Study[] }>;
  open(seriesId: string): Result<OpenSeries>;
  deletionPreview(level: DeletionLevel, id: string): Result<DeletionPreview>;
  remove(level: DeletionLevel, id: string): Result<{ freedBytes: number }>;
  size(): Promise<LibrarySize>;
  changes(signal?: AbortSignal): AsyncIterableIterator<LibraryEvent>;
  /** PNG bytes; made again from the volume when the file is missing. */
  thumbnail(seriesId: string): Promise<Result<Uint8Array>>;
}

export function createLibraryService(options: {
  database: LibraryDatabase;
  folder: LibraryFolder;
  volumes: VolumeStore;
  changes: LibraryChanges;
  /** Told of series that were removed. */
  forget: (seriesIds: readonly string[]) => void;
  log: Log;
}): LibraryService {
  const { database, folder, volumes, changes, log } = options;
  const { db } = database;
  return {
    list: (request) => {
      const where = matching(request.search);
      const column = { ...patients, name: patients.sortName }[request.sort];
      const direction = request.descending ? desc : asc;
      // Sorted by identifier and key alone: sorting whole rows takes ten times as long.
      const ids = db
        .select({ id: patients.id })
        .from(patients)
        .where(where)
        // A patient without a study date comes last either way.
        .orderBy(sql`${direction(column)} NULLS LAST`, asc(patients.id))
        .limit(request.limit)
        .offset(request.offset)
        .all()
        .map((row) => row.id);
      const rows = db
        .select()
        .from(patients)
        .where(sql`${patients.id} IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`)
        .all();
      const byId = new Map(rows.map((row) => [row.id, patientRow(row)]));
      const total = db
        .select({ count: sql<number>`count(*)` })
        .from(patients)
        .where(where)
        .get()!.count;
      return { patients: ids.map((id) => byId.get(id)!), total };
    },
    patient: (patientId) => {
      const patient = db.select().from(patients).where(eq(patients.id, patientId)).get();
      if (!patient) return fail('not-found', { what: 'patient', id: patientId });
      const rows = db
        .select()
        .from(studies)
        .where(eq(studies.patientId, patientId))
        .orderBy(sql`${studies.date} IS NULL`, desc(studies.date), asc(studies.id))
        .all();
      const all = seriesSummaries(db, eq(studies.patientId, patientId));
      return ok({
        patient: patientRow(patient),
        studies: rows.map(({ id, date, description, accessionNumber }) => ({
          id,
          date,
          description,
          accessionNumber,
          series: all.filter((summary) => summary.studyId === id),
        })),
      });
    },
    open: (seriesId) => {
      const [summary] = seriesSummaries(db, eq(series.id, seriesId));
      const found = db
        .select({ series, study: studies, patient: patients })
        .from(series)
        .innerJoin(studies, eq(series.studyId, studies.id))
        .innerJoin(patients, eq(studies.patientId, patients.id))
        .where(eq(series.id, seriesId))
        .get();
      if (!summary || !found) return fail('not-found', { what: 'series', id: seriesId });
      const { series: row, study, patient } = found;
      return ok({
        series: summary,
        patientName: patient.name,
        patientCode: patient.code,
        studyDate: study.date,
        studyDescription: study.description,
        geometry: row.geometry,
        dataType: row.dataType,
        valueRange: [row.valueMin, row.valueMax],
        percentileRange: [row.percentileLow, row.percentileHigh],
        windows: row.windows,
        valueUnit: row.valueUnit,
        volumeUrl: `/volume/${seriesId}`,
        sliceUrlTemplate: `/volume/${seriesId}/{k}`,
        byteLength: row.volumeBytes,
      });
    },
    deletionPreview: (level, id) => deletionPreview(db, level, id),
    remove: (level, id) => {
      const removed = writeTransaction(db, (tx) => removeFromLibrary(tx, level, id));
      if (!removed.ok) return removed;
      const { freedBytes, seriesIds, patientId } = removed.value;
      sweepLooseFiles(db, folder);
      options.forget(seriesIds);
      removeEarlierCopies(folder.root);
      emptyLog(database);
      log.info('library', `Removed a ${level}`, { id, series: seriesIds.length, freedBytes });
      changes.publish({ kind: 'deleted', patientIds: [patientId] });
      return ok({ freedBytes });
    },
    size: () => librarySize(db, folder),
    changes: (signal) => changes.subscribe(signal),
    thumbnail: async (seriesId) => {
      const row = db.select().from(series).where(eq(series.id, seriesId)).get();
      if (!row) return fail('not-found', { what: 'series', id: seriesId });
      const path = folder.thumbnailPath(seriesId);
      try {
        return ok(await readFile(path));
      } catch {
        return remakeThumbnail(row, path, database, volumes);
      }
    },
  };
}

async function remakeThumbnail(
  row: typeof series.$inferSelect,
  path: string,
  { db }: LibraryDatabase,
  volumes: VolumeStore,
): Promise<Result<Uint8Array>> {
  try {
    const { voxels } = await volumes.readVolume(row.id);
    const png = thumbnailPng(
      {
        ...row,
        voxels,
        valueRange: [row.valueMin, row.valueMax],
        percentileRange: [row.percentileLow, row.percentileHigh],
      },
      row.modality,
    );
    await writeFile(path, png);
    // The series may have been removed, with its files, while this one was made.
    if (!hasSeries(db, row.id)) await rm(path, { force: true });
    return ok(png);
  } catch (error) {
    if (error instanceof LibraryError) return { ok: false, error: error.error };
    return fail('internal', {}, error instanceof Error ? error.message : String(error));
  }
}

/** Every word somewhere in what is known of the patient. */
function matching(search: string): SQL | undefined {
  const words = searchable(search)
    .split(/[\s^,]+/)
    .filter(Boolean);
  return and(...words.map((word) => sql`instr(${patients.searchText}, ${word}) > 0`));
}

function patientRow(row: typeof patients.$inferSelect): PatientRow {
  const { id, name, code, birthDate, sex, isSample, studyCount, seriesCount, modalities } = row;
  const { latestStudyDate, importedAt, storedBytes } = row;
  return {
    id, name, code, birthDate, sex, isSample, studyCount, seriesCount, modalities,
    latestStudyDate, importedAt, storedBytes,
  }; // prettier-ignore
}
