import { BrowserWindow } from 'electron';
import { applicationOrigin } from './scheme.ts';

export interface WindowOptions {
  preloadFile: string;
  /** Where the page's defects are logged. */
  log: { error(area: string, text: string, facts: Record<string, string | number>): void };
  /** Called once when the page cannot be shown, or dies again and again. */
  onHopeless(reason: string): void;
}

/** A page that dies more often than this within {@link deathsWithinMs} is not loaded again. */
const deathsBorne = 3;
const deathsWithinMs = 60_000;

/** The one window: sandboxed, isolated, without Node, loading only the application's own scheme. */
export function openWindow({ preloadFile, log, onHopeless }: WindowOptions): BrowserWindow {
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

  // All work is kept by main: a page that died (a GPU driver, memory) is simply loaded anew.
  let deaths: number[] = [];
  window.webContents.on('render-process-gone', (_event, { reason, exitCode }) => {
    if (reason === 'clean-exit') return;
    log.error('desktop', 'The window’s process ended', { reason, exitCode });
    const now = Date.now();
    deaths = [...deaths.filter((at) => now - at < deathsWithinMs), now];
    if (deaths.length > deathsBorne) onHopeless(`The window’s process keeps ending (${reason}).`);
    else window.webContents.reload();
  });

  window.loadURL(`${applicationOrigin}/`).catch((error: unknown) => {
    log.error('desktop', 'The page could not be loaded', { reason: String(error) });
    onHopeless(`The page could not be loaded: ${String(error)}`);
  });
  return window;
}
