import { readFileSync } from 'node:fs';
import type * as OnnxRuntime from 'onnxruntime-node';
import { sessionOptions } from '../../../src-main/inference/engine/sessions.ts';

/*
 * One way of running a network, in a process of its own, so that its peak memory is its own: graphs that run one after
 * the other, each taking what those before gave. Started by `startCandidate`.
 */

export interface CandidateConfig {
  runtime: 'node' | 'web';
  /** Paths of the graphs in their order. */
  graphs: string[];
  /** Of the first graph; filled by formula, or the values given. */
  inputs: { name: string; dims: number[]; values?: number[] }[];
  threads: number;
  /** The runtime's own defaults rather than the workstation's options, but for the threads. */
  plainOptions?: boolean;
  /** Threads that wait for each other in a loop, as is onnxruntime's default. */
  spinning?: boolean;
}

export type CandidateReply = { loadMs: number } | { ms: number; peakMb: number };

const config = JSON.parse(process.argv[2]!) as CandidateConfig;
const send = (reply: CandidateReply) => process.send!(reply);

/** Largest resident memory so far; Linux only. */
function peakMb(): number {
  const status = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'));
  return status ? Number(status[1]) / 1024 : NaN;
}

/** Numbers in 0…1 that look random and are the same everywhere. */
const noise = (count: number) =>
  Float32Array.from({ length: count }, (_, at) => (Math.imul(at + 1, 0x9e3779b1) >>> 8) / 2 ** 24);

// Both packages have the same interface; the one for browsers also runs in Node.
const runtime = (await import(
  config.runtime === 'node' ? 'onnxruntime-node' : 'onnxruntime-web'
)) as typeof OnnxRuntime;
const start = performance.now();
const sessions: OnnxRuntime.InferenceSession[] = [];
for (const path of config.graphs) {
  if (config.runtime === 'web') {
    (runtime.env as unknown as { wasm: { numThreads: number } }).wasm.numThreads = config.threads;
    const options = { executionProviders: ['wasm'], graphOptimizationLevel: 'all' as const };
    sessions.push(await runtime.InferenceSession.create(readFileSync(path), options));
  } else {
    const options = {
      ...(config.plainOptions ? {} : sessionOptions('cpu')),
      intraOpNumThreads: config.threads,
      ...(config.spinning ? { extra: { session: { intra_op: { allow_spinning: '1' } } } } : {}),
    };
    sessions.push(await runtime.InferenceSession.create(path, options));
  }
}
send({ loadMs: performance.now() - start });

const inputs = config.inputs.map(({ name, dims, values }) => {
  const count = dims.reduce((product, dim) => product * dim, 1);
  const data = values ? Float32Array.from(values) : noise(count);
  return [name, new runtime.Tensor('float32', data, dims)] as const;
});

process.on('message', () => void run());
process.on('disconnect', () => process.exit(0));

async function run(): Promise<void> {
  const began = performance.now();
  let feeds: Record<string, OnnxRuntime.Tensor> = Object.fromEntries(inputs);
  for (const session of sessions) {
    const wanted = session.inputNames.map((name) => [name, feeds[name]!] as const);
    feeds = { ...feeds, ...(await session.run(Object.fromEntries(wanted))) };
  }
  send({ ms: performance.now() - began, peakMb: peakMb() });
}
