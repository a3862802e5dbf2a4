import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { expect, onTestFinished, test } from 'vitest';
import { openSeriesSchema } from '../../src-shared/contract/series.ts';
import { filesIn, imageFiles } from '../../tests/support/library-files.ts';
import { addManySeries } from '../../tests/support/many-series.ts';
import { rawImaging, writeRawSeries, type RawSeries } from '../../tests/support/raw-imaging.ts';
import { temporaryFolder } from '../../tests/support/temporary-folder.ts';
import { openLibrary } from './index.ts';
import { lesions, segments } from './schema/index.ts';

async function libraryWith(...specs: RawSeries[]) {
  const folder = temporaryFolder();
  const library = openLibrary({ root: join(folder, 'library'), imagingPool: rawImaging() });
  onTestFinished(() => library.close());
  specs.forEach((spec, n) => writeRawSeries(join(folder, 'in', `${n}`), spec));
  const started = library.imports.startPaths([join(folder, 'in')]);
  const summary = await library.imports.finished(started.ok ? started.value.importId : '');
  return { library, accepted: summary.accepted };
}

const request = { search: '', sort: 'name', descending: false, limit: 100, offset: 0 } as const;

test('every word of a search must be somewhere in name, code, descriptions, modality or date, accents aside', async () => {
  const { library } = await libraryWith(
    { uid: '1', slices: 1, patient: { name: 'Müller^Anna', code: 'M-17' }, study: { uid: 's1', date: '2026-03-01' } },
    { uid: '2', slices: 1, patient: { name: 'Weiss^Anna', code: 'W-3' }, study: { uid: 's2', date: '2025-11-20', description: 'MR liver' }, modality: 'MR', description: 'T2 100%_fat' },
    { uid: '3', slices: 1, patient: { name: '王^小明', code: 'Z-9' }, study: { uid: 's3', date: null } },
  ); // prettier-ignore
  const found = (search: string) =>
    library.library.list({ ...request, search }).patients.map((p) => p.code);
  expect(found('')).toEqual(['M-17', 'W-3', 'Z-9']);
  expect(found('anna')).toEqual(['M-17', 'W-3']);
  expect(found('muller')).toEqual(['M-17']);
  expect(found('MÜLLER anna ct')).toEqual(['M-17']);
  expect(found('anna mr liver 2025-11')).toEqual(['W-3']);
  expect(found('Weiss^Anna')).toEqual(['W-3']);
  expect(found('20260301')).toEqual(['M-17']);
  expect(found('小明')).toEqual(['Z-9']);
  expect(found('100%_fat')).toEqual(['W-3']);
  expect(found('100%xfat')).toEqual([]);
  expect(found('anna nobody')).toEqual([]);
});

test('lists are sorted and paged; a patient without a study date comes last either way', async () => {
  const { library } = await libraryWith(
    {
      uid: '1',
      slices: 1,
      patient: { name: 'B', code: '2' },
      study: { uid: 's1', date: '2026-03-01' },
    },
    {
      uid: '2',
      slices: 3,
      patient: { name: 'a', code: '3' },
      study: { uid: 's2', date: '2025-03-01' },
    },
    { uid: '3', slices: 2, patient: { name: 'C', code: '1' }, study: { uid: 's3', date: null } },
  );
  const order = (change: object) =>
    library.library.list({ ...request, ...change }).patients.map((p) => p.name);
  expect(order({ sort: 'name' })).toEqual(['a', 'B', 'C']);
  expect(order({ sort: 'code' })).toEqual(['C', 'B', 'a']);
  expect(order({ sort: 'latestStudyDate' })).toEqual(['a', 'B', 'C']);
  expect(order({ sort: 'latestStudyDate', descending: true })).toEqual(['B', 'a', 'C']);
  expect(order({ sort: 'storedBytes', descending: true })).toEqual(['a', 'C', 'B']);
  expect(library.library.list({ ...request, limit: 1, offset: 1 })).toMatchObject({
    total: 3,
    patients: [{ name: 'B' }],
  });
});

test('opening a series gives all the viewer needs; an unknown one is not found', async () => {
  const { library, accepted } = await libraryWith({ uid: '1', slices: 4 });
  const id = accepted[0]!.id;
  const opened = library.library.open(id);
  if (!opened.ok) throw new Error(opened.error.code);
  expect(openSeriesSchema.parse(opened.value)).toEqual(opened.value);
  expect(opened.value).toMatchObject({
    patientName: 'Doe^Jane', studyDate: '2026-03-01', dataType: 'int16', valueUnit: 'HU',
    volumeUrl: `/volume/${id}`, sliceUrlTemplate: `/volume/${id}/{k}`, byteLength: 4 * 512,
    geometry: { sizeVx: [16, 16, 4], spacingMm: [0.7, 0.7, 3] },
  }); // prettier-ignore
  expect(statSync(await library.volumes.volumeFilePath(id)).size).toBe(4 * 512);
  expect(library.library.open('nonsense')).toMatchObject({
    ok: false,
    error: { code: 'not-found' },
  });
});

