import { fork } from 'node:child_process';
import { entryFile, type EntryName } from './entry-file.ts';

/** A running child process, however it was started. */
export interface ChildProcess {
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once when the process has ended, with what is known of the end. */
  onExit(listener: (detail: string) => void): void;
  /** Ends it at once, also in the middle of a run. */
  kill(): void;
}

export interface ChildOptions {
  entry: EntryName;
  /** What a task manager shows. */
  serviceName: string;
  env?: NodeJS.ProcessEnv;
  /** Heap beyond which the process is ended. */
  mostHeapMb?: number;
}

/** Starts a child process; the desktop host gives its own (a utility process). */
export type StartChild = (options: ChildOptions) => ChildProcess;

export const KEPT_ERROR_OUTPUT = 4000;

/** Options of the parent (a debugger's port, a test runner's loader) are not the child's. */
export const nodeOptions = ({ mostHeapMb }: ChildOptions): string[] => [
  '--disable-warning=ExperimentalWarning',
  ...(mostHeapMb === undefined ? [] : [`--max-old-space-size=${mostHeapMb}`]),
];

/** Starts the child under the Node that runs this. */
export function forkChild(options: ChildOptions): ChildProcess {
  const child = fork(entryFile(options.entry), [], {
    serialization: 'advanced',
    env: options.env ?? process.env,
    execArgv: nodeOptions(options),
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
  // Not `exit`: what it wrote last may still be under way then.
  child.on('close', (code, signal) =>
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
