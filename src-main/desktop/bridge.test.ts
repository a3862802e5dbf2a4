import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MessagePort } from 'node:worker_threads';
import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/message-port';
import type { ContractRouterClient } from '@orpc/contract';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { contract } from '../../src-shared/contract/index.ts';
import * as electron from '../../tests/support/electron-stand-in.ts';
import { createApp, type App } from '../app.ts';
import { channels } from './channels.ts';
import { serveContract } from './contract-port.ts';
import { serveDialogs } from './dialogs.ts';
import { installMenu } from './menu.ts';

vi.mock('electron', () => import('../../tests/support/electron-stand-in.ts'));

const folder = mkdtempSync(join(tmpdir(), 'medsam-workstation-'));
let app: App;
beforeAll(async () => {
  app = await createApp({ libraryDir: folder, host: 'cli' });
});
afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});
beforeEach(() => electron.forgetAll());

const ownPage = 'app://workstation/';
const foreignPages = [
  'https://example.org/',
  'app://workstation.example.org/',
  'file:///page.html',
  'about:blank',
];

describe('the port of the contract', () => {
  /** What a frame is posted when it asks for the port. */
  function portsFor(url: string): { port: MessagePort }[] {
    const ports: { port: MessagePort }[] = [];
    const postMessage = (
      channel: string,
      _message: unknown,
      transferred: { port: MessagePort }[],
    ) => {
      expect(channel).toBe(channels.port);
      ports.push(...transferred);
    };
    electron.ipcMain.emit(channels.connect, { senderFrame: { url, postMessage } });
    return ports;
  }

  test('answers a page of the application over a real message channel', async () => {
    serveContract(app);
    const [given] = portsFor(ownPage);
    const port = given!.port;
    const client: ContractRouterClient<typeof contract> = createORPCClient(
      new RPCLink({ port: port as never }),
    );
    port.start();
    expect(await client.application.about()).toEqual(app.about);
    // What the contract does not allow is refused by its schema, not passed on.
    await expect(client.application.log({ lines: -1 })).rejects.toThrow();
    port.close();
  });

  test('a page that was loaded anew gets a port of its own', async () => {
    serveContract(app);
    for (const [given] of [portsFor(ownPage), portsFor(ownPage)]) {
      const port = given!.port;
      const client: ContractRouterClient<typeof contract> = createORPCClient(
        new RPCLink({ port: port as never }),
      );
      port.start();
      expect((await client.application.about()).version).toBe(app.about.version);
      port.close();
    }
  });

  test.each(foreignPages)('is not given to %s', (url) => {
    serveContract(app);
    expect(portsFor(url)).toEqual([]);
  });

  test('is not given to a frame that is gone', () => {
    serveContract(app);
    expect(() => electron.ipcMain.emit(channels.connect, { senderFrame: null })).not.toThrow();
  });
});

describe('file dialogs', () => {
  const window = new electron.BrowserWindow({});
  const choose = (wanted: unknown, url = ownPage) =>
    electron.ipcMain.handlers.get(channels.chooseFiles)!(
      { senderFrame: { url } } as never,
      wanted as never,
    );
  beforeEach(() => {
    serveDialogs(window as never);
    electron.machine.chosenPaths = ['/studies/one'];
  });

  test('files and folders are chosen in dialogs of the window', async () => {
    expect(await choose('files')).toEqual(['/studies/one']);
    expect(await choose('folder')).toEqual(['/studies/one']);
    expect(electron.callsOf('dialog.showOpenDialog')).toEqual([
      [window, { properties: ['openFile', 'multiSelections'] }],
      [window, { properties: ['openDirectory', 'multiSelections'] }],
    ]);
  });

  test('cancelling chooses nothing', async () => {
    electron.machine.chosenPaths = null;
    expect(await choose('files')).toEqual([]);
  });

  test.each([['everything'], [null], [{ kind: 'files' }], [undefined]])(
    '%s opens no dialog',
    async (wanted) => {
      expect(await choose(wanted)).toEqual([]);
      expect(electron.callsOf('dialog.showOpenDialog')).toEqual([]);
    },
  );

  test.each(foreignPages)('%s opens no dialog', async (url) => {
    expect(await choose('files', url)).toEqual([]);
    expect(electron.callsOf('dialog.showOpenDialog')).toEqual([]);
  });
});

describe('the menu', () => {
  interface Entry {
    label?: string;
    role?: string;
    click?: () => void;
    submenu?: Entry[];
  }
  const entries = (items: Entry[]): Entry[] =>
    items.flatMap((item) => [item, ...entries(item.submenu ?? [])]);
  const install = (language: 'en' | 'zh-CN') => {
    installMenu(new electron.BrowserWindow({}) as never, language);
    return entries(electron.callsOf('Menu.setApplicationMenu').at(-1)![0] as Entry[]);
  };

  test.each(['en', 'zh-CN'] as const)('its commands reach the page (%s)', (language) => {
    for (const entry of install(language)) entry.click?.();
    expect(electron.callsOf('webContents.send')).toEqual(
      ['import-files', 'import-folder', 'shortcuts', 'about'].map((command) => [
        channels.menu,
        command,
      ]),
    );
  });

  test('takes neither undo, redo nor reload away from the page', () => {
    const roles = install('en').map(({ role }) => role);
    for (const role of ['undo', 'redo', 'reload', 'forceReload']) expect(roles).not.toContain(role);
    expect(roles).toContain('quit');
  });

  test('says the same in both languages', () => {
    const english = install('en').filter(({ label }) => label);
    const chinese = install('zh-CN').filter(({ label }) => label);
    expect(chinese).toHaveLength(english.length);
    for (const { label } of chinese) expect(label).toMatch(/\p{Script=Han}/u);
  });
});