test('a thumbnail is a PNG of at most 128 px and comes back when its file is lost', async () => {
  const { library, accepted } = await libraryWith({ uid: '1', slices: 4 });
  const first = await library.library.thumbnail(accepted[0]!.id);
  if (!first.ok) throw new Error(first.error.code);
  const { width, height } = PNG.sync.read(Buffer.from(first.value));
  expect([width, height]).toEqual([128, 128]);
  rmSync(library.folder.thumbnailPath(accepted[0]!.id));
  expect(await library.library.thumbnail(accepted[0]!.id)).toEqual(first);
});

test('deleting frees what nothing else needs, and parents without children vanish', async () => {
  const { library, accepted } = await libraryWith(
    { uid: 'a', slices: 3, study: { uid: 's1' } },
    { uid: 'b', slices: 2, firstSlice: 10, study: { uid: 's1' } },
    { uid: 'c', slices: 1, firstSlice: 20, study: { uid: 's2' } },
  );
  const [a, b, c] = accepted as [
    (typeof accepted)[0],
    (typeof accepted)[0],
    (typeof accepted)[0],
  ] as Required<typeof accepted>;
  const now = new Date().toISOString();
  library.db
    .insert(lesions)
    .values({ id: 'l', patientId: a!.patientId, name: 'L', colour: '#ff0000', createdAt: now })
    .run();
  library.db
    .insert(segments)
    .values({
      id: 's',
      seriesId: a!.id,
      lesionId: 'l',
      name: 'L',
      colour: '#ff0000',
      position: 0,
      createdAt: now,
    })
    .run();
  const { deletionPreview, remove, list } = library.library;
  expect(deletionPreview('series', a!.id)).toEqual({
    ok: true,
    value: { studies: 1, series: 1, segments: 1, bytes: 2 * 3 * 512 },
  });
  expect(deletionPreview('patient', a!.patientId)).toEqual({
    ok: true,
    value: { studies: 2, series: 3, segments: 1, bytes: 2 * 6 * 512 },
  });

  const events = library.library.changes();
  expect(remove('series', a!.id)).toEqual({ ok: true, value: { freedBytes: 2 * 3 * 512 } });
  expect((await events.next()).value).toEqual({ kind: 'deleted', patientIds: [a!.patientId] });
  expect(library.db.select().from(lesions).all()).toEqual([]);
  expect(list(request).patients).toMatchObject([
    { studyCount: 2, seriesCount: 2, storedBytes: 2 * 3 * 512 },
  ]);
  expect(remove('study', b!.studyId).ok).toBe(true);
  expect(list(request).patients).toMatchObject([{ studyCount: 1, seriesCount: 1 }]);
  expect(filesIn(library.folder.root, 'originals')).toHaveLength(1);
  expect(remove('series', c!.id).ok).toBe(true);
  expect(list(request)).toEqual({ patients: [], total: 0 });
  expect(imageFiles(library.folder.root)).toEqual([]);
  expect(remove('series', c!.id)).toMatchObject({ ok: false, error: { code: 'not-found' } });
});

test('an original that another series has stays, and is not counted as freed', async () => {
  const { library, accepted } = await libraryWith({
    uid: 'same',
    slices: 2,
    patient: { code: '1' },
  });
  const folder = temporaryFolder();
  const more = writeRawSeries(join(folder, 'x'), { uid: 'same', slices: 3, firstSlice: 1 });
  const started = library.imports.startPaths([more]);
  const second = await library.imports.finished(started.ok ? started.value.importId : '');
  // Slice 1 is in both.
  expect(filesIn(library.folder.root, 'originals')).toHaveLength(4);
  expect(library.library.remove('series', accepted[0]!.id)).toEqual({
    ok: true,
    value: { freedBytes: 512 + 2 * 512 },
  });
  expect(filesIn(library.folder.root, 'originals')).toHaveLength(3);
  rmSync(library.folder.volumePath(second.accepted[0]!.id));
  expect((await library.volumes.readVolume(second.accepted[0]!.id)).voxels).toHaveLength(3 * 256);
});

test('the size is what lies on the disk', async () => {
  const { library } = await libraryWith({ uid: '1', slices: 4 });
  const size = await library.library.size();
  expect(size).toMatchObject({
    path: library.folder.root,
    originalsBytes: 4 * 512,
    volumesBytes: 4 * 512,
    embeddingsBytes: 0,
  });
  expect(size.databaseBytes).toBeGreaterThan(0);
  expect(size.totalBytes).toBe(size.originalsBytes + size.volumesBytes + size.databaseBytes);
});

test('a library of 10,000 series is listed, searched, sorted and paged rightly', async () => {
  const { library } = await libraryWith();
  const names = addManySeries(library.db, { patients: 1000, seriesPerPatient: 10 });
  const { list } = library.library;
  expect(list({ ...request, limit: 50 })).toMatchObject({ total: 1000 });
  expect(list({ ...request, limit: 50, offset: 600 }).patients.map((p) => p.name)).toEqual(
    names.sort().slice(600, 650),
  );
  const hits = list({ ...request, search: 'patient number0123 mr' });
  expect(hits.patients.map((p) => p.name)).toEqual(['Patient^Number0123']);
  expect(hits.patients[0]).toMatchObject({
    seriesCount: 10,
    studyCount: 2,
    modalities: ['CT', 'MR'],
  });
  const latest = list({
    ...request,
    sort: 'latestStudyDate',
    descending: true,
    limit: 1000,
  }).patients.map((p) => p.latestStudyDate!);
  expect(latest).toEqual([...latest].sort().reverse());
});
