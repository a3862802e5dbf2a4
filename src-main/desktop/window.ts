import { BrowserWindow } from 'electron';
import { applicationOrigin } from './scheme.ts';

/** The one window: sandboxed, isolated, without Node, loading only the application's own scheme. */
export function openWindow(preloadFile: string): BrowserWindow {
  const window = new BrowserWindow({
    width: 1440,
    height: 900,
    minWidth: 1024,
    minHeight: 700,
    show: false,
    backgroundColor: '#14171a',
    title: 'MedSAM Workstation',
    webPreferences: {
      preload: preloadFile,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
      spellcheck: false,
    },
  });
  // Shown only when painted, so that nobody sees a white flash in a dark reading room.
  window.once('ready-to-show', () => window.show());
  void window.loadURL(`${applicationOrigin}/`);
  return window;
}
