import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../tests/support/temporary-folder.ts';
import { forEachConcurrently, hashFile, placeOriginal, stageOriginal } from './content-store.ts';
import { openLibraryFolder } from './library-folder.ts';

const sha256 = (content: Uint8Array) => createHash('sha256').update(content).digest('hex');

test.each([
  ['an empty file', Buffer.alloc(0)],
  ['a small file', Buffer.from('voxels')],
  [
    'a file too large to be read in one go',
    Buffer.alloc(65 * 1024 ** 2 + 3, 'voxels of a large volume'),
  ],
])('%s is kept under the hash of its content', async (_what, content) => {
  const folder = openLibraryFolder(temporaryFolder());
  const source = join(folder.staging, 'source');
  writeFileSync(source, content);
  const place = join(folder.staging, 'store');
  mkdirSync(place);
  const staged = await stageOriginal(source, place);
  expect(staged).toEqual({
    sha256: sha256(content),
    bytes: content.length,
    stagedPath: join(place, sha256(content)),
  });
  expect(await hashFile(source)).toBe(staged.sha256);
  await placeOriginal(folder, staged);
  expect(readFileSync(folder.originalPath(staged.sha256)).equals(content)).toBe(true);
  expect(readdirSync(place)).toEqual([]);
});

test('content that is there already is left, a damaged copy of it is made good', async () => {
  const folder = openLibraryFolder(temporaryFolder());
  const source = join(folder.staging, 'source');
  writeFileSync(source, 'voxels');
  const place = join(folder.staging, 'store');
  mkdirSync(place);
  const first = await stageOriginal(source, place);
  await placeOriginal(folder, first);
  await placeOriginal(folder, await stageOriginal(source, place));
  expect(readdirSync(place)).toEqual([]);
  truncateSync(folder.originalPath(first.sha256), 2);
  await placeOriginal(folder, await stageOriginal(source, place));
  expect(readFileSync(folder.originalPath(first.sha256), 'utf8')).toBe('voxels');
});

test('an abort stops a copy, and no path but a hash leads to an original', async () => {
  const folder = openLibraryFolder(temporaryFolder());
  const source = join(folder.staging, 'source');
  writeFileSync(source, Buffer.alloc(70 * 1024 ** 2));
  await expect(stageOriginal(source, folder.staging, AbortSignal.abort())).rejects.toThrow();
  expect(() => folder.originalPath('../../etc/passwd')).toThrow();
  expect(() => folder.volumePath('../library')).toThrow();
});

test('work on many items keeps its bound and starts nothing after a failure', async () => {
  let running = 0;
  let most = 0;
  const started: number[] = [];
  const work = forEachConcurrently([...Array(50).keys()], 4, async (n) => {
    started.push(n);
    most = Math.max(most, ++running);
    await new Promise((resolve) => setImmediate(resolve));
    running--;
    if (n === 9) throw new Error('nine');
  });
  await expect(work).rejects.toThrow('nine');
  expect(most).toBe(4);
  expect(running).toBe(0);
  expect(started.length).toBeLessThan(20);
});
