// npm start: opens the workstation in Electron, or, where its runtime cannot be had, the same
// application from the browser host in an installed browser.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { node24Path } from './with-node24.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const say = (text) => process.stderr.write(`${text}\n`);
const argumentsForApp = process.argv.slice(2);

/** Path of an Electron binary that is already on this machine, or null. */
function electronOnDisk() {
  const packageFolder = join(root, 'node_modules', 'electron');
  const override = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  const names = { win32: 'electron.exe', darwin: 'Electron.app/Contents/MacOS/Electron' };
  const name = names[process.platform] ?? 'electron';
  const pathFile = join(packageFolder, 'path.txt');
  const candidates = [
    override && join(override, name),
    existsSync(pathFile) && join(packageFolder, 'dist', readFileSync(pathFile, 'utf8').trim()),
  ];
  return candidates.find((path) => path && existsSync(path)) ?? null;
}

/** Fetches the runtime once; a failure is remembered for a day, so that later starts are quick. */
function fetchElectron() {
  const failure = join(root, 'node_modules', '.electron-not-fetched');
  const mirror = process.env.ELECTRON_MIRROR;
  const rememberedMs = 24 * 3600 * 1000;
  if (!mirror && existsSync(failure) && Date.now() - statSync(failure).mtimeMs < rememberedMs) return null;
  say('Fetching the Electron runtime (once) …');
  const fetched = spawnSync(node24Path(), [join(root, 'node_modules/electron/install.js')], {
    cwd: root,
    encoding: 'utf8',
    timeout: 300_000,
  });
  const electron = electronOnDisk();
  if (electron) {
    rmSync(failure, { force: true });
    return electron;
  }
  writeFileSync(failure, fetched.stderr ?? '');
  return null;
}

function open(command, args) {
  const child = spawn(command, args, { cwd: root, stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 0)));
}

const wantsBrowser = argumentsForApp.includes('--browser');
const electron = wantsBrowser ? null : (electronOnDisk() ?? fetchElectron());

if (electron) {
  // Chromium's sandbox refuses to run as root; containers do that, clinical PCs should not.
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  open(electron, [...asRoot, root, ...argumentsForApp]);
} else {
  if (!wantsBrowser) {
    say(
      [
        'The Electron runtime is not on this machine and could not be fetched, so the workstation opens in the installed browser instead: the same application, on this machine only.',
        'To get the desktop window, do one of these and run `npm start` again:',
        '  - allow downloads from github.com and release-assets.githubusercontent.com;',
        '  - set ELECTRON_MIRROR to a mirror of the Electron releases that can be reached from here;',
        '  - set ELECTRON_OVERRIDE_DIST_PATH to a folder with an unzipped Electron runtime.',
      ].join('\n'),
    );
  }
  open(node24Path(), [
    '--disable-warning=ExperimentalWarning',
    join(root, 'out/main/browser-host.js'),
    ...argumentsForApp.filter((argument) => argument !== '--browser'),
  ]);
}
