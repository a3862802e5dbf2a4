import { beforeAll, expect, test, vi } from 'vitest';
import * as electron from '../../tests/support/electron-stand-in.ts';
import { channels } from './channels.ts';

vi.mock('electron', () => import('../../tests/support/electron-stand-in.ts'));

interface Bridge {
  kind: string;
  connect(): void;
  pathOfFile(file: File): string;
  chooseFiles(kind: string): Promise<string[]>;
  onMenuCommand(listener: (...args: unknown[]) => void): unknown;
}

let bridge: Bridge;

beforeAll(async () => {
  // A module of the page's world: not part of the Node program that is type-checked here.
  await import(['.', 'preload.ts'].join('/'));
  const exposed = electron.callsOf('contextBridge.exposeInMainWorld');
  expect(exposed).toHaveLength(1);
  expect(exposed[0]![0]).toBe('medsamHost');
  bridge = exposed[0]![1] as Bridge;
});

test('the page gets these five things and no more', () => {
  expect(Object.keys(bridge).sort()).toEqual([
    'chooseFiles',
    'connect',
    'kind',
    'onMenuCommand',
    'pathOfFile',
  ]);
  expect(bridge.kind).toBe('desktop');
});

test('nothing of the messaging itself leaks to the page', () => {
  const values = Object.values(bridge) as unknown[];
  expect(values).not.toContain(electron.ipcRenderer);
  expect(bridge.connect()).toBeUndefined();

  const heard: unknown[][] = [];
  expect(bridge.onMenuCommand((...args) => heard.push(args))).toBeUndefined();
  electron.ipcRenderer.emit(channels.menu, { sender: electron.ipcRenderer }, 'import-files');
  // Only the command: an event would carry the sender, and with it every channel.
  expect(heard).toEqual([['import-files']]);
});

test('each request goes over its own channel', async () => {
  bridge.connect();
  expect(electron.callsOf('ipcRenderer.send')).toContainEqual([channels.connect]);
  await bridge.chooseFiles('folder');
  expect(electron.callsOf('ipcRenderer.invoke')).toEqual([[channels.chooseFiles, 'folder']]);
  expect(bridge.pathOfFile(new File([], 'ct.dcm'))).toBe('/picked/ct.dcm');
});

test('the port is handed to the page and to no other origin', () => {
  const postMessage = vi.fn();
  vi.stubGlobal('window', { postMessage, location: { origin: 'app://workstation' } });
  const port = {};
  electron.ipcRenderer.emit(channels.port, { ports: [port] }, null);
  expect(postMessage).toHaveBeenCalledExactlyOnceWith(channels.port, 'app://workstation', [port]);
  vi.unstubAllGlobals();
});
