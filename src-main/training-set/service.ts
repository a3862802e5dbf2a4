import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, relative, resolve, isAbsolute } from 'node:path';
import type {
  TrainingOverview,
  TrainingSelection,
  TrainingSetEvent,
  TrainingSetRequest,
  TrainingSetSummary,
} from '../../src-shared/contract/training-set.ts';
import { fail, ok, type Result } from '../../src-shared/result.ts';
import { LibraryError, type LibraryDatabase } from '../library/database.ts';
import { stored } from '../segmentation/storage-errors.ts';
import type { SegmentationLog, VolumeReader } from '../segmentation/types.ts';
import { writeCase } from './case.ts';
import { pseudonyms, type Draw } from './pseudonyms.ts';
import { caseInput, masksOfSeries, selectedSeries, type SelectedSeries, type SeriesMasks } from './records.ts'; // prettier-ignore
import { droppedCsv, type CaseReport, type FailedCase, type TrainingSetReport } from './report.ts';

export interface TrainingSetService {
  /** What a selection holds. Errors: those of the library. */
  overview(selection: TrainingSelection): Result<TrainingOverview>;
  /**
   * Writes a training set in MedSAM's npz layout, with `export.json` and `dropped.csv`. The folder
   * appears whole or not at all. The last event is `finished` or `failed`.
   */
  write(
    request: TrainingSetRequest,
    signal?: AbortSignal,
  ): AsyncGenerator<TrainingSetEvent, void, undefined>;
}

export interface TrainingSetDependencies {
  database: LibraryDatabase;
  volumes: Pick<VolumeReader, 'readSlice'>;
  /** Nothing is exported into it. */
  libraryFolder: string;
  log: SegmentationLog;
  appVersion: string;
  /** For tests: who gets which pseudonym. */
  draw?: Draw;
}

