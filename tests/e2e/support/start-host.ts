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
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const nextAddress = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`The host ended with ${child.exitCode} before it gave an address.`);
    return value as string;
  };
  return { process: child, address: await nextAddress(), nextAddress };
}
