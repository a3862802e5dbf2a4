import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { ImportProgress } from '../../src-shared/contract/imports.ts';
import { filesIn, imageFiles } from '../../tests/support/library-files.ts';
import { rawImaging, writeRawSeries } from '../../tests/support/raw-imaging.ts';
import { temporaryFolder } from '../../tests/support/temporary-folder.ts';
import { createImportService } from './import-service.ts';
import { openLibrary, type OpenLibrary } from './index.ts';
import { lesions, looseFiles, segments, seriesFiles } from './schema/index.ts';

const everything = { search: '', sort: 'name', descending: false, limit: 100, offset: 0 } as const;

function library(options: { sliceMs?: number; root?: string } = {}): OpenLibrary {
  const opened = openLibrary({
    root: options.root ?? temporaryFolder(),
    imagingPool: rawImaging(options),
  });
  onTestFinished(() => opened.close());
  return opened;
}

async function importPaths({ imports }: OpenLibrary, ...paths: string[]) {
  const started = imports.startPaths(paths);
  if (!started.ok) throw new Error(started.error.code);
  return imports.finished(started.value.importId);
}

test('a series is imported whole: originals by hash, volume, thumbnail, patient and study', async () => {
  const lib = library();
  const source = writeRawSeries(join(temporaryFolder(), 'ct'), { uid: '1.2.3', slices: 5 });
  const summary = await importPaths(lib, source);
  expect(summary).toMatchObject({ state: 'done', filesRead: 5, refused: [], alreadyPresent: [] });
  expect(summary.accepted).toHaveLength(1);
  const accepted = summary.accepted[0]!;
  expect(accepted).toMatchObject({
    modality: 'CT',
    sizeVx: [16, 16, 5],
    fileCount: 5,
    segmentCount: 0,
  });
  const { patients } = lib.library.list(everything);
  expect(patients).toMatchObject([
    { name: 'Doe^Jane', studyCount: 1, seriesCount: 1, modalities: ['CT'] },
  ]);
  expect(filesIn(lib.folder.root, 'originals')).toHaveLength(5);
  expect(filesIn(lib.folder.root, 'volumes')).toEqual([`volumes/${accepted.id}.raw`]);
  expect(filesIn(lib.folder.root, 'staging')).toEqual([]);
  expect(lib.db.select().from(looseFiles).all()).toEqual([]);
  const { voxels } = await lib.volumes.readVolume(accepted.id);
  const third = readFileSync(join(source, 'slice-0002.raw'));
  expect(Buffer.from(voxels.slice(2 * 256, 3 * 256).buffer)).toEqual(third);
  const [file] = lib.db.select().from(seriesFiles).all();
  expect(readFileSync(lib.folder.originalPath(file!.sha256))).toEqual(
    readFileSync(join(source, 'slice-0000.raw')),
  );
});

test('importing the same files, or some of them, again stores nothing and says so', async () => {
  const lib = library();
  const source = writeRawSeries(join(temporaryFolder(), 'ct'), { uid: '1.2.3', slices: 5 });
  const first = await importPaths(lib, source);
  const before = imageFiles(lib.folder.root);
  const again = await importPaths(lib, source);
  rmSync(join(source, 'slice-0004.raw'));
  const part = await importPaths(lib, source);
  for (const summary of [again, part]) {
    expect(summary.accepted).toEqual([]);
    expect(summary.alreadyPresent.map((s) => s.id)).toEqual([first.accepted[0]!.id]);
  }
  expect(imageFiles(lib.folder.root)).toEqual(before);
});

test('a more complete series replaces one nobody has worked on, and says so', async () => {
  const lib = library();
  const folder = temporaryFolder();
  const few = writeRawSeries(join(folder, 'few'), { uid: '1.2.3', slices: 3 });
  const all = writeRawSeries(join(folder, 'all'), { uid: '1.2.3', slices: 5 });
  const first = await importPaths(lib, few);
  const second = await importPaths(lib, all);
  expect(second.accepted).toMatchObject([
    {
      fileCount: 5,
      issues: [
        { code: 'replaced-by-more-complete', severity: 'note', params: { before: 3, now: 5 } },
      ],
    },
  ]);
  expect(lib.library.open(first.accepted[0]!.id)).toMatchObject({
    ok: false,
    error: { code: 'not-found' },
  });
  expect(lib.library.list(everything).patients).toMatchObject([{ seriesCount: 1 }]);
  expect(filesIn(lib.folder.root, 'originals')).toHaveLength(5);
  expect(filesIn(lib.folder.root, 'volumes')).toEqual([`volumes/${second.accepted[0]!.id}.raw`]);
  expect(filesIn(lib.folder.root, 'thumbnails')).toEqual([
    `thumbnails/${second.accepted[0]!.id}.png`,
  ]);
});

