import { join } from 'node:path';
import { parseArgs } from 'node:util';
import texts from '../../src-shared/messages/en/errors.json' with { type: 'json' };
import { formatMessage } from '../../src-shared/messages/format.ts';
import { createApp } from '../app.ts';
import { applicationRoot } from '../entry-file.ts';
import { LibraryError } from '../library/database.ts';
import { defaultLibraryFolder } from '../library/library-folder.ts';
import { openAppWindow } from './app-window.ts';
import { findBrowser } from './find-browser.ts';
import { claimLibrary, type FreeClaim } from './one-host.ts';
import { startBrowserHost } from './server.ts';

/** Node's entry of the browser host: `browser-host [--library DIR] [--port N] [--no-window]`. */
const { values } = parseArgs({
  options: {
    library: { type: 'string' },
    port: { type: 'string', default: '0' },
    'no-window': { type: 'boolean', default: false },
  },
});

const say = (text: string) => process.stderr.write(`${text}\n`);
const libraryDir = values.library ?? defaultLibraryFolder();
const browser = values['no-window'] ? null : findBrowser();
const hasDisplay =
  process.platform !== 'linux' || !!process.env.DISPLAY || !!process.env.WAYLAND_DISPLAY;

async function start(): Promise<void> {
  const claim = await claimLibrary(libraryDir);
  if (claim.kind === 'free') return host(claim);
  // The running host serves this window, too, so that both see the same state.
  say('The workstation is already running; opening a window on it.');
  if (browser && hasDisplay) openAppWindow(browser, claim.address, libraryDir).unref();
  else process.stdout.write(`${claim.address}\n`);
}

async function host(claim: FreeClaim): Promise<void> {
  const app = await createApp({ libraryDir, host: 'browser' });
  const showsWindow = browser !== null && hasDisplay;
  const server = await startBrowserHost({
    app,
    rendererFolder: join(applicationRoot(), 'out/renderer'),
    port: Number(values.port),
    onOpened: () => {
      if (!showsWindow) announce();
    },
  });
  claim.publish(server);

  /** Without a window of its own the host prints where to go; each address works once. */
  function announce(): void {
    process.stdout.write(`${server.newAddress()}\n`);
  }

  async function stop(): Promise<void> {
    claim.release();
    await server.close();
    await app.close();
    process.exit(0);
  }
  process.on('SIGINT', () => void stop());
  process.on('SIGTERM', () => void stop());

  if (showsWindow) {
    const window = openAppWindow(browser, server.newAddress(), libraryDir);
    window.on('exit', () => void stop());
    window.on('error', (error) => {
      say(`${browser} could not be started (${error.message}). Open this address instead:`);
      announce();
    });
    return;
  }
  if (!values['no-window']) {
    say(
      browser
        ? 'There is no display here. Open this address in a browser on this machine:'
        : 'No Chromium, Chrome or Edge was found on this machine. Open this address in a browser on this machine:',
    );
  }
  announce();
}

function reasonOf(error: unknown): string {
  if (!(error instanceof LibraryError)) return error instanceof Error ? error.message : String(error);
  const { code, params, detail } = error.error;
  return [formatMessage(texts[code], params), detail].filter(Boolean).join(' ');
}

start().catch((error: unknown) => {
  say(`The workstation could not start: ${reasonOf(error)}`);
  process.exit(1);
});
