import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _electron, chromium, test as base, type Browser, type Page } from '@playwright/test';
import { testBrowser } from '../../support/browser.ts';
import { root, startHost } from './start-host.ts';

export { startHost } from './start-host.ts';

/** A running workstation on a library of its own. */
export interface Workstation {
  libraryDir: string;
  page: Page;
  /** The host's process (Node of the browser host, or Electron). */
  process: ChildProcess;
  /** Closes the window and the host, and opens both again on the same library. */
  restart(): Promise<Page>;
  /** Kills the host with SIGKILL, as a power cut would. */
  kill(): Promise<void>;
  /** Addresses asked for that are not this machine's own. */
  foreignRequests: string[];
  /** Errors of the page's console, e.g. what the content security policy refused. */
  pageErrors: string[];
}

interface Options {
  host: 'browser-host' | 'electron';
  viewport: { width: number; height: number };
}

const electronBinary = (): string | null => {
  const override = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  const pathFile = join(root, 'node_modules/electron/path.txt');
  if (override) return join(override, 'electron');
  if (!existsSync(pathFile)) return null;
  return join(root, 'node_modules/electron/dist', readFileSync(pathFile, 'utf8').trim());
};

export const test = base.extend<Options & { workstation: Workstation }>({
  host: ['browser-host', { option: true }],
  viewport: { width: 1280, height: 800 },
  workstation: async ({ host, viewport }, use, testInfo) => {
    testInfo.skip(
      host === 'electron' && electronBinary() === null,
      'The Electron runtime is not on this machine.',
    );
    const libraryDir = mkdtempSync(join(tmpdir(), 'workstation-e2e-'));
    const foreignRequests: string[] = [];
    const pageErrors: string[] = [];
    const watch = (page: Page) => {
      page.on('request', (request) => {
        const own = /^(http:\/\/127\.0\.0\.1:|app:\/\/workstation\/|blob:|data:)/;
        if (!own.test(request.url())) foreignRequests.push(request.url());
      });
      page.on('pageerror', (error) => pageErrors.push(String(error)));
      page.on('console', (message) => {
        if (message.type() === 'error') pageErrors.push(message.text());
      });
      return page;
    };
    const open = host === 'electron' ? openElectron : openBrowserHost;
    let running = await open(libraryDir, viewport, watch);
    const workstation: Workstation = {
      libraryDir,
      page: running.page,
      process: running.process,
      foreignRequests,
      pageErrors,
      async kill() {
        const gone = new Promise((resolve) => running.process.once('exit', resolve));
        running.process.kill('SIGKILL');
        await gone;
      },
      async restart() {
        await running.close();
        running = await open(libraryDir, viewport, watch);
        workstation.page = running.page;
        workstation.process = running.process;
        return running.page;
      },
    };
    await use(workstation);
    await running.close();
    rmSync(libraryDir, { recursive: true, force: true });
  },
});

export { expect } from '@playwright/test';

interface Running {
  page: Page;
  process: ChildProcess;
  close(): Promise<void>;
}

type Watch = (page: Page) => Page;

let sharedBrowser: Promise<Browser> | null = null;

/** One browser serves all tests of a run; each workstation gets a context (profile) of its own. */
function browser(): Promise<Browser> {
  sharedBrowser ??= testBrowser().then(({ executablePath, args }) =>
    chromium.launch({ executablePath, args }),
  );
  return sharedBrowser;
}

test.afterAll(async () => {
  await (await sharedBrowser)?.close();
  sharedBrowser = null;
});

async function openBrowserHost(
  libraryDir: string,
  viewport: Options['viewport'],
  watch: Watch,
): Promise<Running> {
  const host = await startHost(libraryDir);
  const context = await (await browser()).newContext({ viewport, locale: 'en-GB' });
  const page = watch(await context.newPage());
  await page.goto(host.address);
  return {
    page,
    process: host.process,
    async close() {
      await context.close();
      if (host.process.exitCode !== null || host.process.signalCode !== null) return;
      const gone = new Promise((resolve) => host.process.once('exit', resolve));
      host.process.kill('SIGTERM');
      await gone;
    },
  };
}

async function openElectron(
  libraryDir: string,
  _viewport: Options['viewport'],
  watch: Watch,
): Promise<Running> {
  const application = await _electron.launch({
    executablePath: electronBinary()!,
    args: [root],
    env: { ...process.env, MEDSAM_WORKSTATION_LIBRARY: libraryDir } as Record<string, string>,
  });
  const page = watch(await application.firstWindow());
  return { page, process: application.process(), close: () => application.close() };
}