test('a more complete series is kept beside one that has segments', async () => {
  const lib = library();
  const folder = temporaryFolder();
  const few = writeRawSeries(join(folder, 'few'), { uid: '1.2.3', slices: 3 });
  const all = writeRawSeries(join(folder, 'all'), { uid: '1.2.3', slices: 5 });
  const first = (await importPaths(lib, few)).accepted[0]!;
  const now = new Date().toISOString();
  lib.db
    .insert(lesions)
    .values({ id: 'l', patientId: first.patientId, name: 'L', colour: '#ff0000', createdAt: now })
    .run();
  lib.db
    .insert(segments)
    .values({
      id: 's',
      seriesId: first.id,
      lesionId: 'l',
      name: 'L',
      colour: '#ff0000',
      position: 0,
      createdAt: now,
    })
    .run();
  const second = (await importPaths(lib, all)).accepted[0]!;
  expect(second.issues).toMatchObject([{ code: 'kept-beside-earlier', params: { versions: 2 } }]);
  const detail = lib.library.patient(first.patientId);
  expect(
    detail.ok && detail.value.studies[0]!.series.map((s) => [s.fileCount, s.segmentCount]),
  ).toEqual([
    [3, 1],
    [5, 0],
  ]);
  expect((await importPaths(lib, all)).alreadyPresent.map((s) => s.id)).toEqual([second.id]);
});

test('other content under a known uid is kept beside it', async () => {
  const lib = library();
  const folder = temporaryFolder();
  await importPaths(lib, writeRawSeries(join(folder, 'a'), { uid: '1.2.3', slices: 3 }));
  const other = await importPaths(
    lib,
    writeRawSeries(join(folder, 'b'), { uid: '1.2.3', slices: 3, firstSlice: 8 }),
  );
  expect(other.accepted[0]!.issues).toMatchObject([
    { code: 'kept-beside-earlier', params: { versions: 2 } },
  ]);
  expect(filesIn(lib.folder.root, 'volumes')).toHaveLength(2);
});

test('a series that cannot be decoded is refused file by file, the others are stored', async () => {
  const lib = library();
  const folder = temporaryFolder();
  const bad = writeRawSeries(join(folder, 'a-bad'), { uid: '1', slices: 2 });
  writeFileSync(join(bad, 'slice-0001.raw'), 'short');
  writeRawSeries(join(folder, 'b-good'), { uid: '2', slices: 2 });
  const summary = await importPaths(lib, folder);
  expect(summary.state).toBe('done');
  expect(summary.accepted).toHaveLength(1);
  expect(summary.refused.map((r) => [r.path, r.issue.code])).toEqual([
    [join(bad, 'slice-0000.raw'), 'truncated-pixel-data'],
    [join(bad, 'slice-0001.raw'), 'truncated-pixel-data'],
  ]);
  expect(filesIn(lib.folder.root, 'originals')).toHaveLength(2);
});

test('one patient over several imports; another birth date or name is another patient', async () => {
  const lib = library();
  const folder = temporaryFolder();
  const add = (uid: string, patient: object) =>
    importPaths(lib, writeRawSeries(join(folder, uid), { uid, slices: 1, patient }));
  await add('1', { name: 'Doe^Jane', code: 'P-1', birthDate: '1960-02-03' });
  await add('2', { name: 'DOE^JANE ', code: 'p-1', birthDate: null });
  await add('3', { name: 'Doe^Jane', code: 'P-1', birthDate: '1984-01-01' });
  await add('4', { name: 'Roe^Richard', code: 'P-1', birthDate: '1960-02-03' });
  await add('5', { name: '', code: '', birthDate: null });
  await add('6', { name: '', code: '', birthDate: null });
  const { patients } = lib.library.list(everything);
  expect(patients.map((p) => [p.name, p.birthDate, p.seriesCount]).sort()).toEqual([
    ['', null, 1], ['', null, 1],
    ['Doe^Jane', '1960-02-03', 2], ['Doe^Jane', '1984-01-01', 1],
    ['Roe^Richard', '1960-02-03', 1],
  ]); // prettier-ignore
});

