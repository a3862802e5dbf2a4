import { parentPort } from 'node:worker_threads';
import { decodeSeries } from './decode.ts';
import { planImport } from './plan-import.ts';
import type { WorkerReply, WorkerRequest } from './worker-messages.ts';

/** Entry of the imaging worker: one job at a time, voxels given away without copying. */
const port = parentPort!;
const reply = (message: WorkerReply, transfer: ArrayBuffer[] = []) =>
  port.postMessage(message, transfer);

/** Progress often enough to be seen moving, not for each of ten thousand files. */
const progressEveryMs = 50;

port.on('message', (request: WorkerRequest) => {
  void (request.job === 'plan' ? plan(request) : decode(request));
});

async function plan({ paths, tempDir }: Extract<WorkerRequest, { job: 'plan' }>): Promise<void> {
  const rarely = throttled();
  try {
    const plan = await planImport(paths, {
      tempDir,
      onProgress: (progress) => rarely(() => reply({ is: 'plan-progress', progress })),
    });
    reply({ is: 'planned', plan });
  } catch (error) {
    reply({ is: 'plan-failed', reason: String(error) });
  }
}

async function decode({ planned }: Extract<WorkerRequest, { job: 'decode' }>): Promise<void> {
  const rarely = throttled();
  const result = await decodeSeries(planned, {
    onSlice: (done) => rarely(() => reply({ is: 'slices', done })),
  });
  if (!result.ok) return reply({ is: 'decoded', result });
  const { buffer } = result.value.voxels;
  reply({ is: 'decoded', result }, buffer instanceof ArrayBuffer ? [buffer] : []);
}

function throttled(): (action: () => void) => void {
  let last = 0;
  return (action) => {
    const now = Date.now();
    if (now - last < progressEveryMs) return;
    last = now;
    action();
  };
}
