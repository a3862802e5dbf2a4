// Runs a script on the Node 24 that comes with the project's own packages, whatever Node the machine has.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Absolute path of the project's own Node. */
export function node24Path() {
  const require = createRequire(join(root, 'package.json'));
  const folder = dirname(require.resolve('node/package.json'));
  return join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { status, signal } = spawnSync(
    node24Path(),
    ['--disable-warning=ExperimentalWarning', ...process.argv.slice(2)],
    { stdio: 'inherit', env: process.env },
  );
  process.exit(signal ? 1 : (status ?? 1));
}
