import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { temporaryFolder } from '../../tests/support/test-library.ts';
import { claimLibraryForWindows } from './one-window-host.ts';

const folder = temporaryFolder();
afterEach(() => folder.remove());

/** Another process that holds the claim; resolves once it has it. */
async function otherProcess() {
  const module = join(import.meta.dirname, 'one-window-host.ts');
  const script = `import { claimLibraryForWindows } from ${JSON.stringify(module)};
    claimLibraryForWindows(${JSON.stringify(folder.path)}); console.log('held'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

test('a library that is shown by one process is refused to another, until that ends, however it ends', async () => {
  const other = await otherProcess();
  expect(() => claimLibraryForWindows(folder.path)).toThrow(
    expect.objectContaining({ error: { code: 'library-open-elsewhere', params: { path: folder.path } } }),
  );
  other.kill('SIGKILL');
  await once(other, 'exit');
  const release = claimLibraryForWindows(folder.path);
  expect(() => claimLibraryForWindows(folder.path)).toThrow();
  release();
  claimLibraryForWindows(folder.path)();
});
