import { spawn, type ChildProcess } from 'node:child_process';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

export interface StartedHost {
  process: ChildProcess;
  /** The first address; it works once. */
  address: string;
  /** The address that the host printed after the one before was used. */
  nextAddress(): Promise<string>;
}

/** Ends a host and waits until it is gone. */
export async function endHost(host: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (host.exitCode !== null || host.signalCode !== null) return;
  const gone = new Promise((resolve) => host.once('exit', resolve));
  host.kill(signal);
  await gone;
}

/** Starts the browser host without a window; resolves when it is ready. */
export async function startHost(
  libraryDir: string,
  environment: Record<string, string> = {},
): Promise<StartedHost> {
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      join(root, 'out/main/browser-host.js'),
      '--no-window',
      '--library',
      libraryDir,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...environment } },
  );
  // A test run that is broken off must not leave hosts behind.
  const orphan = () => child.kill('SIGKILL');
  process.once('exit', orphan);
  child.once('exit', () => process.off('exit', orphan));
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const nextAddress = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`The host ended with ${child.exitCode} before it gave an address.`);
    return value as string;
  };
  return { process: child, address: await nextAddress(), nextAddress };
}
