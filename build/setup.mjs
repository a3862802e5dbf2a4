// Makes a fresh clone ready: exact packages from the lockfile, the project's own Node 24, the build.
// Built-in modules only, and plain JavaScript that Node 20 understands, because nothing is installed yet.
//
//   node build/setup.mjs [--build] [--quiet]
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const quiet = process.argv.includes('--quiet');
const say = (text) => quiet || process.stderr.write(`${text}\n`);

const [major] = process.versions.node.split('.').map(Number);
if (major < 20) {
  process.stderr.write(
    `Node ${process.versions.node} is too old to set MedSAM Workstation up. Install Node 20 or later and try again.\n`,
  );
  process.exit(1);
}

function run(what, command, args, { env = {}, cwd = root, mayFail = false } = {}) {
  const result = spawnSync(command, args, {
    cwd,
    env: { ...process.env, ...env },
    // Children write to stderr only, so that a command's stdout stays its own (--json).
    stdio: quiet ? ['ignore', 'ignore', 'pipe'] : ['ignore', 2, 2],
    shell: process.platform === 'win32' && command === 'npm',
  });
  if (result.status !== 0 && !mayFail) {
    if (result.stderr) process.stderr.write(result.stderr);
    process.stderr.write(`${what} failed (${[command, ...args].join(' ')}).\n`);
    process.exit(1);
  }
}

const sha256 = (parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

const stampMatches = (file, value) => existsSync(file) && readFileSync(file, 'utf8') === value;

function installPackages() {
  const stamp = join(root, 'node_modules', '.setup-stamp');
  const wanted = sha256([
    readFileSync(join(root, 'package-lock.json')),
    process.platform,
    process.arch,
  ]);
  if (stampMatches(stamp, wanted)) return;
  say('Installing the packages of package-lock.json (once, about half a minute) …');
  // Install scripts stay off: the native modules carry their binaries. Only the project's own Node
  // needs its script, which puts the binary of this platform in place.
  run('Installing packages', 'npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    env: { ONNXRUNTIME_NODE_INSTALL: 'skip' },
  });
  // Where no binary is published for a platform, with-node24.mjs falls back to the system's Node.
  run('Installing Node 24', process.execPath, ['installArchSpecificPackage.js'], {
    cwd: join(root, 'node_modules', 'node'),
    mayFail: true,
  });
  writeFileSync(stamp, wanted);
}

function* sourceFiles(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* sourceFiles(path);
    else if (!entry.name.endsWith('.test.ts')) yield path;
  }
}

function buildApplication() {
  const files = [
    ...['src-shared', 'src-main', 'src-renderer'].flatMap((name) => [...sourceFiles(join(root, name))]),
    join(root, 'electron.vite.config.ts'),
    join(root, 'package.json'),
    join(root, 'package-lock.json'),
  ].sort();
  const wanted = sha256(files.flatMap((file) => [relative(root, file), '\0', readFileSync(file)]));
  const stamp = join(root, 'out', '.build-stamp');
  if (stampMatches(stamp, wanted)) return;
  say('Building the application …');
  rmSync(join(root, 'out'), { recursive: true, force: true });
  run('Building', process.execPath, [
    'build/with-node24.mjs',
    'node_modules/electron-vite/bin/electron-vite.js',
    'build',
    '--logLevel',
    'warn',
  ]);
  mkdirSync(join(root, 'out'), { recursive: true });
  writeFileSync(stamp, wanted);
}

installPackages();
if (process.argv.includes('--build')) buildApplication();
