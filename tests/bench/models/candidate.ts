import { readFileSync } from 'node:fs';
import type * as OnnxRuntime from 'onnxruntime-node';
import { sessionOptions } from '../../../src-main/inference/engine/sessions.ts';

/*
 * One way of running a network, in a process of its own, so that its peak memory is its own: graphs that run one after
 * the other, each taking what those before gave. Started by `startCandidate`.
 */

export interface CandidateConfig {
  runtime: 'node' | 'web';
  /** The graphs in their order; `optimised` as in the manifest. */
  graphs: { path: string; optimised?: boolean | undefined }[];
  /** A graph that is run once before any measurement; what it gives goes to the others. */
  before?: CandidateConfig['graphs'][number];
  /** How often the last graph runs; once if left out. */
  runs?: number;
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
async function load({
  path,
  optimised,
}: CandidateConfig['graphs'][number]): Promise<OnnxRuntime.InferenceSession> {
  if (config.runtime === 'web') {
    (runtime.env as unknown as { wasm: { numThreads: number } }).wasm.numThreads = config.threads;
    const options = { executionProviders: ['wasm'], graphOptimizationLevel: 'all' as const };
    return runtime.InferenceSession.create(readFileSync(path), options);
  }
  const options = {
    ...(config.plainOptions ? {} : sessionOptions('cpu', { optimised })),
    intraOpNumThreads: config.threads,
    ...(config.spinning ? { extra: { session: { intra_op: { allow_spinning: '1' } } } } : {}),
  };
  return runtime.InferenceSession.create(path, options);
}
for (const graph of config.graphs) sessions.push(await load(graph));
send({ loadMs: performance.now() - start });

let inputs: Record<string, OnnxRuntime.Tensor> = Object.fromEntries(
  config.inputs.map(({ name, dims, values }) => {
    const count = dims.reduce((product, dim) => product * dim, 1);
    const data = values ? Float32Array.from(values) : noise(count);
    return [name, new runtime.Tensor('float32', data, dims)] as const;
  }),
);
if (config.before) inputs = await withOutputs(await load(config.before), inputs);

async function withOutputs(
  session: OnnxRuntime.InferenceSession,
  feeds: Record<string, OnnxRuntime.Tensor>,
): Promise<Record<string, OnnxRuntime.Tensor>> {
  const wanted = session.inputNames.map((name) => [name, feeds[name]!] as const);
  return { ...feeds, ...(await session.run(Object.fromEntries(wanted))) };
}

process.on('message', () => void run());
process.on('disconnect', () => process.exit(0));

async function run(): Promise<void> {
  const began = performance.now();
  let feeds = inputs;
  for (const session of sessions.slice(0, -1)) feeds = await withOutputs(session, feeds);
  for (let at = 0; at < (config.runs ?? 1); at += 1) await withOutputs(sessions.at(-1)!, feeds);
  send({ ms: performance.now() - began, peakMb: peakMb() });
}
