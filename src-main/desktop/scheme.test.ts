import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import * as electron from '../../tests/support/electron-stand-in.ts';
import { greyAt, pictureSizePx, smallApp, type SmallApp } from '../../tests/support/small-app.ts';
import { serveApplication } from './scheme.ts';

vi.mock('electron', () => import('../../tests/support/electron-stand-in.ts'));

const folder = mkdtempSync(join(tmpdir(), 'medsam-workstation-'));
const renderer = join(folder, 'renderer');
let small: SmallApp;

beforeAll(async () => {
  mkdirSync(join(renderer, 'assets'), { recursive: true });
  writeFileSync(join(renderer, 'index.html'), '<!doctype html><title>Workstation</title>');
  writeFileSync(join(renderer, 'assets/index.js'), 'export const one = 1;');
  writeFileSync(join(folder, 'secret.json'), '{"secret":true}');
  symlinkSync(join(folder, 'secret.json'), join(renderer, 'link.json'));
  small = await smallApp(folder);
  serveApplication(small.app, renderer);
});

afterAll(async () => {
  await small.app.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

const ask = (url: string, method = 'GET') =>
  electron.protocol.handlers.get('app')!(new Request(url, { method }));
const bytesOf = async (path: string) => {
  const response = await ask(`app://workstation${path}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (response.ok) expect(Number(response.headers.get('Content-Length'))).toBe(bytes.length);
  return { response, bytes };
};

test('the page and its files are served with a policy that lets nothing in or out', async () => {
  for (const [path, type] of [
    ['/', 'text/html; charset=utf-8'],
    ['/assets/index.js', 'text/javascript; charset=utf-8'],
  ] as const) {
    const { response, bytes } = await bytesOf(path);
    expect(response.status).toBe(200);
    expect(response.headers.get('Content-Type')).toBe(type);
    expect(bytes.length).toBeGreaterThan(0);
    const policy = response.headers.get('Content-Security-Policy')!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("connect-src 'self';");
    expect(policy).not.toMatch(/https?:|wss?:|unsafe-eval'(?<!wasm-unsafe-eval')|unsafe-inline|\*/);
    expect(response.headers.get('Cross-Origin-Embedder-Policy')).toBe('require-corp');
    expect(response.headers.get('X-Content-Type-Options')).toBe('nosniff');
  }
});

describe('bytes of the library', () => {
  test('a volume comes whole, and slice by slice', async () => {
    const whole = await bytesOf(`/volume/${small.seriesId}`);
    const expected = Array.from({ length: pictureSizePx ** 2 }, (_, n) =>
      greyAt(n % pictureSizePx, Math.floor(n / pictureSizePx)),
    );
    expect([...whole.bytes]).toEqual(expected);
    expect(whole.response.headers.get('Cache-Control')).toBe('no-store');
    const slice = await bytesOf(`/volume/${small.seriesId}/0`);
    expect(slice.bytes).toEqual(whole.bytes);
    expect(slice.response.headers.get('Content-Security-Policy')).toContain("default-src 'none'");
  });

  test('a thumbnail is a PNG', async () => {
    const { response, bytes } = await bytesOf(`/thumbnail/${small.seriesId}`);
    expect(response.headers.get('Content-Type')).toBe('image/png');
    expect(PNG.sync.read(Buffer.from(bytes)).width).toBeGreaterThan(0);
  });

  test('a mask is one byte a pixel of its rectangle', async () => {
    const { segmentation } = small.app;
    const segment = await segmentation.addSegment({ seriesId: small.seriesId });
    if (!segment.ok) throw new Error(segment.error.code);
    const made = await segmentation.segment({
      seriesId: small.seriesId,
      segmentId: segment.value.id,
      axis: 'k',
      sliceIndex: 0,
      boxPx: [18, 16, 47, 45],
      modelWindow: { kind: 'identity' },
    });
    if (!made.ok) throw new Error(`${made.error.code} ${made.error.detail}`);
    const { mask } = made.value;
    const { response, bytes } = await bytesOf(`/mask/${mask.id}`);
    expect(bytes.length).toBe(mask.sizePx[0] * mask.sizePx[1]);
    expect(bytes.reduce((sum, bit) => sum + bit, 0)).toBe(mask.areaPx);
    expect(mask.areaPx).toBeGreaterThan(100);
    // Nothing of a patient is left in a browser's cache.
    expect(response.headers.get('Cache-Control')).toBe('no-store');
  });

  test.each(['/volume/nobody', '/mask/nobody', '/thumbnail/nobody', '/model-view/nobody'])(
    '%s is not there, and says so',
    async (path) => {
      const { response, bytes } = await bytesOf(path);
      expect(response.status).toBe(404);
      expect(bytes.length).toBeGreaterThan(0);
    },
  );

  test('a slice is a number', async () => {
    expect((await bytesOf(`/volume/${small.seriesId}/x`)).response.status).toBe(400);
    expect((await bytesOf(`/volume/${small.seriesId}/99`)).response.ok).toBe(false);
  });
});

test.each([
  'app://workstation/..%2fsecret.json',
  'app://workstation/%2e%2e/secret.json',
  'app://workstation/assets/..%2f..%2fsecret.json',
  'app://workstation/..%5csecret.json',
  'app://workstation/link.json',
  'app://workstation/secret.json%00.html',
  'app://workstation/%E0%A4%A',
  'app://workstation/assets/missing.js',
])('%s leads nowhere', async (url) => {
  const response = await ask(url);
  expect(response.status).toBe(404);
  expect(await response.text()).not.toContain('secret');
});

test('other hosts and other methods are refused', async () => {
  expect((await ask('app://elsewhere/')).status).toBe(404);
  for (const method of ['POST', 'PUT', 'DELETE', 'HEAD']) {
    expect((await ask('app://workstation/', method)).status).toBe(405);
  }
});

test('a defect is answered and logged, not left hanging', async () => {
  const path = `/volume/${small.seriesId}`;
  const volumes = vi
    .spyOn(small.app.volumes, 'volumeFilePath')
    .mockResolvedValue(join(folder, 'gone'));
  expect((await bytesOf(path)).response.status).toBe(500);
  volumes.mockRestore();
  expect(small.app.log.tail(5).at(-1)).toMatchObject({ level: 'error', area: 'desktop' });
});
