import { fork } from 'node:child_process';
import { entryFile } from '../entry-file.ts';

/** A running engine process, however it was started. */
export interface EngineProcess {
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once when the process has ended, with what is known of the end. */
  onExit(listener: (detail: string) => void): void;
  /** Ends it at once, also in the middle of a run. */
  kill(): void;
}

/** Starts an engine process; the desktop host gives its own (a utility process). */
export type SpawnEngine = () => EngineProcess;

const KEPT_ERROR_OUTPUT = 4000;

/**
 * Without arenas of its own, onnxruntime asks the C library for every tensor. glibc would give the large ones back to
 * the system each time, and a slice would cost millions of page faults; so it is told to keep them. All graphs then
 * share one heap. Other C libraries do not know these names.
 */
export function engineEnvironment(): NodeJS.ProcessEnv {
  const large = String(4 * 1024 ** 3);
  return { ...process.env, MALLOC_MMAP_THRESHOLD_: large, MALLOC_TRIM_THRESHOLD_: large };
}

/** Starts the engine under the Node that runs this. */
export function forkEngine(): EngineProcess {
  const child = fork(entryFile('engine'), [], {
    serialization: 'advanced',
    env: engineEnvironment(),
    // Options of this process (a debugger's port, a test runner's loader) are not the engine's.
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let errorOutput = '';
  child.stderr?.on('data', (data: Buffer) => {
    errorOutput = (errorOutput + data.toString('utf8')).slice(-KEPT_ERROR_OUTPUT);
  });
  let ended = false;
  const listeners: ((detail: string) => void)[] = [];
  const end = (how: string) => {
    if (ended) return;
    ended = true;
    for (const listener of listeners) listener(errorOutput ? `${how}: ${errorOutput.trim()}` : how);
  };
  child.on('exit', (code, signal) =>
    end(signal ? `ended by ${signal}` : `ended with code ${code}`),
  );
  child.on('error', (error) => end(`could not be started or reached: ${error.message}`));
  return {
    // A failed send is followed by the exit event, which tells the same.
    send: (message) => child.send(message as object, () => undefined),
    onMessage: (listener) => child.on('message', listener),
    onExit: (listener) => listeners.push(listener),
    kill: () => child.kill('SIGKILL'),
  };
}
