import { forkChild, type StartChild } from '../../child-process.ts';
import { fail, type Result } from '../../../src-shared/result.ts';
import type { Task, TaskAnswer } from './worker.ts';

/** More than any model needs; a file that wants more is refused. */
const MOST_HEAP_MB = 1024;
/** Reading 375 MB from a slow disk takes a minute. */
const MOST_MS = 10 * 60_000;

/**
 * Does a task in a process of its own: whatever a file makes of its reader, the application goes on. Settles when that
 * process has ended, so that nobody holds its files any more. Errors: those of the task; `checkpoint-too-large` when it
 * runs out of memory or time; `cancelled`.
 */
export function runTask<T extends Task>(
  task: T,
  {
    startChild = forkChild,
    signal,
  }: { startChild?: StartChild; signal?: AbortSignal | undefined } = {},
): Promise<Result<TaskAnswer<T['type']>>> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve(fail('cancelled'));
    const child = startChild({
      entry: 'model-worker',
      serviceName: 'MedSAM Workstation model reader',
      mostHeapMb: MOST_HEAP_MB,
    });
    let result: Result<TaskAnswer<T['type']>> | null = null;
    const end = (given: NonNullable<typeof result>) => {
      result ??= given;
      child.kill();
    };
    const cancel = () => end(fail('cancelled'));
    const timer = setTimeout(
      () => end(fail('checkpoint-too-large', {}, 'It took too long.')),
      MOST_MS,
    );
    signal?.addEventListener('abort', cancel, { once: true });
    child.onMessage((message) => end(message as NonNullable<typeof result>));
    child.onExit((detail) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
      const code = /out of memory/i.test(detail) ? 'checkpoint-too-large' : 'internal';
      resolve(result ?? fail(code, {}, `The process that read the file ${detail}`));
    });
    child.send(task);
  });
}
