import { desc, eq, inArray, ne } from 'drizzle-orm';
import { EventEmitter, on } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ImportProgress, ImportSummary } from '../../src-shared/contract/imports.ts';
import { fail, ok, type Result } from '../../src-shared/result.ts';
import type { Log } from '../audit/log.ts';
import { type Db, writeTransaction } from './database.ts';
import type { Imaging } from './imaging.ts';
import { runImport } from './import-run.ts';
import { stoppingError } from './import-errors.ts';
import type { LibraryFolder } from './library-folder.ts';
import type { LibraryChanges } from './library-changes.ts';
import { sweepLooseFiles } from './loose-files.ts';
import { imports, looseFiles } from './schema/index.ts';
import { stagedPathBelow } from './staged-path.ts';
import { ABANDONED_AFTER_MS, createUploadClock, type UploadClock } from '../uploads.ts';

export interface ImportService {
  /** Imports files and folders of this machine's disk. */
  startPaths(paths: string[], options?: { isSample?: boolean }): Result<{ importId: string }>;
  /** Opens a staging place that the host fills through {@link ImportService.stagedFilePath}. */
  stage(): Result<{ importId: string }>;
  /** Where an uploaded file is to be written; its folder is made. Refuses paths that lead outside. */
  stagedFilePath(importId: string, relativePath: string): Promise<Result<string>>;
  /** Clears a staging place that was not started; an import under way goes on. */
  discardStaged(importId: string): void;
  startStaged(importId: string, options?: { isSample?: boolean }): Result<{ importId: string }>;
  /** The latest event at once, then all that follow; ends after the one with the summary. */
  progress(importId: string, signal?: AbortSignal): AsyncIterableIterator<ImportProgress>;
  /** The latest events of imports that a person started and that have not ended, the oldest first. */
  running(): ImportProgress[];
  /** Resolves when the import has ended. */
  finished(importId: string): Promise<ImportSummary>;
  /** Stops an import; what it has stored whole stays. */
  cancel(importId: string): Promise<Result<Record<string, never>>>;
  history(limit: number): ImportSummary[];
  /** Cancels what runs and waits for it. */
  close(): Promise<void>;
}

interface Running {
  events: EventEmitter;
  last: ImportProgress;
  abort: AbortController;
  /** Of a staging place, which is cleared when nothing is uploaded any more. */
  upload: UploadClock | null;
  done: Promise<ImportSummary> | null;
  /** The sample patient comes by itself: nobody waits for it. */
  isSample: boolean;
}

export const heartbeatMs = 15_000;

