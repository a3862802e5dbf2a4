import type { ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _electron, chromium, expect, test as base, type Browser, type Page } from '@playwright/test';
import { testBrowser } from '../../support/browser.ts';
import { prepareLibrary } from './prepared-library.ts';
import { endHost, root, startHost } from './start-host.ts';

export { expect } from '@playwright/test';

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
  /** Addresses asked for that are not this machine's own; checked to be none after every test. */
  foreignRequests: string[];
  /** Errors and warnings of the page, e.g. what the content security policy refused; checked likewise. */
  pageErrors: string[];
}

interface Options {
  host: 'browser-host' | 'electron';
  viewport: { width: number; height: number };
  /** `prepared`: a copy of a library that has the sample patient; `new`: the folder is empty. */
  library: 'prepared' | 'new';
  /** Environment of the host. */
  environment: Record<string, string>;
}

interface WorkerFixtures {
  /** One browser serves all tests; each workstation gets a context (profile) of its own. */
  openBrowser: () => Promise<Browser>;
  /** Makes the library that tests start from, once. */
  preparedLibrary: () => Promise<string>;
}

function electronBinary(): string | null {
  const override = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  const pathFile = join(root, 'node_modules/electron/path.txt');
  if (override) return join(override, 'electron');
  if (!existsSync(pathFile)) return null;
  const binary = join(root, 'node_modules/electron/dist', readFileSync(pathFile, 'utf8').trim());
  return existsSync(binary) ? binary : null;
}

const ownAddress = /^((http|ws):\/\/127\.0\.0\.1:|app:\/\/workstation\/|blob:|data:)/;

export const test = base.extend<Options & { workstation: Workstation }, WorkerFixtures>({
  host: ['browser-host', { option: true }],
  viewport: { width: 1280, height: 800 },
  library: ['prepared', { option: true }],
  environment: [{}, { option: true }],

  openBrowser: [
    async ({}, use) => {
      let browser: Promise<Browser> | null = null;
      await use(() => {
        browser ??= testBrowser().then(({ executablePath, args }) =>
          chromium.launch({ executablePath, args }),
        );
        return browser;
      });
      await (await browser as Browser | null)?.close();
    },
    { scope: 'worker' },
  ],

  preparedLibrary: [
    async ({}, use) => {
      let folder: Promise<string> | null = null;
      await use(() => (folder ??= prepareLibrary()));
      const made = (await folder) as string | null;
      if (made) rmSync(made, { recursive: true, force: true });
    },
    { scope: 'worker', timeout: 180_000 },
  ],

  workstation: async (
    { host, viewport, library, environment, openBrowser, preparedLibrary },
    use,
    testInfo,
  ) => {
    testInfo.skip(
      host === 'electron' && electronBinary() === null,
      'The Electron runtime is not on this machine.',
    );
    const libraryDir = mkdtempSync(join(tmpdir(), 'workstation-e2e-'));
    if (library === 'prepared') cpSync(await preparedLibrary(), libraryDir, { recursive: true });

    const foreignRequests: string[] = [];
    const pageErrors: string[] = [];
    let hostIsDown = false;
    const watch = (page: Page) => {
      const note = (url: string) => {
        if (!ownAddress.test(url)) foreignRequests.push(url);
      };
      page.on('request', (request) => note(request.url()));
      page.on('websocket', (socket) => note(socket.url()));
      page.on('pageerror', (error) => pageErrors.push(String(error)));
      page.on('console', (message) => {
        // While the host is down, the page's attempts to reach it fail, and the browser says so.
        if (hostIsDown) return;
        // Without a graphics card the browser itself reads the panes back, and remarks that this takes time.
        if (/GL Driver Message.*GPU stall due to ReadPixels/.test(message.text())) return;
        if (['error', 'warning'].includes(message.type())) pageErrors.push(message.text());
      });
      return page;
    };
    const open = () =>
      host === 'electron'
        ? openElectron(libraryDir, environment, watch)
        : openBrowserHost(libraryDir, environment, openBrowser, viewport, watch);

    let running = await open();
    const workstation: Workstation = {
      libraryDir,
      page: running.page,
      process: running.process,
      foreignRequests,
      pageErrors,
      async kill() {
        hostIsDown = true;
        await endHost(running.process, 'SIGKILL');
      },
      async restart() {
        hostIsDown = true;
        await running.close();
        hostIsDown = false;
        running = await open();
        workstation.page = running.page;
        workstation.process = running.process;
        return running.page;
      },
    };
    try {
      await use(workstation);
    } finally {
      hostIsDown = true;
      await running.close();
      rmSync(libraryDir, { recursive: true, force: true, maxRetries: 3 });
    }
    expect(foreignRequests, 'requests that leave this machine').toEqual([]);
    expect(pageErrors, 'errors and warnings of the page').toEqual([]);
  },
});

interface Running {
  page: Page;
  process: ChildProcess;
  close(): Promise<void>;
}

type Watch = (page: Page) => Page;

async function openBrowserHost(
  libraryDir: string,
  environment: Record<string, string>,
  openBrowser: () => Promise<Browser>,
  viewport: Options['viewport'],
  watch: Watch,
): Promise<Running> {
  const host = await startHost(libraryDir, environment);
  const context = await (await openBrowser()).newContext({ viewport, locale: 'en-GB' });
  const page = watch(await context.newPage());
  await page.goto(host.address);
  return {
    page,
    process: host.process,
    async close() {
      await context.close();
      await endHost(host.process, 'SIGTERM');
    },
  };
}

async function openElectron(
  libraryDir: string,
  environment: Record<string, string>,
  watch: Watch,
): Promise<Running> {
  const application = await _electron.launch({
    executablePath: electronBinary()!,
    args: [root, '--lang=en-GB'],
    env: {
      ...process.env,
      ...environment,
      MEDSAM_WORKSTATION_LIBRARY: libraryDir,
    } as Record<string, string>,
  });
  const page = watch(await application.firstWindow());
  return { page, process: application.process(), close: () => application.close() };
}
