import { spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { applicationRoot } from '../../src-main/entry-file.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = applicationRoot();
const onUnix = process.platform !== 'win32';

/**
 * The launcher on a made-up application: its scripts are the real ones, Electron's package is one
 * that cannot fetch, and the browser host only tells how it was started.
 */
function madeUpApplication(): string {
  const folder = temporaryFolder();
  for (const path of ['build', 'out/main', 'node_modules/electron'])
    mkdirSync(join(folder, path), { recursive: true });
  for (const name of ['launch.mjs', 'with-node24.mjs'])
    copyFileSync(join(root, 'build', name), join(folder, 'build', name));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(
    join(folder, 'node_modules/electron/install.js'),
    `console.error('fetch failed from ' + process.env.ELECTRON_MIRROR); process.exit(1);`,
  );
  writeFileSync(
    join(folder, 'out/main/browser-host.js'),
    `console.log('browser host ' + JSON.stringify(process.argv.slice(2)));`,
  );
  return folder;
}

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

function launch(
  application: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    const { ELECTRON_OVERRIDE_DIST_PATH: _dist, ELECTRON_MIRROR: _mirror, ...rest } = process.env;
    const child = spawn(process.execPath, [join(application, 'build/launch.mjs'), ...args], {
      env: { ...rest, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (data) => (stdout += data));
    child.stderr.on('data', (data) => (stderr += data));
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

test.skipIf(!onUnix)(
  'a runtime on disk is started with the application and its arguments',
  async () => {
    const application = madeUpApplication();
    const dist = temporaryFolder();
    const binary =
      process.platform === 'darwin'
        ? join(dist, 'Electron.app/Contents/MacOS/Electron')
        : join(dist, 'electron');
    mkdirSync(join(binary, '..'), { recursive: true });
    writeFileSync(binary, `#!/bin/sh\nprintf '%s\\n' "$@" > "${dist}/arguments"\nexit 7\n`);
    chmodSync(binary, 0o755);
    const ended = await launch(application, ['--library', '/studies/my library'], {
      ELECTRON_OVERRIDE_DIST_PATH: dist,
    });
    // What the application ends with is what the command ends with.
    expect(ended.code).toBe(7);
    const given = readFileSync(join(dist, 'arguments'), 'utf8').trim().split('\n');
    const asRoot = process.getuid!() === 0 ? ['--no-sandbox'] : [];
    expect(given).toEqual([...asRoot, application, '--library', '/studies/my library']);
    expect(ended.stderr).toBe('');
  },
);

test('without a runtime it says what to do, and opens the browser host instead', async () => {
  const application = madeUpApplication();
  const ended = await launch(application, ['--library', '/studies'], {
    ELECTRON_MIRROR: 'http://127.0.0.1:9/',
  });
  expect(ended.code).toBe(0);
  expect(ended.stdout).toContain('browser host ["--library","/studies"]');
  for (const word of [
    'github.com',
    'release-assets.githubusercontent.com',
    'ELECTRON_MIRROR',
    'ELECTRON_OVERRIDE_DIST_PATH',
    'opens in the installed browser instead',
  ]) {
    expect(ended.stderr).toContain(word);
  }
});

test('a failed fetch is not tried again at each start, unless a mirror is named', async () => {
  const application = madeUpApplication();
  expect((await launch(application, [])).stderr).toContain('Fetching the Electron runtime');
  expect((await launch(application, [])).stderr).not.toContain('Fetching the Electron runtime');
  const mirrored = await launch(application, [], { ELECTRON_MIRROR: 'http://127.0.0.1:9/' });
  expect(mirrored.stderr).toContain('Fetching the Electron runtime');
});

test('`--browser` asks for the browser host without a word about Electron', async () => {
  const ended = await launch(madeUpApplication(), ['--browser', '--no-window']);
  expect(ended.stdout).toContain('browser host ["--no-window"]');
  expect(ended.stderr).toBe('');
});

const isBuilt = existsSync(join(root, 'out/main/browser-host.js'));

test.skipIf(!isBuilt || !onUnix)(
  'where there is no browser, the address is printed (skipped where not built)',
  async () => {
    const library = temporaryFolder();
    const child = spawn(
      process.execPath,
      [join(root, 'build/launch.mjs'), '--browser', '--library', library],
      {
        env: { HOME: library, PATH: library },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let stderr = '';
    child.stderr.on('data', (data) => (stderr += data));
    const address = await new Promise<string>((resolve, reject) => {
      child.stdout.once('data', (data) => resolve(String(data).trim()));
      child.once('exit', (code) => reject(new Error(`ended with ${code}: ${stderr}`)));
    });
    expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\//);
    expect(stderr).toContain('No Chromium, Chrome or Edge was found on this machine.');
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  },
);
