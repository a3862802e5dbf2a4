import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { engineEnvironment } from './engine-process.ts';

const script = fileURLToPath(new URL('../../tests/support/page-faults.ts', import.meta.url));
const faultsIn = (env: NodeJS.ProcessEnv) =>
  Number(execFileSync(process.execPath, [script], { env, encoding: 'utf8' }));

/** Only glibc knows the names that the engine is started with. */
const isGlibc =
  process.platform === 'linux' &&
  Boolean(
    (process.report.getReport() as { header: { glibcVersionRuntime?: string } }).header
      .glibcVersionRuntime,
  );

describe('the environment of the engine', () => {
  it.runIf(isGlibc)('keeps the memory of large tensors from one run to the next', () => {
    // Two tensors of 64 MB are 32,768 pages of 4 KB.
    expect(faultsIn(engineEnvironment())).toBeLessThan(3000);
  });

  it('leaves the rest of the environment as it is', () => {
    expect(engineEnvironment()).toMatchObject({ PATH: process.env.PATH });
  });
});
