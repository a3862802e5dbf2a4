import { fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { engineEnvironment } from '../../../src-main/inference/engine-process.ts';
import type { CandidateConfig, CandidateReply } from './candidate.ts';

/** A candidate that is loaded and waits to be told to run. */
export interface Candidate {
  name: string;
  loadMs: number;
  /** Milliseconds of each run so far. */
  times: number[];
  peakMb: number;
  run(): Promise<number>;
  end(): void;
}

/** Starts one in a process of its own. @throws Error with what it said when it cannot be loaded or run */
export async function startCandidate(name: string, config: CandidateConfig): Promise<Candidate> {
  const child = fork(
    fileURLToPath(new URL('./candidate.ts', import.meta.url)),
    [JSON.stringify(config)],
    {
      env: config.plainOptions ? process.env : engineEnvironment(),
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: ['--disable-warning=ExperimentalWarning'],
    },
  );
  let errors = '';
  child.stderr!.on('data', (data: Buffer) => (errors = (errors + data.toString()).slice(-2000)));
  const replies: CandidateReply[] = [];
  let ended = '';
  let wake = () => {};
  child.on('message', (message) => {
    replies.push(message as CandidateReply);
    wake();
  });
  child.on('exit', (code, signal) => {
    ended = `${name} ended (${signal ?? code}): ${errors}`;
    wake();
  });
  const reply = async (): Promise<CandidateReply> => {
    for (;;) {
      const first = replies.shift();
      if (first) return first;
      if (ended) throw new Error(ended);
      await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  const loaded = (await reply()) as { loadMs: number };
  const candidate: Candidate = {
    name,
    loadMs: loaded.loadMs,
    times: [],
    peakMb: NaN,
    async run() {
      child.send('run');
      const ran = (await reply()) as { ms: number; peakMb: number };
      candidate.peakMb = ran.peakMb;
      return ran.ms;
    },
    end: () => void child.kill('SIGKILL'),
  };
  return candidate;
}

/** onnxruntime's threads wait in a loop for some 30 ms after a run, which is not to disturb whoever is next. */
const PAUSE_MS = 100;

/** Runs all once to warm up, then round after round in turn, so that what disturbs the machine disturbs them alike. */
export async function interleave(
  candidates: Candidate[],
  { rounds, repeats = 1 }: { rounds: number; repeats?: number },
): Promise<void> {
  for (const candidate of candidates) await candidate.run();
  for (let round = 0; round < rounds; round += 1) {
    for (const candidate of candidates) {
      await sleep(PAUSE_MS);
      for (let repeat = 0; repeat < repeats; repeat += 1)
        candidate.times.push(await candidate.run());
    }
  }
}
