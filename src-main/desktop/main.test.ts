import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import * as electron from '../../tests/support/electron-stand-in.ts';
import { smallApp } from '../../tests/support/small-app.ts';
import { createApp } from '../app.ts';
import { applicationRoot, entryFile } from '../entry-file.ts';

let folder: string;
/** A closed library with one picture, copied for each test that opens one. */
const template = mkdtempSync(join(tmpdir(), 'medsam-workstation-'));
let seriesId: string;
const library = () => join(folder, 'library');
const callNames = () => electron.calls.map(({ name }) => name);
const logText = () => readFileSync(join(library(), 'logs/medsam-workstation.log'), 'utf8');
const processEvents = ['uncaughtException', 'unhandledRejection'] as const;
let listenersBefore: Map<string, unknown[]>;

beforeAll(async () => {
  const small = await smallApp(template);
  seriesId = small.seriesId;
  await small.app.close();
});
afterAll(() => rmSync(template, { recursive: true, force: true, maxRetries: 5 }));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'medsam-workstation-'));
  electron.forgetAll();
  vi.stubEnv('MEDSAM_WORKSTATION_LIBRARY', library());
  listenersBefore = new Map(processEvents.map((name) => [name, process.listeners(name as 'exit')]));
});

afterEach(() => {
  for (const name of processEvents) {
    for (const listener of process.listeners(name as 'exit')) {
      if (!listenersBefore.get(name)!.includes(listener)) process.off(name, listener);
    }
  }
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** Runs Electron's entry as far as it goes before Electron is ready. */
async function startShell(): Promise<void> {
  vi.resetModules();
  vi.doMock('electron', () => electron);
  await import('./main.ts');
}

/** Runs the entry on a library with one picture until its window loads. */
async function openShell(): Promise<electron.BrowserWindow> {
  cpSync(join(template, 'library'), library(), { recursive: true });
  await startShell();
  electron.app.ready.resolve();
  await vi.waitFor(() => expect(callNames()).toContain('Menu.setApplicationMenu'), 30_000);
  return electron.BrowserWindow.last!;
}

async function closeShell(): Promise<void> {
  electron.app.emit('window-all-closed');
  expect(await electron.app.ended.promise).toBe(0);
}

describe('before Electron is ready', () => {
  test('the scheme is privileged, the sandbox is on, and no library is open', async () => {
    await startShell();
    expect(callNames()).toEqual([
      'app.setPath',
      'app.requestSingleInstanceLock',
      'protocol.registerSchemesAsPrivileged',
      'app.enableSandbox',
    ]);
    expect(electron.callsOf('protocol.registerSchemesAsPrivileged')).toEqual([
      [
        [
          {
            scheme: 'app',
            privileges: {
              standard: true,
              secure: true,
              supportFetchAPI: true,
              stream: true,
              codeCache: true,
            },
          },
        ],
      ],
    ]);
    expect(existsSync(join(library(), 'library.sqlite'))).toBe(false);
  });

  test('the lock is one per library: Chromium’s profile lies in its folder', async () => {
    await startShell();
    expect(electron.callsOf('app.setPath')).toEqual([
      ['userData', join(library(), 'desktop-profile')],
    ]);
  });

  test('`--library` chooses another library than the environment', async () => {
    const other = join(folder, 'other');
    const { argv } = process;
    process.argv = ['electron', '--no-sandbox', '/app', '--library', other];
    await startShell();
    process.argv = argv;
    expect(electron.callsOf('app.setPath')).toEqual([['userData', join(other, 'desktop-profile')]]);
  });
});

test('a second start on the same library leaves without opening it', async () => {
  electron.machine.lockIsFree = false;
  await startShell();
  electron.app.ready.resolve();
  expect(await electron.app.ended.promise).toBe(0);
  expect(callNames()).toEqual(['app.setPath', 'app.requestSingleInstanceLock', 'app.quit']);
  expect(existsSync(join(library(), 'library.sqlite'))).toBe(false);
});

test('opens one locked-down window, and closes in order without losing anything', async () => {
  const window = await openShell();

  const [[options]] = electron.callsOf('BrowserWindow') as [
    [{ show: boolean; webPreferences: object }],
  ];
  expect(options.show).toBe(false);
  expect(options.webPreferences).toEqual({
    preload: join(applicationRoot(), 'out/preload/preload.cjs'),
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    webSecurity: true,
    spellcheck: false,
  });
  expect(electron.callsOf('window.loadURL')).toEqual([['app://workstation/']]);
  // The rules are in force before there is a page that could break them.
  expect(electron.session.defaultSession.beforeRequest).not.toBeNull();
  expect(window.webContents.openHandler).not.toBeNull();
  expect(electron.protocol.handlers.has('app')).toBe(true);

  expect(callNames()).not.toContain('window.show');
  window.emit('ready-to-show');
  expect(callNames()).toContain('window.show');

  // The model is loaded ahead in the engine, which is a utility process here.
  await vi.waitFor(() => expect(callNames()).toContain('utilityProcess.fork'), 30_000);
  expect(electron.callsOf('utilityProcess.fork')[0]![0]).toBe(entryFile('engine'));

  window.minimized = true;
  electron.app.emit('second-instance');
  expect(callNames().slice(-2)).toEqual(['window.restore', 'window.focus']);

  await closeShell();
  expect(callNames().filter((name) => name === 'app.quit')).toHaveLength(2);
  // The engine went with the application; the log and the database were closed whole.
  expect(electron.utilityProcess.last!.pid).toBeUndefined();
  expect(existsSync(join(library(), 'library.sqlite-wal'))).toBe(false);
  const again = await createApp({ libraryDir: library(), host: 'cli' });
  expect(again.library.open(seriesId).ok).toBe(true);
  await again.close();
});

test('a page that dies is loaded anew; one that keeps dying is told and ended', async () => {
  const { webContents } = await openShell();
  webContents.emit('render-process-gone', {}, { reason: 'clean-exit', exitCode: 0 });
  expect(callNames()).not.toContain('webContents.reload');
  for (let n = 1; n <= 3; n++) {
    webContents.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 139 });
    expect(electron.callsOf('webContents.reload')).toHaveLength(n);
  }
  expect(logText()).toContain('"reason":"crashed"');
  expect(callNames()).not.toContain('dialog.showErrorBox');

  webContents.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 139 });
  expect(electron.callsOf('webContents.reload')).toHaveLength(3);
  expect(electron.callsOf('dialog.showErrorBox')).toHaveLength(1);
  expect(await electron.app.ended.promise).toBe(0);
});

