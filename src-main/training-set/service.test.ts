import { readdirSync, readFileSync, writeFileSync, mkdirSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { eq } from 'drizzle-orm';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { trainingSetRequestSchema } from '../../src-shared/contract/training-set.ts';
import { fail } from '../../src-shared/result.ts';
import { needsPython, pythonWith, runPython } from '../../tests/support/python.ts';
import { readNpz } from '../../tests/support/read-npz.ts';
import {
  ballGeometry,
  ballSize,
  ballVoxels,
  SegmentationFixture,
  wholeSlice,
} from '../../tests/support/segmentation-fixture.ts';
import { temporaryFolder } from '../../tests/support/temporary-folder.ts';
import { insertSeries, memoryVolumes } from '../../tests/support/test-library.ts';
import { patients, segments, series, studies } from '../library/schema/index.ts';
import type { TrainingSetReport } from './report.ts';
import { createTrainingSetService } from './service.ts';

const python = pythonWith('numpy');
/** On the ball with radius 9 the outer slices have fewer than 100 pixels. */
const sliceArea = (k: number) =>
  ballVoxels
    .subarray(k * ballSize[0] * ballSize[1], (k + 1) * ballSize[0] * ballSize[1])
    .filter((value) => value === 100).length;
const allSlices = Array.from({ length: ballSize[2] }, (_, k) => k);
const largeSlices = allSlices.filter((k) => sliceArea(k) >= 100);
const smallSlices = allSlices.filter((k) => sliceArea(k) > 0 && sliceArea(k) < 100);

let fixture: SegmentationFixture;
let folder: string;
beforeEach(() => {
  const made = new SegmentationFixture();
  fixture = made;
  onTestFinished(() => made.remove());
  folder = join(temporaryFolder(), 'set');
});

const service = (volumes = ['ball', 'later']) =>
  createTrainingSetService({
    database: fixture.database,
    volumes: memoryVolumes(
      Object.fromEntries(volumes.map((id) => [id, { geometry: ballGeometry, voxels: ballVoxels }])),
    ),
    libraryFolder: '/nowhere/library',
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    appVersion: '0.1.0',
  });

async function segment(slices: number[], seriesId = 'ball', part: object = {}): Promise<string> {
  const { id: segmentId } = await fixture.newSegment(seriesId);
  for (const k of slices) {
    const request = { ...wholeSlice(k), seriesId, segmentId, ...part };
    expect((await fixture.service.segment(request)).ok).toBe(true);
  }
  return segmentId;
}

async function write(wishes: object = {}, writer = service(), signal?: AbortSignal) {
  const request = trainingSetRequestSchema.parse({ folder, selection: { kind: 'library' }, ...wishes });
  const events = [];
  for await (const event of writer.write(request, signal)) events.push(event);
  return events.at(-1)!;
} // prettier-ignore

async function written(wishes: object = {}) {
  const end = await write(wishes);
  if (end.kind !== 'finished') throw new Error(JSON.stringify(end));
  const report = JSON.parse(readFileSync(join(folder, 'export.json'), 'utf8')) as TrainingSetReport;
  return { summary: end.summary, report };
}

test('a segment becomes the greys and labels of its slices, with what was left out listed', async () => {
  await segment(allSlices);
  const { summary, report } = await written();
  expect(readdirSync(folder).toSorted()).toEqual([
    'CT_Unknown_p0001s01.npz',
    'dropped.csv',
    'export.json',
  ]);
  const { imgs, gts, spacing, slice_indices, flipped_xy } = await readNpz(
    join(folder, 'CT_Unknown_p0001s01.npz'),
  );
  const [nx, ny] = ballSize;
  expect(imgs).toMatchObject({ type: '|u1', shape: [largeSlices.length, ny, nx] });
  expect(gts).toMatchObject({ type: '|u1', shape: [largeSlices.length, ny, nx] });
  expect(slice_indices!.values).toEqual(largeSlices);
  expect(spacing).toEqual({ type: '<f8', shape: [3], values: ballGeometry.spacingMm });
  expect(flipped_xy!.values).toEqual([0, 0]);
  const inside = largeSlices.flatMap((k) => [...ballVoxels.subarray(k * nx * ny, (k + 1) * nx * ny)]); // prettier-ignore
  // The window spans the stored values, so they become 0 and 255.
  expect(imgs!.values).toEqual(inside.map((value) => (value === 100 ? 255 : 0)));
  expect(gts!.values).toEqual(inside.map((value) => (value === 100 ? 1 : 0)));

  const empty = allSlices.filter((k) => sliceArea(k) === 0);
  const [one] = report.cases;
  expect(one!.dropped.map(({ rule, firstSlice, voxelCount }) => [rule, firstSlice, voxelCount])).toEqual(
    smallSlices.map((k) => ['slice', k, sliceArea(k)]),
  ); // prettier-ignore
  expect(one!.leftOut.map(({ sliceIndex, reason }) => [sliceIndex, reason])).toEqual(
    empty.map((k) => [k, 'empty']),
  );
  expect(one!.files[0]!.labels).toEqual([
    { label: 1, segment: 1, voxels: inside.filter((v) => v === 100).length, slices: largeSlices.length },
  ]); // prettier-ignore
  expect(summary).toMatchObject({
    patients: 1,
    cases: 1,
    files: 1,
    slices: largeSlices.length,
    masks: ballSize[2],
    leftOut: empty.length,
    dropped: smallSlices.length,
  });
  const rows = readFileSync(join(folder, 'dropped.csv'), 'utf8').trim().split('\r\n');
  expect(rows).toHaveLength(1 + smallSlices.length + empty.length);
});

test.skipIf(!python)(`numpy reads the arrays${needsPython(python, 'numpy')}`, async () => {
  await segment(allSlices);
  await written();
  const program = `
import sys, json, numpy as np
z = np.load(sys.argv[1])
print(json.dumps({n: [str(a.dtype), list(a.shape), np.asarray(a, float).sum()] for n, a in z.items()}))`;
  const file = join(folder, 'CT_Unknown_p0001s01.npz');
  const voxels = largeSlices.reduce((sum, k) => sum + sliceArea(k), 0);
  const shape = [largeSlices.length, ballSize[1], ballSize[0]];
  expect(JSON.parse(runPython(python!, program, [file]))).toEqual({
    imgs: ['uint8', shape, voxels * 255],
    gts: ['uint8', shape, voxels],
    spacing: ['float64', [3], 3.3],
    slice_indices: ['int32', [largeSlices.length], largeSlices.reduce((a, b) => a + b)],
    flipped_xy: ['bool', [2], 0],
  });
});

test('boxes on a few slices are exported as they are, and what gaps did to them is said', async () => {
  await segment([10, 13, 16]);
  const strict = await written();
  expect(strict.summary.files).toBe(0);
  expect(strict.report.cases[0]).toMatchObject({
    files: [],
    cautions: ['gaps-between-slices'],
    dropped: [10, 13, 16].map((k) => ({ rule: 'object', firstSlice: k, lastSlice: k })),
  });
  folder += '-all';
  const all = await written({ minimumVoxels: 0 });
  expect(all.report.cases[0]!.files[0]!.sliceIndices).toEqual([10, 13, 16]);
  const { gts } = await readNpz(join(folder, 'CT_Unknown_p0001s01.npz'));
  const area = [10, 13, 16].reduce((sum, k) => sum + sliceArea(k), 0);
  expect(gts!.values.filter((v) => v === 1)).toHaveLength(area);
});

test('segments that overlap lose no voxel to each other', async () => {
  await segment(largeSlices);
  await segment(largeSlices, 'ball', { boxPx: [0, 0, 16, ballSize[1]] });
  await segment(largeSlices, 'ball', { boxPx: [16, 0, ballSize[0], ballSize[1]] });
  const { report } = await written({ minimumVoxels: 100, minimumSlicePx: 10 });
  const [one] = report.cases;
  expect(one!.cautions).toEqual(['overlapping-segments']);
  expect(one!.files.map(({ name, labels }) => [name, labels.map(({ segment }) => segment)])).toEqual([
    ['CT_Unknown_p0001s01.npz', [1]],
    ['CT_Unknown_p0001s01b.npz', [2, 3]],
  ]); // prettier-ignore
  const [whole, halves] = one!.files.map(({ labels }) => labels.reduce((sum, l) => sum + l.voxels, 0)); // prettier-ignore
  expect(halves).toBe(whole);
});

test('nothing in names, files or metadata leads back to the patient', async () => {
  const secrets = ['Quuxley', 'Zebulon', 'MRN778899', '19450302', '1945-03-02', '2019-03-07', '20190307', 'ACC556677', 'Follow-up of Quuxley', 'ball', 'Dr. Wu', 'Zebulon liver', '1.2.840.99']; // prettier-ignore
  const { db } = fixture.database;
  db.update(patients)
    .set({ name: 'Quuxley^Zebulon', code: 'MRN778899', birthDate: '1945-03-02' })
    .run();
  db.update(studies)
    .set({
      uid: '1.2.840.99',
      date: '2019-03-07',
      accessionNumber: 'ACC556677',
      description: 'Follow-up of Quuxley',
    })
    .run();
  db.update(series).set({ description: 'Zebulon liver', bodyPart: 'Quuxley liver', modality: 'QUUXLEY' }).run(); // prettier-ignore
  const id = await segment(allSlices);
  await fixture.service.updateSegment({ segmentId: id, name: 'Zebulon liver' });
  await written();
  const names = readdirSync(folder);
  expect(names.toSorted()).toEqual(['OT_Unknown_p0001s01.npz', 'dropped.csv', 'export.json']);
  const npz = join(
    folder,
    names.find((name) => name.endsWith('.npz'))!,
  );
  const texts = [
    ...names,
    ...names.map((name) => readFileSync(join(folder, name), 'latin1')),
    Object.keys(await readNpz(npz)).join(),
  ];
  for (const text of texts) {
    for (const secret of [...secrets, id]) expect(text.toLowerCase()).not.toContain(secret.toLowerCase());
  } // prettier-ignore
  // The archive's entries are all of 1980-01-01 00:00, whenever they were made.
  const bytes = readFileSync(npz);
  for (let at = bytes.indexOf('PK\x01\x02'); at >= 0; at = bytes.indexOf('PK\x01\x02', at + 4)) {
    expect(bytes.readUInt32LE(at + 12)).toBe(0x0021_0000);
    expect([bytes.readUInt16LE(at + 30), bytes.readUInt16LE(at + 32)]).toEqual([0, 0]);
  }
});

test('series of a patient share its pseudonym, which does not follow the order of the library', async () => {
  const { db } = fixture.database;
  const volumes = ['ball'];
  for (let n = 0; n < 12; n++) {
    const id = `s${n}`;
    insertSeries(db, { id, patientId: `pat${n >> 1}`, studyId: `st${n}`, geometry: ballGeometry, valueRange: [-100, 100] }); // prettier-ignore
    volumes.push(id);
  }
  // The boxes are answered from the fixture's own series; the records are then those of the others.
  const ids: string[] = [];
  for (let n = 0; n < 12; n++) ids.push(await segment([8 + n], 'ball'));
  ids.forEach((id, n) =>
    db
      .update(segments)
      .set({ seriesId: `s${n}` })
      .where(eq(segments.id, id))
      .run(),
  );
  const orders = new Set<string>();
  for (let turn = 0; turn < 3; turn++) {
    const end = await write(
      { folder: `${folder}${turn}`, minimumVoxels: 0, minimumSlicePx: 1 },
      service(volumes),
    );
    expect(end).toMatchObject({ kind: 'finished', summary: { patients: 6, cases: 12, files: 12 } });
    const { cases } = JSON.parse(readFileSync(join(`${folder}${turn}`, 'export.json'), 'utf8')) as TrainingSetReport; // prettier-ignore
    expect(cases.map((one) => one.case)).toEqual(
      [1, 2, 3, 4, 5, 6].flatMap((n) => [`p000${n}s01`, `p000${n}s02`]),
    );
    orders.add(cases.map(({ files }) => files[0]!.sliceIndices[0]).join());
  }
  expect(orders.size).toBeGreaterThan(1);
});

test('only the chosen reader, series and window', async () => {
  insertSeries(fixture.database.db, { id: 'later', studyId: 'x', geometry: ballGeometry, valueRange: [-100, 100] }); // prettier-ignore
  await segment(largeSlices);
  fixture.reader = 'Dr. Li';
  await segment(largeSlices, 'later');
  await segment([13], 'ball', {
    modelWindow: { kind: 'custom', window: { level: 0, width: 400 } },
  });
  const writer = service();
  expect(writer.overview({ kind: 'library' })).toEqual({
    ok: true,
    value: { patients: 1, series: 2, segments: 3, masks: 2 * largeSlices.length + 1, readers: ['Dr. Li', 'Dr. Wu'], suggestedFolder: expect.stringContaining('MedSAM training set') }, // prettier-ignore
  });
  const li = await written({
    reader: 'Dr. Li',
    selection: { kind: 'series', seriesIds: ['ball'] },
  });
  expect(li.summary).toMatchObject({
    leftOut: largeSlices.length,
    files: 0,
    masks: largeSlices.length + 1,
  });
  expect(li.report.cases[0]!.modelWindow).toEqual({
    kind: 'custom',
    window: { level: 0, width: 400 },
  });
  folder += '2';
  const wu = await written({ reader: 'Dr. Wu', modelWindow: { kind: 'named', name: 'lung' } });
  expect(wu.report.cases.map(({ modelWindow, intensityRange }) => [modelWindow, intensityRange])).toEqual(
    [1, 2].map(() => [{ kind: 'named', name: 'lung' }, [-100, 100]]),
  ); // prettier-ignore
  folder += '3';
  const both = await written({ selection: { kind: 'series', seriesIds: ['ball'] } });
  expect(both.report.cases[0]).toMatchObject({ modelWindow: { kind: 'custom', window: { level: 0, width: 200 } } }); // prettier-ignore
  expect(both.report.cases[0]!.cautions).toContain('several-windows');
});

test('an upside-down volume is exported as models see it', async () => {
  const turned = { ...ballGeometry, direction: [-1, 0, 0, 0, -1, 0, 0, 0, 1] };
  fixture.database.db.update(series).set({ geometry: turned }).run();
  await segment(largeSlices);
  const { report } = await written();
  expect(report.cases[0]!.flippedXY).toEqual([true, true]);
  const { imgs, gts, flipped_xy } = await readNpz(join(folder, 'CT_Unknown_p0001s01.npz'));
  expect(flipped_xy!.values).toEqual([1, 1]);
  const plane = ballSize[0] * ballSize[1];
  const first = [...ballVoxels.subarray(largeSlices[0]! * plane, (largeSlices[0]! + 1) * plane)].reverse(); // prettier-ignore
  expect(gts!.values.slice(0, plane)).toEqual(first.map((v) => Number(v === 100)));
  expect(imgs!.values.slice(0, plane)).toEqual(first.map((v) => (v === 100 ? 255 : 0)));
});

test('a box without a mask and a series that cannot be read are listed', async () => {
  await segment(largeSlices);
  fixture.inference.before = async () => fail('engine-crashed');
  const { id: segmentId } = await fixture.newSegment('ball');
  await fixture.service.segment({ ...wholeSlice(13), segmentId });
  const { report } = await written();
  expect(report.cases[0]!.leftOut).toEqual([{ segment: 2, axis: 'k', sliceIndex: 13, reason: 'failed' }]); // prettier-ignore
  folder += '2';
  const end = await write({}, service([]));
  expect(end).toMatchObject({ kind: 'finished', summary: { failedSeries: 1, files: 0 } });
  const second = JSON.parse(readFileSync(join(folder, 'export.json'), 'utf8')) as TrainingSetReport;
  expect(second).toMatchObject({ cases: [], failed: [{ case: 'p0001s01', error: { code: 'file-unreadable' } }] }); // prettier-ignore
  expect(readdirSync(folder).toSorted()).toEqual(['dropped.csv', 'export.json']);
});

test('writes into a new or empty folder only, and leaves nothing behind when it is stopped', async () => {
  expect(await write()).toMatchObject({ kind: 'failed', error: { code: 'nothing-to-export' } });
  await segment(largeSlices);
  expect(await write({ selection: { kind: 'series', seriesIds: ['other'] } })).toMatchObject({
    error: { code: 'not-found' },
  });
  expect(await write({ folder: '/nowhere/library/sets' })).toMatchObject({
    error: { code: 'folder-in-library' },
  });
  mkdirSync(folder);
  writeFileSync(join(folder, 'mine.txt'), '');
  expect(await write()).toMatchObject({ error: { code: 'folder-not-empty' } });
  expect(readdirSync(folder)).toEqual(['mine.txt']);

  folder += '2';
  const stop = new AbortController();
  stop.abort();
  expect(await write({}, service(), stop.signal)).toMatchObject({ error: { code: 'cancelled' } });
  expect(existsSync(folder)).toBe(false);
  for await (const event of service().write(
    trainingSetRequestSchema.parse({ folder, selection: { kind: 'library' } }),
  )) {
    // prettier-ignore
    expect(event.kind).toBe('progress');
    break;
  }
  const leftovers = readdirSync(join(folder, '..')).filter((name) => name !== 'set');
  expect(leftovers).toEqual([]);
});
