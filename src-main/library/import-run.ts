import { eq } from 'drizzle-orm';
import { mkdir } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { ImportProgress, ImportSummary } from '../../src-shared/contract/imports.ts';
import type { RefusedFile } from '../../src-shared/import-issue.ts';
import type { PlannedSeries } from '../imaging/types.ts';
import type { Log } from '../audit/log.ts';
import { type Db, LibraryError } from './database.ts';
import type { Imaging } from './imaging.ts';
import { issueOfSeries, stoppingError } from './import-errors.ts';
import type { LibraryFolder } from './library-folder.ts';
import { imports } from './schema/index.ts';
import { seriesSummariesById } from './series-records.ts';
import { storeSeries, type StoredSeries } from './store-series.ts';

export interface RunContext {
  db: Db;
  folder: LibraryFolder;
  imaging: Imaging;
  log: Log;
  importId: string;
  isSample: boolean;
  signal: AbortSignal;
  publish(progress: ImportProgress): void;
  /** A series has become visible. */
  onStored(stored: Extract<StoredSeries, { outcome: 'stored' }>): void;
}

/** Runs one import to its end; whatever happens, the answer is a summary that accounts for every file. */
export async function runImport(context: RunContext, paths: string[]): Promise<ImportSummary> {
  const { importId, folder, imaging, signal, log, db } = context;
  const started = Date.now();
  const summary: ImportSummary = {
    importId,
    state: 'running',
    startedAt: new Date(started).toISOString(),
    seconds: 0,
    accepted: [],
    alreadyPresent: [],
    refused: [],
    filesRead: 0,
  };
  const progress: Omit<ImportProgress, 'importId'> = {
    phase: 'looking', filesDone: 0, filesTotal: 0, seriesDone: 0, seriesTotal: 0, current: '',
  }; // prettier-ignore
  const tell = (change: Partial<typeof progress>) => {
    Object.assign(progress, change);
    context.publish({ importId, ...progress });
  };
  const accepted: string[] = [];
  const present: string[] = [];
  const account = () => {
    summary.seconds = (Date.now() - started) / 1000;
    summary.accepted = seriesSummariesById(db, accepted);
    summary.alreadyPresent = seriesSummariesById(db, present);
  };
  // Files that a browser handed over are named as the person knows them, not by where they were put down.
  const uploads = join(folder.importStaging(importId), 'upload') + sep;
  const shown = (path: string) => (path.startsWith(uploads) ? path.slice(uploads.length) : path);
  try {
    tell({});
    const tempDir = join(folder.importStaging(importId), 'unpacked');
    await mkdir(tempDir, { recursive: true });
    const plan = await imaging.plan(paths, {
      tempDir,
      signal,
      onProgress: ({ phase, filesDone, filesTotal, current }) =>
        tell({ phase, filesDone, filesTotal, current: shown(current) }),
    });
    signal.throwIfAborted();
    if (plan.refused.some(isForLackOfRoom))
      throw new LibraryError('disk-full', { path: folder.root });
    summary.refused = plan.refused.map((file) => ({ ...file, path: shown(file.path) }));
    summary.filesRead = plan.filesRead;
    const filesTotal = plan.series.reduce((sum, planned) => sum + planned.files.length, 0);
    tell({
      phase: 'decoding',
      filesDone: 0,
      filesTotal,
      seriesTotal: plan.series.length,
      current: '',
    });
    for (const planned of plan.series) {
      signal.throwIfAborted();
      const filesBefore = progress.filesDone;
      tell({ phase: 'decoding', current: titleOf(planned) });
      try {
        const stored = await storeSeries(
          context,
          planned,
          (done) => {
            const part = Math.min(1, done / Math.max(1, planned.slices.length));
            tell({ filesDone: filesBefore + Math.floor(planned.files.length * part) });
          },
          () => tell({ phase: 'storing' }),
        );
        (stored.outcome === 'stored' ? accepted : present).push(stored.seriesId);
        if (stored.outcome === 'stored') context.onStored(stored);
      } catch (error) {
        signal.throwIfAborted();
        const issue = issueOfSeries(error);
        if (!issue) throw error;
        log.warn('imports', `A series was refused: ${issue.code}`, { importId });
        summary.refused.push(...planned.files.map((file) => ({ path: shown(file.shownPath), issue })));
      }
      tell({ seriesDone: progress.seriesDone + 1, filesDone: filesBefore + planned.files.length });
      // So that an import that is cut off can still be accounted for.
      account();
      db.update(imports).set({ summary }).where(eq(imports.id, importId)).run();
    }
    summary.state = 'done';
  } catch (error) {
    const reason = stoppingError(error, folder.root);
    summary.state = signal.aborted || reason.code === 'cancelled' ? 'cancelled' : 'failed';
    if (summary.state === 'failed') summary.error = reason;
  }
  account();
  return summary;
}

const titleOf = (planned: PlannedSeries) =>
  planned.description ||
  planned.study.description ||
  planned.files[0]?.shownPath.split(/[\\/]/).at(-1) ||
  planned.modality;

/** An archive that could not be unpacked because the disk is full is not the archive's fault. */
const isForLackOfRoom = ({ issue }: RefusedFile) =>
  /ENOSPC|EDQUOT/.test(String(issue.params.reason ?? ''));
