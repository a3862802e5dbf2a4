import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, stat, symlink, writeFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import yazl from 'yazl';
import { archiveLimits, unpackZip } from './archives.ts';
import { planImport } from './plan-import.ts';
import { stemOf, walk } from './walk.ts';

const phantoms = join(import.meta.dirname, '../../tests/fixtures/phantoms');
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archives-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function zipOf(name: string, entries: Record<string, Buffer>): Promise<string> {
  const zip = new yazl.ZipFile();
  for (const [entry, content] of Object.entries(entries)) zip.addBuffer(content, entry);
  zip.end();
  const path = join(folder, name);
  await pipeline(zip.outputStream, createWriteStream(path));
  return path;
}

const phantom = (name: string) => readFile(join(phantoms, name));
const asInput = (path: string) => ({ path, shownPath: relative(folder, path) });
const codes = (refused: { path: string; issue: { code: string } }[]) =>
  refused
    .map(({ path, issue }) => `${path.split('!/').at(-1)!.split('/').at(-1)} ${issue.code}`)
    .sort();

describe('zip archives', () => {
  it('brings out the files with their places, so that companions find each other', async () => {
    const path = await zipOf('a.zip', {
      'deep/er/detached.mhd': await phantom('detached.mhd'),
      'deep/er/detached-meta.raw': await phantom('detached-meta.raw'),
      '__MACOSX/deep/._detached.mhd': Buffer.from('x'),
      'deep/.DS_Store': Buffer.from('x'),
      'empty.nii': Buffer.alloc(0),
    });
    const plan = await planImport([path], { tempDir: folder });
    expect(plan.series.map((s) => s.files.map((f) => f.shownPath))).toEqual([
      [`${path}!/deep/er/detached.mhd`, `${path}!/deep/er/detached-meta.raw`],
    ]);
    expect(codes(plan.refused)).toEqual([
      '.DS_Store system-file-ignored',
      '._detached.mhd system-file-ignored',
      'empty.nii empty-file',
    ]);
  });

  it('opens archives in folders and in archives', async () => {
    const inner = await readFile(
      await zipOf('inner.zip', { 'x/grey.png': await phantom('grey.png') }),
    );
    await mkdir(join(folder, 'sub'));
    const outer = await zipOf('sub/outer.zip', { 'inner.zip': inner });
    await rm(join(folder, 'inner.zip'));
    const plan = await planImport([join(folder, 'sub')], { tempDir: folder });
    expect(plan.refused).toEqual([]);
    expect(plan.series.map((s) => s.files[0]!.shownPath)).toEqual([
      `${outer}!/inner.zip!/x/grey.png`,
    ]);
  });

  it('never writes outside its folder', async () => {
    const path = await zipOf('evil.zip', {
      'aa/evil.png': await phantom('grey.png'),
      'good.png': await phantom('grey.png'),
    });
    // yazl does not write such names, so the entry is renamed in the bytes.
    const bytes = await readFile(path);
    const evil = Buffer.from(
      bytes.toString('latin1').replaceAll('aa/evil.png', '../evil.png'),
      'latin1',
    );
    await writeFile(path, evil);
    await mkdir(join(folder, 'temp'));
    const { files, refused } = await unpackZip(asInput(path), { tempDir: join(folder, 'temp') });
    expect(files.map((file) => file.shownPath)).toEqual(['evil.zip!/good.png']);
    expect(codes(refused)).toEqual(['evil.png unsafe-archive-path']);
    await expect(stat(join(folder, 'temp', 'evil.png'))).rejects.toThrow(/ENOENT/);
  });

  it('refuses archives that unpack to far more than they are, keeping what fitted', async () => {
    const path = await zipOf('bomb.zip', {
      'small.png': await phantom('grey.png'),
      'zeros.raw': Buffer.alloc(5e6),
    });
    const limits = { ...archiveLimits, ratio: 100, ratioFromBytes: 1e6 };
    const { files, refused } = await unpackZip(asInput(path), { tempDir: folder, limits });
    expect(files).toHaveLength(1);
    expect(codes(refused)).toEqual(['bomb.zip archive-too-large']);
  });

  it('reports encrypted entries once for the archive', async () => {
    const path = await zipOf('secret.zip', {
      'a.png': await phantom('grey.png'),
      'b.png': await phantom('rgb.png'),
    });
    const bytes = await readFile(path);
    for (const [signature, flagAt] of [
      ['PK\x03\x04', 6],
      ['PK\x01\x02', 8],
    ] as const) {
      for (
        let at = bytes.indexOf(signature, 0, 'latin1');
        at >= 0;
        at = bytes.indexOf(signature, at + 4, 'latin1')
      ) {
        bytes[at + flagAt]! |= 1;
      }
    }
    await writeFile(path, bytes);
    const { files, refused } = await unpackZip(asInput(path), { tempDir: folder });
    expect(files).toEqual([]);
    expect(refused).toMatchObject([
      { path: 'secret.zip', issue: { code: 'encrypted-archive', params: { files: 2 } } },
    ]);
  });

  it('reports a cut-off archive and a damaged entry', async () => {
    const whole = await readFile(
      await zipOf('c.zip', {
        'a.png': await phantom('grey.png'),
        'b.png': await phantom('rgb.png'),
      }),
    );
    await writeFile(join(folder, 'cut.zip'), whole.subarray(0, whole.length - 60));
    const cut = await unpackZip(asInput(join(folder, 'cut.zip')), { tempDir: folder });
    expect(codes(cut.refused)).toEqual(['cut.zip broken-archive']);
    const damaged = Buffer.from(whole);
    damaged[60]! ^= 0x55;
    await writeFile(join(folder, 'damaged.zip'), damaged);
    const one = await unpackZip(asInput(join(folder, 'damaged.zip')), { tempDir: folder });
    expect(codes(one.refused)).toEqual(['a.png broken-archive']);
    expect(one.files.map((file) => file.shownPath)).toEqual(['damaged.zip!/b.png']);
  });
});

describe('walking folders', () => {
  it('follows links without going in circles and counts a file once', async () => {
    await mkdir(join(folder, 'a/b'), { recursive: true });
    await writeFile(join(folder, 'a/slice10.raw'), 'x');
    await writeFile(join(folder, 'a/slice2.raw'), 'x');
    await symlink(join(folder, 'a'), join(folder, 'a/b/loop'));
    await symlink(join(folder, 'a/slice2.raw'), join(folder, 'a/z-again'));
    await symlink(join(folder, 'nowhere'), join(folder, 'a/broken'));
    const { files, refused } = await walk([join(folder, 'a'), join(folder, 'a')]);
    expect(files.map((file) => relative(folder, file.path))).toEqual([
      'a/slice2.raw',
      'a/slice10.raw',
    ]);
    expect(codes(refused)).toEqual(['broken unreadable-file']);
  });

  it('says that a path does not exist', async () => {
    const { refused } = await walk([join(folder, 'gone')]);
    expect(codes(refused)).toEqual(['gone unreadable-file']);
  });

  it.each([
    ['brain.nii.gz', 'brain'],
    ['a/brain.v2.mha', 'brain.v2'],
    ['.hidden', '.hidden'],
    ['IM0001', 'IM0001'],
  ])('takes the stem of %s', (name, stem) => expect(stemOf(name)).toBe(stem));
});
