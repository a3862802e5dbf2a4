import fc from 'fast-check';
import { readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ok } from '../../src-shared/result.ts';
import { rawImaging, writeRawSeries } from '../../tests/support/raw-imaging.ts';
import { temporaryFolder } from '../../tests/support/temporary-folder.ts';
import { LibraryError } from './database.ts';
import type { Imaging } from './imaging.ts';
import { openLibrary, type OpenLibrary } from './index.ts';
import { seriesFiles } from './schema/index.ts';
import { sliceOf } from './volume-store.ts';

async function libraryWith(
  slices: number[],
  options: { memoryBytes?: number; imaging?: Imaging } = {},
) {
  const folder = temporaryFolder();
  const library = openLibrary({
    root: join(folder, 'library'),
    imagingPool: options.imaging ?? rawImaging(),
    volumeMemoryBytes: options.memoryBytes,
  });
  onTestFinished(() => library.close());
  slices.forEach((count, n) =>
    writeRawSeries(join(folder, 'in', `${n}`), { uid: `${n}`, slices: count, firstSlice: 50 * n }),
  );
  const started = library.imports.startPaths([join(folder, 'in')]);
  const summary = await library.imports.finished(started.ok ? started.value.importId : '');
  return { library, ids: summary.accepted.map((series) => series.id) };
}

const errorCode = (work: Promise<unknown>) =>
  work.then(() => null, (error: unknown) => (error instanceof LibraryError ? error.error.code : error)); // prettier-ignore

/** The value at (i, j, k) by the definition of the storage order. */
const at = (voxels: ArrayLike<number>, i: number, j: number, k: number) =>
  voxels[i + 16 * (j + 16 * k)];

async function expectSlices({ volumes }: OpenLibrary, id: string, whole: ArrayLike<number>) {
  const k3 = await volumes.readSlice(id, 'k', 3);
  const j5 = await volumes.readSlice(id, 'j', 5);
  const i7 = await volumes.readSlice(id, 'i', 7);
  expect([k3.length, j5.length, i7.length]).toEqual([256, 16 * 6, 16 * 6]);
  for (let a = 0; a < 16; a++) {
    for (let b = 0; b < 16; b++) expect(k3[a + 16 * b]).toBe(at(whole, a, b, 3));
    for (let k = 0; k < 6; k++) {
      expect(j5[a + 16 * k]).toBe(at(whole, a, 5, k));
      expect(i7[a + 16 * k]).toBe(at(whole, 7, a, k));
    }
  }
}

test('slices across each axis are those of the volume, from memory, from the file, and from a file too large for memory', async () => {
  const small = await libraryWith([6], { memoryBytes: 100 });
  const whole = (await small.library.volumes.readVolume(small.ids[0]!)).voxels;
  expect(small.library.volumes.heldBytes()).toBe(0);
  await expectSlices(small.library, small.ids[0]!, whole);
  expect(small.library.volumes.heldBytes()).toBe(0);

  const roomy = await libraryWith([6]);
  await roomy.library.volumes.readSlice(roomy.ids[0]!, 'k', 0);
  expect(roomy.library.volumes.heldBytes()).toBe(0);
  await expectSlices(roomy.library, roomy.ids[0]!, whole);
  expect(roomy.library.volumes.heldBytes()).toBe(6 * 512);
  await expectSlices(roomy.library, roomy.ids[0]!, whole);
});

test('a slice of a colour volume keeps its channels together', () => {
  fc.assert(
    fc.property(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })), fc.constantFrom('i', 'j', 'k'), fc.nat(), (size, axis, seed) => {
      const [ni, nj, nk] = size;
      const voxels = Uint8Array.from({ length: ni * nj * nk * 3 }, (_, n) => (n * 37 + seed) % 251);
      const geometry = { sizeVx: size, spacingMm: [1, 1, 1] as [number, number, number], originMm: [0, 0, 0] as [number, number, number], direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] };
      const index = seed % size[axis === 'i' ? 0 : axis === 'j' ? 1 : 2]!;
      const slice = sliceOf({ geometry, voxels, channels: 3, dataType: 'uint8' }, axis, index);
      const [width, height] = axis === 'k' ? [ni, nj] : axis === 'j' ? [ni, nk] : [nj, nk];
      expect(slice.length).toBe(width * height * 3);
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const [i, j, k] = axis === 'k' ? [x, y, index] : axis === 'j' ? [x, index, y] : [index, x, y];
          for (let c = 0; c < 3; c++) {
            expect(slice[3 * (x + width * y) + c]).toBe(voxels[3 * (i + ni * (j + nj * k)) + c]);
          }
        }
      }
    }),
    { numRuns: 50 },
  ); // prettier-ignore
});

