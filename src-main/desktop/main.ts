import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { app as electronApp, dialog, session, type BrowserWindow } from 'electron';
import { createApp, type App } from '../app.ts';
import { applicationRoot } from '../entry-file.ts';
import { defaultLibraryFolder } from '../library/library-folder.ts';
import { serveContract } from './contract-port.ts';
import { serveDialogs } from './dialogs.ts';
import { startUtilityChild } from './utility-child.ts';
import { failureBox, type Language } from './failure.ts';
import { lockDown } from './lock-down.ts';
import { installMenu } from './menu.ts';
import { registerApplicationScheme, serveApplication } from './scheme.ts';
import { openWindow } from './window.ts';

/** Electron's entry. Everything that is not about windows and the system is in `app.ts`. */

let app: App | null = null;
let window: BrowserWindow | null = null;
const libraryDir = chosenLibrary();

/** `--library DIR` as in the other hosts; switches of Chromium beside it are not ours. */
function chosenLibrary(): string {
  const { values } = parseArgs({
    args: process.argv.slice(1),
    options: { library: { type: 'string' } },
    strict: false,
  });
  return typeof values.library === 'string' ? values.library : defaultLibraryFolder();
}

const language = (): Language => (electronApp.getLocale().startsWith('zh') ? 'zh-CN' : 'en');

/** Says why, and leaves: a window that never comes would leave the person waiting. */
function failWith(reason: unknown): void {
  dialog.showErrorBox(...failureBox(reason, libraryDir, language()));
  if (app) electronApp.quit();
  else electronApp.exit(1);
}

function logDefect(what: string, error: unknown): void {
  const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
  app?.log.error('desktop', what, { reason });
  process.stderr.write(`${what}: ${reason}\n`);
}

/** Windows are closed by now; services end in order, and only then does the process. */
function closeBeforeQuit(event: { preventDefault(): void }): void {
  if (!app) return;
  const closing = app;
  app = null;
  event.preventDefault();
  closing
    .close()
    .catch((error: unknown) => logDefect('Closing failed', error))
    .finally(() => electronApp.quit());
}

async function open(): Promise<void> {
  await electronApp.whenReady();
  const root = applicationRoot();
  app = await createApp({ libraryDir, host: 'desktop', startChild: startUtilityChild });
  lockDown(electronApp, session.defaultSession);
  serveApplication(app, join(root, 'out/renderer'));
  serveContract(app);
  window = openWindow({
    preloadFile: join(root, 'out/preload/preload.cjs'),
    log: app.log,
    onHopeless: failWith,
  });
  serveDialogs(window);
  installMenu(window, language());
}

function start(): void {
  // Chromium's own files have a place in the library folder; so the lock below is one per library.
  const profile = join(libraryDir, 'desktop-profile');
  mkdirSync(profile, { recursive: true });
  electronApp.setPath('userData', profile);
  // One library has one window: a second start brings the first one to the front.
  if (!electronApp.requestSingleInstanceLock()) {
    electronApp.quit();
    return;
  }
  registerApplicationScheme();
  electronApp.enableSandbox();
  process.on('uncaughtException', (error) => logDefect('An error was not caught', error));
  process.on('unhandledRejection', (error) => logDefect('A promise was rejected unseen', error));
  electronApp.on('second-instance', () => {
    if (window?.isMinimized()) window.restore();
    window?.focus();
  });
  electronApp.on('window-all-closed', () => electronApp.quit());
  electronApp.on('will-quit', closeBeforeQuit);
  open().catch(failWith);
}

try {
  start();
} catch (error) {
  // A library folder that cannot be made; the box needs a ready application.
  void electronApp.whenReady().then(() => failWith(error));
}
