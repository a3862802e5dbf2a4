import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

/**
 * Opens the address as an app window with a profile of its own inside the library folder, so that
 * the person's own browser, its extensions and its sync are left out. Background traffic of the
 * browser is switched off: nothing but the loopback address is asked for.
 */
export function openAppWindow(browser: string, address: string, libraryFolder: string): ChildProcess {
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return spawn(
    browser,
    [
      `--app=${address}`,
      `--user-data-dir=${join(libraryFolder, 'browser-profile')}`,
      '--window-size=1440,900',
      '--no-first-run',
      '--no-default-browser-check',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-default-apps',
      '--disable-domain-reliability',
      '--disable-extensions',
      '--disable-sync',
      '--disable-quic',
      '--metrics-recording-only',
      '--disable-features=Translate,OptimizationHints,MediaRouter,AutofillServerCommunication',
      // All but the loopback address goes to a proxy that is not there, whatever a future version tries.
      '--proxy-server=http://127.0.0.1:9',
      '--proxy-bypass-list=127.0.0.1',
      ...asRoot,
    ],
    { stdio: 'ignore' },
  );
}
