import { beforeEach, describe, expect, test, vi } from 'vitest';
import * as electron from '../../tests/support/electron-stand-in.ts';
import { lockDown } from './lock-down.ts';

vi.mock('electron', () => import('../../tests/support/electron-stand-in.ts'));

const { defaultSession } = electron.session;

beforeEach(() => {
  electron.forgetAll();
  lockDown(electron.app as never, defaultSession as never);
});

const cancelled = (url: string, webContentsId?: number): boolean => {
  let cancel: boolean | null = null;
  defaultSession.beforeRequest!({ url, webContentsId }, (answer) => (cancel = answer.cancel));
  if (cancel === null) throw new Error('The request was not answered.');
  return cancel;
};

test.each([
  'https://example.org/',
  'http://127.0.0.1:8080/',
  'ws://example.org/socket',
  'wss://example.org/',
  'ftp://example.org/file',
  'file:///etc/passwd',
  'app://elsewhere/',
  'app://workstation.example.org/',
  'app://workstationx',
  'chrome-extension://abc/page.html',
])('a page cannot ask for %s', (url) => {
  expect(cancelled(url, 1)).toBe(true);
});

test.each([
  'app://workstation/',
  'app://workstation/volume/1234',
  'blob:app://workstation/1f2e',
  'data:image/png;base64,AAAA',
  'devtools://devtools/bundled/inspector.html',
])('a page gets %s', (url) => {
  expect(cancelled(url, 1)).toBe(false);
});

test('main may read files for the page, and asks for nothing on a network', () => {
  expect(cancelled('file:///library/volumes/1.raw')).toBe(false);
  expect(cancelled('https://example.org/')).toBe(true);
});

describe('permissions', () => {
  const request = (permission: string, requestingUrl: string) => {
    let granted: boolean | null = null;
    defaultSession.permissionRequest!(null, permission, (answer) => (granted = answer), {
      requestingUrl,
    });
    return granted;
  };

  test.each([
    'media', 'geolocation', 'notifications', 'clipboard-read', 'midi', 'fullscreen', 'openExternal',
    'pointerLock', 'display-capture', 'hid', 'serial', 'usb', 'fileSystem',
  ])('%s is denied', (permission) => {
    expect(request(permission, 'app://workstation/')).toBe(false);
    expect(defaultSession.permissionCheck!(null, permission, 'app://workstation')).toBe(false);
  }); // prettier-ignore

  test('copying text is granted to the application alone', () => {
    expect(request('clipboard-sanitized-write', 'app://workstation/')).toBe(true);
    expect(request('clipboard-sanitized-write', 'https://example.org/')).toBe(false);
    const check = defaultSession.permissionCheck!;
    expect(check(null, 'clipboard-sanitized-write', 'app://workstation')).toBe(true);
    expect(check(null, 'clipboard-sanitized-write', 'app://workstation/')).toBe(true);
    expect(check(null, 'clipboard-sanitized-write', 'https://example.org')).toBe(false);
  });

  test('no device is handed out', () => {
    expect(defaultSession.devicePermission!({ deviceType: 'usb' })).toBe(false);
  });
});

describe('every page, whoever made it', () => {
  const contents = () => new electron.BrowserWindow({}).webContents;
  const prevented = (event: string, details: object) => {
    const preventDefault = vi.fn();
    contents().emit(event, { ...details, preventDefault });
    return preventDefault.mock.calls.length > 0;
  };

  test('stays with the application', () => {
    expect(prevented('will-navigate', { url: 'https://example.org/' })).toBe(true);
    expect(prevented('will-navigate', { url: 'file:///etc/passwd' })).toBe(true);
    expect(prevented('will-navigate', { url: 'app://workstation/' })).toBe(false);
  });

  test('opens no window and attaches no web view', () => {
    expect(contents().openHandler!({ url: 'app://workstation/' })).toEqual({ action: 'deny' });
    expect(prevented('will-attach-webview', {})).toBe(true);
  });
});
