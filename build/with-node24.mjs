// Runs a script on the Node 24 that comes with the project's own packages, whatever Node the machine has.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Absolute path of the project's own Node, or of the running one where that is new enough. */
export function node24Path() {
  const own = join(
    root,
    'node_modules/node/bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  );
  if (existsSync(own)) return own;
  const [major, minor] = process.versions.node.split('.').map(Number);
  // 22.18 is the first to run TypeScript sources directly.
  if (major > 22 || (major === 22 && minor >= 18)) return process.execPath;
  process.stderr.write(
    `There is no packaged Node 24 for ${process.platform}-${process.arch}, and Node ${process.versions.node} is too old. ` +
      'Install Node 24 and run the command again.\n',
  );
  process.exit(1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { status, signal } = spawnSync(
    node24Path(),
    ['--disable-warning=ExperimentalWarning', ...process.argv.slice(2)],
    { stdio: 'inherit' },
  );
  process.exit(signal ? 1 : (status ?? 1));
}