test('a slice that is not in the volume, or a series that is not in the library, is not found', async () => {
  const { library, ids } = await libraryWith([2]);
  expect(await errorCode(library.volumes.readSlice(ids[0]!, 'k', 2))).toBe('not-found');
  expect(await errorCode(library.volumes.readSlice(ids[0]!, 'i', -1))).toBe('not-found');
  expect(await errorCode(library.volumes.readVolume(crypto.randomUUID()))).toBe('not-found');
});

test('memory stays below its bound and the volume used longest ago goes first', async () => {
  const { library, ids } = await libraryWith([4, 4, 4], { memoryBytes: 2 * 4 * 512 });
  const [a, b, c] = ids as [string, string, string];
  const first = await library.volumes.readVolume(a);
  await library.volumes.readVolume(b);
  expect(await library.volumes.readVolume(a)).toBe(first);
  await library.volumes.readVolume(c);
  expect(library.volumes.heldBytes()).toBe(2 * 4 * 512);
  expect(await library.volumes.readVolume(a)).toBe(first);
});

test('readers that come at once share one load', async () => {
  const { library, ids } = await libraryWith([4]);
  const [x, y] = await Promise.all([
    library.volumes.readVolume(ids[0]!),
    library.volumes.readVolume(ids[0]!),
  ]);
  expect(x).toBe(y);
});

test('a volume that is missing or cut off is decoded again from the originals, the same to the voxel', async () => {
  const { library, ids } = await libraryWith([4]);
  const before = Uint8Array.from(
    new Uint8Array((await library.volumes.readVolume(ids[0]!)).voxels.buffer),
  );
  for (const damage of [
    (path: string) => rmSync(path),
    (path: string) => truncateSync(path, 700),
  ]) {
    library.volumes.forget(ids);
    damage(library.folder.volumePath(ids[0]!));
    const again = await library.volumes.readVolume(ids[0]!);
    expect(new Uint8Array(again.voxels.buffer)).toEqual(before);
  }
  expect(readdirSync(library.folder.staging)).toEqual([]);
});

test('a series that is removed while its volume is made again leaves none, on disk or in memory', async () => {
  const raw = rawImaging();
  let meanwhile: () => void = () => undefined;
  const { library, ids } = await libraryWith([4], {
    imaging: {
      ...raw,
      decode: async (planned, options) => {
        const decoded = await raw.decode(planned, options);
        meanwhile();
        return decoded;
      },
    },
  });
  rmSync(library.folder.volumePath(ids[0]!));
  meanwhile = () => void library.library.remove('series', ids[0]!);
  expect(await errorCode(library.volumes.readVolume(ids[0]!))).toBe('not-found');
  expect(readdirSync(library.folder.volumes)).toEqual([]);
  expect(library.volumes.heldBytes()).toBe(0);
});

test('a missing or damaged original is told, and other voxels are never passed off as the old ones', async () => {
  let shift = 0;
  const raw = rawImaging();
  const drifting: Imaging = {
    ...raw,
    decode: async (planned, options) => {
      const decoded = await raw.decode(planned, options);
      if (!decoded.ok) return decoded;
      return ok({
        ...decoded.value,
        voxels: decoded.value.voxels.map((v) => v + shift) as Int16Array,
      });
    },
  };
  const { library, ids } = await libraryWith([3], { imaging: drifting });
  shift = 1;
  rmSync(library.folder.volumePath(ids[0]!));
  expect(await errorCode(library.volumes.readVolume(ids[0]!))).toBe('decode-failed');
  shift = 0;
  const { sha256 } = library.db.select().from(seriesFiles).all()[1]!;
  writeFileSync(library.folder.originalPath(sha256), 'damaged');
  expect(await errorCode(library.volumes.readVolume(ids[0]!))).toBe('file-unreadable');
  expect(readdirSync(library.folder.staging)).toEqual([]);
});
