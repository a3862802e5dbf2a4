import { Worker } from 'node:worker_threads';
import { entryFile } from '../../entry-file.ts';
import { fail, type Result } from '../../../src-shared/result.ts';
import type { Task, TaskAnswer } from './worker.ts';

/** More than any model needs; a file that wants more is refused. */
const MOST_HEAP_MB = 1024;
/** Reading 375 MB from a slow disk takes a minute. */
const MOST_MS = 10 * 60_000;

/**
 * Does a task in a worker. Errors: those of the task; `checkpoint-too-large` when the worker runs out of memory;
 * `cancelled`.
 */
export function runTask<T extends Task>(
  task: T,
  signal?: AbortSignal,
): Promise<Result<TaskAnswer<T['type']>>> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve(fail('cancelled'));
    const worker = new Worker(entryFile('model-worker'), {
      workerData: task,
      resourceLimits: { maxOldGenerationSizeMb: MOST_HEAP_MB },
    });
    const settle = (result: Result<TaskAnswer<T['type']>>) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
      resolve(result);
      void worker.terminate();
    };
    const cancel = () => settle(fail('cancelled'));
    const timer = setTimeout(
      () => settle(fail('checkpoint-too-large', {}, 'It took too long.')),
      MOST_MS,
    );
    signal?.addEventListener('abort', cancel, { once: true });
    worker.once('message', settle);
    worker.once('error', (error: NodeJS.ErrnoException) => {
      settle(
        error.code === 'ERR_WORKER_OUT_OF_MEMORY'
          ? fail('checkpoint-too-large', {}, error.message)
          : fail('internal', {}, error.stack ?? error.message),
      );
    });
    worker.once('exit', (code) =>
      settle(fail('internal', {}, `The worker ended with code ${code}.`)),
    );
  });
}