test('progress reaches every listener, late ones get the latest event, and ends with the summary', async () => {
  const lib = library({ sliceMs: 2 });
  const source = writeRawSeries(join(temporaryFolder(), 'ct'), { uid: '1.2.3', slices: 8 });
  const started = lib.imports.startPaths([source]);
  const id = started.ok ? started.value.importId : '';
  const collect = async () => {
    const events: ImportProgress[] = [];
    for await (const event of lib.imports.progress(id)) events.push(event);
    return events;
  };
  const [a, b] = await Promise.all([collect(), collect()]);
  expect(a.map((e) => e.phase)).toEqual(
    expect.arrayContaining(['looking', 'reading-headers', 'decoding', 'storing', 'finished']),
  );
  expect(b).toEqual(a);
  const done = a.map((e) => e.filesDone).slice(a.findIndex((e) => e.phase === 'decoding'));
  expect(done).toEqual([...done].sort((x, y) => x - y));
  expect(a.at(-1)).toMatchObject({
    phase: 'finished',
    filesDone: 8,
    seriesDone: 1,
    summary: { state: 'done' },
  });
  const late = await collect();
  expect(late).toEqual([a.at(-1)]);
  expect(lib.imports.history(5)).toEqual([a.at(-1)!.summary]);
});

test('a cancelled import keeps what was stored whole and leaves nothing of the rest', async () => {
  const lib = library({ sliceMs: 20 });
  const folder = temporaryFolder();
  writeRawSeries(join(folder, 'a'), { uid: '1', slices: 2 });
  writeRawSeries(join(folder, 'b'), { uid: '2', slices: 100 });
  const started = lib.imports.startPaths([folder]);
  const id = started.ok ? started.value.importId : '';
  for await (const event of lib.imports.progress(id)) {
    if (event.seriesDone === 1 && event.filesDone > 4) await lib.imports.cancel(id);
  }
  const summary = await lib.imports.finished(id);
  expect(summary.state).toBe('cancelled');
  expect(summary.accepted).toHaveLength(1);
  expect(filesIn(lib.folder.root, 'originals')).toHaveLength(2);
  expect(filesIn(lib.folder.root, 'volumes')).toHaveLength(1);
  expect(filesIn(lib.folder.root, 'staging')).toEqual([]);
  expect(lib.db.select().from(looseFiles).all()).toEqual([]);
});

test('an upload that is given up, or to which nothing comes any more, is cleared; one that was started goes on', async () => {
  const { db, folder, log, changes } = library();
  const imports = createImportService({
    ...{ db, folder, log, changes },
    imagingPool: rawImaging(),
    abandonedAfterMs: 200,
  });
  onTestFinished(() => imports.close());
  const stage = async () => {
    const staged = imports.stage();
    const id = staged.ok ? staged.value.importId : '';
    const place = await imports.stagedFilePath(id, 'slice.raw');
    writeFileSync(place.ok ? place.value : '', 'half a sl');
    return id;
  };
  const started = await stage();
  expect(imports.startStaged(started).ok).toBe(true);
  imports.discardStaged(started);
  expect((await imports.finished(started)).state).toBe('done');

  await stage();
  const given = await stage();
  expect(filesIn(folder.root, 'staging')).toHaveLength(2);
  imports.discardStaged(given);
  while (filesIn(folder.root, 'staging').length > 0)
    await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await imports.stagedFilePath(given, 'more.raw')).toMatchObject({ ok: false });
});

test('staged files are written below the staging place, imported, and the place is cleared', async () => {
  const lib = library();
  const source = writeRawSeries(join(temporaryFolder(), 'ct'), { uid: '1.2.3', slices: 3 });
  const staged = lib.imports.stage();
  const id = staged.ok ? staged.value.importId : '';
  for (const name of readdirSync(source)) {
    const place = await lib.imports.stagedFilePath(id, `some folder/ct/${name}`);
    if (!place.ok) throw new Error(place.error.code);
    copyFileSync(join(source, name), place.value);
  }
  for (const escape of ['../x', 'a/../../x', '/etc/passwd', 'C:\\x', '..\\x', 'a//b', '', 'a/\0']) {
    expect(await lib.imports.stagedFilePath(id, escape)).toMatchObject({
      ok: false,
      error: { code: 'invalid-request' },
    });
  }
  lib.imports.startStaged(id);
  const summary = await lib.imports.finished(id);
  expect(summary.accepted).toHaveLength(1);
  expect(filesIn(lib.folder.root, 'staging')).toEqual([]);
  expect(await lib.imports.stagedFilePath(id, 'more.raw')).toMatchObject({
    ok: false,
    error: { code: 'not-found' },
  });
});

test('the log tells of imports without names or paths', async () => {
  const lib = library();
  const source = writeRawSeries(join(temporaryFolder(), 'ct-of-jane-doe'), {
    uid: '1.2.3',
    slices: 3,
  });
  await importPaths(lib, source);
  const text = lib.log
    .tail(100)
    .map((line) => line.text)
    .join('\n');
  expect(text).toContain('Import done');
  expect(text).not.toMatch(/doe|jane|P-1|raw|Portal/i);
});