test('errors that nobody caught are in the log', async () => {
  await openShell();
  const ours = (name: (typeof processEvents)[number]) =>
    process.listeners(name as 'exit').find((listener) => !listenersBefore.get(name)!.includes(listener)) as unknown as (error: unknown) => void; // prettier-ignore
  const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  ours('uncaughtException')(new Error('the first defect'));
  ours('unhandledRejection')('the second defect');
  written.mockRestore();
  expect(logText()).toContain('the first defect');
  expect(logText()).toContain('the second defect');
  await closeShell();
});

describe('what cannot start says why in a box, and ends', () => {
  async function failure(): Promise<{ title: string; text: string; code: number }> {
    await startShell();
    electron.app.ready.resolve();
    const code = await electron.app.ended.promise;
    const [[title, text]] = electron.callsOf('dialog.showErrorBox') as [[string, string]];
    expect(callNames()).not.toContain('BrowserWindow');
    return { title, text, code };
  }

  test('a file in place of the library’s folder', async () => {
    writeFileSync(library(), 'not a folder');
    const { text, code } = await failure();
    expect(code).toBe(1);
    expect(text).toContain(library());
  });

  test('a damaged library', async () => {
    cpSync(join(template, 'library'), library(), { recursive: true });
    writeFileSync(
      join(library(), 'library.sqlite'),
      'this is no database, however long it may be'.repeat(200),
    );
    const { title, text, code } = await failure();
    expect(code).toBe(1);
    expect(title).toBe('MedSAM Workstation cannot go on');
    expect(text).toMatch(/A file could not be read/);
    expect(text).toContain('What is stored is unchanged.');
    expect(text).toContain(library());
  });

  test('the box speaks the language of the system', async () => {
    electron.machine.locale = 'zh-CN';
    writeFileSync(library(), 'not a folder');
    expect((await failure()).title).toBe('MedSAM Workstation 无法继续运行');
  });

  test('a page that cannot be loaded', async () => {
    electron.machine.pageLoads = false;
    await openShell();
    await vi.waitFor(() => expect(callNames()).toContain('dialog.showErrorBox'));
    expect(electron.callsOf('dialog.showErrorBox')[0]![1]).toContain('ERR_FAILED');
    expect(await electron.app.ended.promise).toBe(0);
  });
});
