import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkpointFolder } from '../../../tests/support/checkpoint-files.ts';
import { forkChild, type ChildProcess } from '../../child-process.ts';
import { runTask } from './run-task.ts';

const task = { type: 'inspect', path: join(checkpointFolder, 'plain.pth') } as const;

it('answers, and its process has ended by then', async () => {
  let ended = false;
  const startChild: typeof forkChild = (options) => {
    const child = forkChild(options);
    child.onExit(() => (ended = true));
    return child;
  };
  expect(await runTask(task, { startChild })).toMatchObject({
    ok: false,
    error: { code: 'checkpoint-unknown-model' },
  });
  expect(ended).toBe(true);
});

it('says so when the process dies in the middle, and lives on', async () => {
  const startChild: typeof forkChild = (options): ChildProcess => {
    const child = forkChild(options);
    return { ...child, send: () => child.kill() };
  };
  expect(await runTask(task, { startChild })).toMatchObject({
    ok: false,
    error: { code: 'internal', detail: expect.stringContaining('ended by SIGKILL') },
  });
});

it('refuses what needs more memory than any model', async () => {
  const startChild: typeof forkChild = (options) => forkChild({ ...options, mostHeapMb: 8 });
  expect(await runTask(task, { startChild })).toMatchObject({
    ok: false,
    error: { code: 'checkpoint-too-large' },
  });
});

it('ends at once when it is cancelled, before and in the middle', async () => {
  const cancelled = { ok: false, error: { code: 'cancelled' } };
  expect(await runTask(task, { signal: AbortSignal.abort() })).toMatchObject(cancelled);
  const cancel = new AbortController();
  const answer = runTask(task, { signal: cancel.signal });
  cancel.abort();
  expect(await answer).toMatchObject(cancelled);
});
