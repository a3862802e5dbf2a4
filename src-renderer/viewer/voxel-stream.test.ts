import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Vec3 } from '../../src-shared/geometry/volume-geometry.ts';
import { streamVoxels } from './voxel-stream.ts';
import type { Voxels } from './voxels.ts';

const sizeVx: Vec3 = [40, 30, 20];
const stored = Int16Array.from({ length: 40 * 30 * 20 }, (_, n) => (n * 7) % 4000 - 1000);
const bytes = Buffer.from(stored.buffer);

let server: Server;
let origin = '';
/** What the server sends for the whole volume, in pieces of odd length. */
let whole: Buffer = bytes;
beforeEach(async () => {
  whole = bytes;
  server = createServer((request, response) => {
    const [, , , k] = request.url!.split('/');
    if (request.url!.includes('missing')) return response.writeHead(404).end();
    if (k !== undefined) return response.end(bytes.subarray(2400 * Number(k), 2400 * (Number(k) + 1)));
    // Held back a little, so that the slice can arrive first.
    setTimeout(() => {
      for (let at = 0; at < whole.length; at += 4097) response.write(whole.subarray(at, at + 4097));
      response.end();
    }, 50);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

const series = (name = 'a') => ({
  volumeUrl: `${origin}/volume/${name}`,
  sliceUrlTemplate: `${origin}/volume/${name}/{k}`,
  byteLength: bytes.length,
  dataType: 'int16' as const,
  valueRange: [-1000, 2999] as [number, number],
  geometry: { sizeVx, spacingMm: [1, 1, 1] as Vec3, originMm: [0, 0, 0] as Vec3, direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] },
});
const silent = { started: () => undefined, firstSlice: () => undefined, progress: () => undefined };

it('shows one slice first, black elsewhere, and then has every voxel', async () => {
  let early: Voxels | null = null;
  let sliceThen: number[] = [];
  let elsewhereThen = 0;
  let last = [0, 0];
  const voxels = await streamVoxels(series(), 7, new AbortController().signal, {
    started: (array) => (early = array),
    firstSlice: (k) => {
      sliceThen = Array.from(early!.subarray(k * 1200, (k + 1) * 1200));
      elsewhereThen = early![9 * 1200 + 5]!;
    },
    progress: (...now) => (last = now),
  });
  expect(sliceThen).toEqual(Array.from(stored.subarray(7 * 1200, 8 * 1200)));
  expect(elsewhereThen).toBe(-1000);
  expect(voxels).toBe(early);
  expect(Buffer.from(voxels.buffer).equals(bytes)).toBe(true);
  expect(last).toEqual([bytes.length, bytes.length]);
});

it('refuses a volume that is cut short or too long', async () => {
  whole = bytes.subarray(0, bytes.length - 2);
  await expect(streamVoxels(series(), 0, new AbortController().signal, silent)).rejects.toThrow(/≠/);
  whole = Buffer.concat([bytes, Buffer.alloc(4)]);
  await expect(streamVoxels(series(), 0, new AbortController().signal, silent)).rejects.toThrow(/>/);
});

it('fails when the server has no such volume, and stops when told to', async () => {
  await expect(streamVoxels(series('missing'), 0, new AbortController().signal, silent)).rejects.toThrow(/404/);
  const stop = new AbortController();
  const running = streamVoxels(series(), 0, stop.signal, { ...silent, firstSlice: () => stop.abort() });
  await expect(running).rejects.toThrow();
});
