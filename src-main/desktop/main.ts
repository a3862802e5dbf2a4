import { join } from 'node:path';
import { app as electronApp, session, type BrowserWindow } from 'electron';
import { createApp, type App } from '../app.ts';
import { applicationRoot } from '../entry-file.ts';
import { defaultLibraryFolder } from '../library/library-folder.ts';
import { serveContract } from './contract-port.ts';
import { serveDialogs } from './dialogs.ts';
import { spawnUtilityEngine } from './engine-process.ts';
import { lockDown } from './lock-down.ts';
import { installMenu } from './menu.ts';
import { registerApplicationScheme, serveApplication } from './scheme.ts';
import { openWindow } from './window.ts';

/** Electron's entry. Everything that is not about windows and the system is in `app.ts`. */
async function start(): Promise<void> {
  // One library has one window: a second start brings the first one to the front.
  if (!electronApp.requestSingleInstanceLock()) {
    electronApp.quit();
    return;
  }
  registerApplicationScheme();
  electronApp.enableSandbox();

  let window: BrowserWindow | null = null;
  let app: App | null = null;
  electronApp.on('second-instance', () => {
    if (window?.isMinimized()) window.restore();
    window?.focus();
  });
  electronApp.on('window-all-closed', () => electronApp.quit());
  electronApp.on('will-quit', (event) => {
    if (!app) return;
    const closing = app;
    app = null;
    event.preventDefault();
    void closing.close().finally(() => electronApp.quit());
  });

  await electronApp.whenReady();
  const root = applicationRoot();
  app = await createApp({
    libraryDir: process.env.MEDSAM_WORKSTATION_LIBRARY ?? defaultLibraryFolder(),
    host: 'desktop',
    spawnEngine: spawnUtilityEngine,
  });
  lockDown(electronApp, session.defaultSession);
  serveApplication(app, join(root, 'out/renderer'));
  serveContract(app);
  window = openWindow(join(root, 'out/preload/preload.cjs'));
  serveDialogs(window);
  installMenu(window, electronApp.getLocale().startsWith('zh') ? 'zh-CN' : 'en');
}

void start();