export function createImportService(options: {
  db: Db;
  folder: LibraryFolder;
  imagingPool: Imaging;
  log: Log;
  changes: LibraryChanges;
  /** Told of series that were replaced by what was sent again. */
  forget?: (seriesIds: readonly string[]) => void;
  abandonedAfterMs?: number;
}): ImportService {
  const { db, folder, log, changes } = options;
  const running = new Map<string, Running>();
  /** One import at a time: two would double the memory and halve the speed of each. */
  let queue: Promise<unknown> = Promise.resolve();

  const heartbeat = setInterval(() => {
    const ids = [...running].filter(([, run]) => run.last.phase !== 'finished').map(([id]) => id);
    if (ids.length === 0) return;
    try {
      db.update(imports)
        .set({ heartbeatAt: new Date().toISOString() })
        .where(inArray(imports.id, ids))
        .run();
    } catch {
      // The library is locked or its disk full: the import itself will meet that and say so.
    }
  }, heartbeatMs);
  heartbeat.unref();

  const begin = (state: 'staging' | 'running'): Result<{ importId: string }> => {
    const importId = crypto.randomUUID();
    const now = new Date().toISOString();
    try {
      db.insert(imports)
        .values({ id: importId, state, startedAt: now, processId: process.pid, heartbeatAt: now })
        .run();
    } catch (error) {
      return { ok: false, error: stoppingError(error, folder.root) };
    }
    const events = new EventEmitter();
    events.setMaxListeners(0);
    running.set(importId, {
      events,
      abort: new AbortController(),
      upload:
        state === 'staging'
          ? createUploadClock(() => discardStaged(importId), options.abandonedAfterMs ?? ABANDONED_AFTER_MS)
          : null,
      done: null,
      isSample: false,
      last: {
        importId, phase: 'looking', filesDone: 0, filesTotal: 0, seriesDone: 0, seriesTotal: 0, current: '',
      }, // prettier-ignore
    });
    return ok({ importId });
  };

  const publish = (run: Running, progress: ImportProgress) => {
    run.last = progress;
    run.events.emit('progress', progress);
    if (progress.phase === 'finished') run.events.emit('end');
  };

  const start = (importId: string, paths: string[], isSample: boolean) => {
    const run = running.get(importId)!;
    run.upload?.stop();
    run.isSample = isSample;
    const work = async (): Promise<ImportSummary> => {
      log.info('imports', 'Import started', { importId });
      const summary = await runImport(
        {
          db, folder, log, importId, isSample,
          imaging: options.imagingPool,
          signal: run.abort.signal,
          publish: (progress) => publish(run, progress),
          onStored: ({ patientId, replaced }) => {
            if (replaced.length > 0) options.forget?.(replaced);
            changes.publish({ kind: replaced.length > 0 ? 'changed' : 'imported', patientIds: [patientId] });
          },
        },
        paths,
      ); // prettier-ignore
      await conclude(run, summary);
      return summary;
    };
    run.done = queue.then(work);
    queue = run.done.catch(() => undefined);
  };

  const conclude = async (run: Running, summary: ImportSummary) => {
    const { importId } = summary;
    await rm(folder.importStaging(importId), { recursive: true, force: true }).catch(
      () => undefined,
    );
    try {
      writeTransaction(db, (tx) => {
        tx.update(looseFiles)
          .set({ importId: null })
          .where(eq(looseFiles.importId, importId))
          .run();
        tx.update(imports)
          .set({ state: summary.state, seconds: summary.seconds, summary })
          .where(eq(imports.id, importId))
          .run();
      });
      sweepLooseFiles(db, folder);
    } catch (error) {
      // Left for the next opening of the library, which finds the import without a living process.
      log.error(
        'imports',
        `The end of an import could not be recorded: ${stoppingError(error, '').code}`,
        { importId },
      );
    }
    log.info('imports', `Import ${summary.state}`, {
      importId,
      accepted: summary.accepted.length,
      alreadyPresent: summary.alreadyPresent.length,
      refused: summary.refused.length,
      seconds: summary.seconds,
      ...(summary.error ? { error: summary.error.code } : {}),
    });
    publish(run, { ...run.last, importId, phase: 'finished', current: '', summary });
  };

  const staging = (importId: string): Running | null => {
    const run = running.get(importId);
    return run && run.done === null && run.last.phase !== 'finished' ? run : null;
  };

  const clearStaged = async (importId: string) => {
    const run = staging(importId);
    run?.upload?.stop();
    if (run) await conclude(run, { ...emptySummary(importId), state: 'cancelled' });
  };

  const discardStaged = (importId: string): void => {
    clearStaged(importId).catch((error: unknown) =>
      log.error('imports', 'An upload could not be cleared', { importId, reason: String(error) }),
    );
  };

  const pastSummary = (importId: string): ImportSummary | null =>
    db.select({ summary: imports.summary }).from(imports).where(eq(imports.id, importId)).get()
      ?.summary ?? null;

  async function* follow(
    importId: string,
    signal?: AbortSignal,
  ): AsyncIterableIterator<ImportProgress> {
    const run = running.get(importId);
    if (!run) {
      const summary = pastSummary(importId);
      if (summary) yield finishedProgress(summary);
      return;
    }
    const events = on(run.events, 'progress', { signal, close: ['end'] });
    try {
      const first = run.last;
      yield first;
      if (first.phase === 'finished') return;
      for await (const [progress] of events as AsyncIterable<[ImportProgress]>) {
        yield progress;
        if (progress.phase === 'finished') return;
      }
    } catch (error) {
      if (!signal?.aborted) throw error;
    } finally {
      await events.return?.();
    }
  }

  return {
    startPaths: (paths, { isSample = false } = {}) => {
      const begun = begin('running');
      if (begun.ok) start(begun.value.importId, paths, isSample);
      return begun;
    },
    stage: () => begin('staging'),
    stagedFilePath: async (importId, relativePath) => {
      const run = staging(importId);
      if (!run) return fail('not-found', { what: 'import', id: importId });
      run.upload?.touch();
      const path = stagedPathBelow(join(folder.importStaging(importId), 'upload'), relativePath);
      if (path === null)
        return fail(
          'invalid-request',
          { path: relativePath },
          'the path leads outside the staging folder',
        );
      try {
        await mkdir(dirname(path), { recursive: true });
      } catch (error) {
        return { ok: false, error: stoppingError(error, folder.root) };
      }
      return ok(path);
    },
    discardStaged,
    startStaged: (importId, { isSample = false } = {}) => {
      if (!staging(importId)) return fail('not-found', { what: 'import', id: importId });
      db.update(imports).set({ state: 'running' }).where(eq(imports.id, importId)).run();
      start(importId, [join(folder.importStaging(importId), 'upload')], isSample);
      return ok({ importId });
    },
    progress: follow,
    running: () =>
      [...running.values()]
        .filter((run) => run.done !== null && !run.isSample && run.last.phase !== 'finished')
        .map((run) => run.last),
    finished: async (importId) => {
      const summary = (await running.get(importId)?.done) ?? pastSummary(importId);
      if (!summary) throw new Error('No such import');
      return summary;
    },
    cancel: async (importId) => {
      const run = running.get(importId);
      if (!run) return fail('not-found', { what: 'import', id: importId });
      run.abort.abort();
      await clearStaged(importId);
      return ok({});
    },
    history: (limit) =>
      db.select({ summary: imports.summary }).from(imports).where(ne(imports.state, 'staging'))
        .orderBy(desc(imports.startedAt)).limit(limit).all().flatMap((row) => row.summary ?? []), // prettier-ignore
    close: async () => {
      clearInterval(heartbeat);
      for (const [importId, run] of running) {
        run.abort.abort();
        await clearStaged(importId);
      }
      await Promise.allSettled([...running.values()].map((run) => run.done));
    },
  };
}

const emptySummary = (importId: string): ImportSummary => ({
  importId,
  state: 'running',
  startedAt: new Date().toISOString(),
  seconds: 0,
  accepted: [],
  alreadyPresent: [],
  refused: [],
  filesRead: 0,
});

const finishedProgress = (summary: ImportSummary): ImportProgress => ({
  importId: summary.importId,
  phase: 'finished',
  filesDone: summary.filesRead,
  filesTotal: summary.filesRead,
  seriesDone: summary.accepted.length + summary.alreadyPresent.length,
  seriesTotal: summary.accepted.length + summary.alreadyPresent.length,
  current: '',
  summary,
});