export function createTrainingSetService(deps: TrainingSetDependencies): TrainingSetService {
  const { db } = deps.database;

  const withMasks = (rows: SelectedSeries[]) =>
    rows
      .map((row) => ({ row, of: masksOfSeries(db, row.id) }))
      .filter(({ of }) => of.masks.length > 0);

  return {
    overview: (selection) =>
      stored(() => {
        const found = withMasks(selectedSeries(db, selection));
        const masks = found.flatMap(({ of }) => of.masks);
        const readers = new Set(masks.flatMap(({ provenance }) => provenance?.reader ?? []));
        return ok({
          patients: new Set(found.map(({ row }) => row.patientId)).size,
          series: found.length,
          segments: new Set(masks.map(({ segmentId }) => segmentId)).size,
          masks: masks.length,
          readers: [...readers].toSorted(),
          suggestedFolder: freeFolder(join(homedir(), 'MedSAM training set')),
        });
      }),

    async *write(request, signal) {
      const target = resolve(request.folder);
      const place = await checkTarget(target, resolve(deps.libraryFolder));
      const selected = stored(() => {
        const rows = selectedSeries(db, request.selection);
        const missing = missingOf(request.selection, rows);
        if (missing) return fail('not-found', missing);
        return ok({ rows, found: withMasks(rows) });
      });
      if (!place.ok) return yield { kind: 'failed', error: place.error };
      if (!selected.ok) return yield { kind: 'failed', error: selected.error };
      const { rows, found } = selected.value;
      if (found.length === 0) {
        return yield { kind: 'failed', error: fail('nothing-to-export').error };
      }
      let folder: string | null = null;
      try {
        await mkdir(dirname(target), { recursive: true });
        folder = await mkdtemp(join(dirname(target), `.${basename(target)}-`));
        const names = pseudonyms(
          found.map(({ row }) => row),
          deps.draw,
        );
        const cases: CaseReport[] = [];
        const failed: FailedCase[] = [];
        for (const [done, { row, of }] of found.entries()) {
          yield { kind: 'progress', done, total: found.length };
          const named = names.get(row.id)!;
          const written = await oneCase(deps, folder, request, row, of, named, signal);
          if (written.ok) cases.push(written.value);
          else failed.push({ ...named, error: { code: written.error.code } });
        }
        const report = reportOf(deps, request, cases, failed, rows.length - found.length);
        await writeFile(join(folder, 'export.json'), `${JSON.stringify(report, null, 2)}\n`);
        await writeFile(join(folder, 'dropped.csv'), droppedCsv(report.cases));
        signal?.throwIfAborted();
        await rmdir(target).catch(() => undefined);
        await rename(folder, target);
        folder = null;
        const masks = found.reduce((sum, { of }) => sum + of.masks.length, 0);
        yield { kind: 'finished', summary: summaryOf(target, report, masks) };
      } catch (error) {
        const failure = failureOf(error, target, signal);
        if (failure.error.code !== 'cancelled') {
          deps.log.warn({ error: failure.error }, 'A training set was not written');
        }
        yield { kind: 'failed', error: failure.error };
      } finally {
        if (folder) await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

/** One series; what the library cannot read is reported and the others go on. */
async function oneCase(
  deps: TrainingSetDependencies,
  folder: string,
  request: TrainingSetRequest,
  row: SelectedSeries,
  of: SeriesMasks,
  names: { patient: string; case: string },
  signal?: AbortSignal,
): Promise<Result<CaseReport>> {
  const { reader, modelWindow, anatomy, minimumVoxels, minimumSlicePx } = request;
  const limits = { minimumVoxels, minimumSlicePx };
  try {
    const input = caseInput(deps.database.db, row, of, { names, anatomy, limits, reader, modelWindow }); // prettier-ignore
    return ok(await writeCase(deps.volumes, folder, input, signal));
  } catch (error) {
    if (!(error instanceof LibraryError)) throw error;
    for (const name of await readdir(folder)) {
      if (name.includes(`_${names.case}`)) await rm(join(folder, name));
    }
    deps.log.warn({ seriesId: row.id, error: error.error }, 'A series is not in the training set');
    return { ok: false, error: error.error };
  }
}

function reportOf(
  deps: TrainingSetDependencies,
  request: TrainingSetRequest,
  cases: CaseReport[],
  failed: FailedCase[],
  seriesWithoutMasks: number,
): TrainingSetReport {
  const byName = (a: { case: string }, b: { case: string }) => (a.case < b.case ? -1 : 1);
  return {
    format: 'medsam-workstation-training-set',
    version: 1,
    application: deps.appVersion,
    recipe: {
      minimumVoxels: request.minimumVoxels,
      minimumSlicePx: request.minimumSlicePx,
      connectivity: { object: 26, slice: 8 },
      modelWindow: request.modelWindow ?? 'auto',
      onlyOneReader: request.reader !== undefined,
    },
    // The order of the library would tell who came first.
    cases: cases.toSorted(byName),
    failed: failed.toSorted(byName),
    seriesWithoutMasks,
  };
}

function summaryOf(folder: string, report: TrainingSetReport, masks: number): TrainingSetSummary {
  const written = report.cases.filter((one) => one.files.length > 0);
  const files = written.flatMap((one) => one.files);
  const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);
  return {
    folder,
    patients: new Set(written.map(({ patient }) => patient)).size,
    cases: written.length,
    files: files.length,
    slices: sum(written.map((one) => new Set(one.files.flatMap((file) => file.sliceIndices)).size)),
    masks,
    leftOut: sum(report.cases.map((one) => one.leftOut.length)),
    dropped: sum(report.cases.map((one) => one.dropped.length)),
    seriesWithoutMasks: report.seriesWithoutMasks,
    failedSeries: report.failed.length,
    bytes: sum(files.map(({ bytes }) => bytes)),
  };
}

/** The path, with a number behind it where it is taken. */
function freeFolder(path: string): string {
  for (let n = 1; ; n++) {
    const candidate = n === 1 ? path : `${path} ${n}`;
    if (!existsSync(candidate)) return candidate;
  }
}

/** The first thing that was named and is not in the library. */
function missingOf(selection: TrainingSelection, rows: SelectedSeries[]) {
  if (selection.kind === 'library') return null;
  const [what, ids, present] =
    selection.kind === 'series'
      ? ['series', selection.seriesIds, rows.map(({ id }) => id)]
      : ['patient', selection.patientIds, rows.map(({ patientId }) => patientId)];
  const id = ids.find((one) => !present.includes(one));
  return id === undefined ? null : { what, id };
}

/** A folder that is not there or empty, outside the library. */
async function checkTarget(target: string, library: string): Promise<Result<null>> {
  const path = target;
  const inside = relative(library, target);
  if (!inside.startsWith('..') && !isAbsolute(inside)) return fail('folder-in-library', { path });
  try {
    return (await readdir(target)).length === 0 ? ok(null) : fail('folder-not-empty', { path });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? ok(null) : fail('file-not-written', { path }, String(error));
  }
}

function failureOf(error: unknown, path: string, signal?: AbortSignal) {
  if (signal?.aborted) return fail('cancelled');
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') return fail('disk-full', { path });
  if (error instanceof LibraryError) return { ok: false as const, error: error.error };
  return fail('file-not-written', { path }, error instanceof Error ? error.message : String(error));
}
