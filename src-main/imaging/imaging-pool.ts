import { Worker } from 'node:worker_threads';
import { fail, type Result } from '../../src-shared/result.ts';
import { entryFile } from '../entry-file.ts';
import type { PlanProgress } from './plan-import.ts';
import type { DecodedVolume, ImportPlan, PlannedSeries } from './types.ts';
import type { WorkerReply, WorkerRequest } from './worker-messages.ts';

export interface ImagingPool {
  /** `planImport` in a worker; throws after an abort or a crash. The caller removes `tempDir`. */
  plan(
    paths: readonly string[],
    options: {
      tempDir: string;
      signal?: AbortSignal;
      onProgress?: (progress: PlanProgress) => void;
    },
  ): Promise<ImportPlan>;
  /** `decodeSeries` in a worker; a crash of the worker is `decode-failed` for this series only. An abort throws. */
  decode(
    planned: PlannedSeries,
    options?: { signal?: AbortSignal; onSlice?: (done: number) => void },
  ): Promise<Result<DecodedVolume>>;
  /** Ends the workers; jobs under way or waiting end as if aborted. */
  close(): Promise<void>;
}

/** WebAssembly memory never shrinks: a worker that held this much is replaced. */
const recycleAboveBytes = 256 * 2 ** 20;

type Outcome = { crashed: string } | { cancelled: true } | { reply: WorkerReply };

interface Job {
  request: WorkerRequest;
  signal: AbortSignal | undefined;
  onReply: (reply: WorkerReply) => void;
  settle: (outcome: Outcome) => void;
}

interface Slot {
  worker: Worker | null;
  /** Ends the job under way; null while idle. */
  finish: ((outcome: Outcome, keepWorker: boolean) => void) | null;
  onReply: (reply: WorkerReply) => void;
}

/**
 * Workers that read images, so that neither a large file nor a broken one holds up or takes down the
 * process that asks. Started when needed; they do not keep the process alive while idle.
 */
export function createImagingPool({
  size = 2,
  workerFile = entryFile('imaging-worker'),
}: { size?: number; workerFile?: string } = {}): ImagingPool {
  const waiting: Job[] = [];
  const slots = Array.from({ length: size }, (): Slot => ({
    worker: null,
    finish: null,
    onReply: () => {},
  }));
  let closed = false;

  function start(): void {
    for (const slot of slots) {
      if (slot.finish) continue;
      const job = waiting.shift();
      if (!job) return;
      run(slot, job);
    }
  }

  function run(slot: Slot, job: Job): void {
    const worker = (slot.worker ??= startWorker(workerFile, slot));
    const cancel = () => slot.finish?.({ cancelled: true }, false);
    slot.onReply = job.onReply;
    slot.finish = (outcome, keepWorker) => {
      job.signal?.removeEventListener('abort', cancel);
      slot.finish = null;
      if (keepWorker) worker.unref();
      else {
        slot.worker = null;
        void worker.terminate();
      }
      job.settle(outcome);
      start();
    };
    if (job.signal?.aborted) return cancel();
    job.signal?.addEventListener('abort', cancel, { once: true });
    worker.ref();
    worker.postMessage(job.request);
  }

  /** The worker's reply, or why there is none. Rejects when aborted or closed. */
  function submit(
    request: WorkerRequest,
    signal: AbortSignal | undefined,
    onReply: (reply: WorkerReply) => void,
  ): Promise<{ reply: WorkerReply } | { crashed: string }> {
    return new Promise((resolve, reject) => {
      const aborted = () =>
        signal?.reason ?? new DOMException('The reader was closed', 'AbortError');
      if (closed || signal?.aborted) return reject(aborted());
      const settle: Job['settle'] = (outcome) => {
        if ('cancelled' in outcome) reject(aborted());
        else resolve(outcome);
      };
      waiting.push({ request, signal, onReply, settle });
      start();
    });
  }

  return {
    async plan(paths, { tempDir, signal, onProgress }) {
      const request: WorkerRequest = { job: 'plan', paths: [...paths], tempDir };
      const outcome = await submit(request, signal, (reply) => {
        if (reply.is === 'plan-progress') onProgress?.(reply.progress);
      });
      if ('crashed' in outcome) throw new Error(outcome.crashed);
      if (outcome.reply.is === 'planned') return outcome.reply.plan;
      throw new Error(
        outcome.reply.is === 'plan-failed' ? outcome.reply.reason : 'unexpected reply',
      );
    },
    async decode(planned, { signal, onSlice } = {}) {
      const outcome = await submit({ job: 'decode', planned }, signal, (reply) => {
        if (reply.is === 'slices') onSlice?.(reply.done);
      });
      if ('reply' in outcome && outcome.reply.is === 'decoded') return outcome.reply.result;
      const reason = 'crashed' in outcome ? outcome.crashed : 'unexpected reply';
      const path = planned.files[0]?.shownPath ?? '';
      return fail('decode-failed', { path, reason, issue: 'decode-failed' }, reason);
    },
    async close() {
      closed = true;
      for (const job of waiting.splice(0)) job.settle({ cancelled: true });
      const workers = slots.map((slot) => slot.worker);
      for (const slot of slots) slot.finish?.({ cancelled: true }, false);
      await Promise.all(workers.map((worker) => worker?.terminate()));
    },
  };
}

function startWorker(file: string, slot: Slot): Worker {
  // The image readers write diagnostics of their own; they go nowhere, outcomes come as messages.
  const worker = new Worker(file, { stdout: true, stderr: true });
  worker.stdout.resume();
  worker.stderr.resume();
  worker.on('message', (reply: WorkerReply) => {
    if (slot.worker !== worker) return;
    if (reply.is === 'plan-progress' || reply.is === 'slices') slot.onReply(reply);
    else slot.finish?.({ reply }, !worthRecycling(reply));
  });
  const died = (reason: string) => {
    if (slot.worker !== worker) return;
    slot.worker = null;
    slot.finish?.({ crashed: reason }, false);
  };
  worker.on('error', (error) => died(String(error)));
  worker.on('exit', (code) => died(`the reader ended with code ${code}`));
  return worker;
}

const worthRecycling = (reply: WorkerReply): boolean =>
  reply.is === 'decoded' &&
  (!reply.result.ok || reply.result.value.voxels.byteLength > recycleAboveBytes);
