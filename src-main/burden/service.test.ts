import { afterEach, beforeEach, expect, test } from 'vitest';
import { burdenTableSchema, type BurdenTable } from '../../src-shared/contract/burden.ts';
import { fail } from '../../src-shared/result.ts';
import { insertSeries } from '../../tests/support/test-library.ts';
import {
  ballCentre,
  ballGeometry,
  ballSize,
  ballVoxelCount,
  SegmentationFixture,
  wholeSlice,
} from '../../tests/support/segmentation-fixture.ts';
import { createBurdenService, type BurdenService } from './service.ts';

let fixture: SegmentationFixture;
let burden: BurdenService;
beforeEach(() => {
  fixture = new SegmentationFixture();
  insertSeries(fixture.database.db, {
    id: 'later',
    studyId: 'follow-up',
    studyDate: '2024-06-01',
    geometry: ballGeometry,
    valueRange: [-100, 100],
  });
  burden = createBurdenService({ database: fixture.database });
});
afterEach(() => fixture.remove());

function table(): BurdenTable {
  const result = burden.table('patient');
  if (!result.ok) throw new Error(result.error.code);
  return burdenTableSchema.parse(result.value);
}

async function segmentBall(seriesId: string, segmentId: string, upTo = ballSize[2]): Promise<void> {
  for (let k = 0; k < upTo; k++) {
    const done = await fixture.service.segment({ ...wholeSlice(k), seriesId, segmentId });
    expect(done.ok).toBe(true);
  }
}

const voxelMl = 0.0008;

test('volumes of linked lesions, their change and the slice with most of them', async () => {
  const baseline = await fixture.newSegment('ball');
  await segmentBall('ball', baseline.id);
  const followUp = await fixture.newSegment('later');
  await segmentBall('later', followUp.id, ballCentre[2] + 1);
  const apart = table();
  expect(apart.lesions.map(({ isNew }) => isNew)).toEqual([false, true]);

  fixture.service.linkLesion(followUp.id, baseline.lesionId);
  const linked = table();
  expect(linked.timepoints.map(({ studyId }) => studyId)).toEqual(['study', 'follow-up']);
  expect(linked.lesions).toHaveLength(1);
  const [first, second] = linked.lesions[0]!.cells;
  expect(first).toMatchObject({
    segmentId: baseline.id,
    voxelCount: ballVoxelCount,
    caution: null,
  });
  expect(first!.volumeMl).toBeCloseTo(ballVoxelCount * voxelMl, 9);
  expect(first!.keySlice).toEqual({ axis: 'k', sliceIndex: ballCentre[2] });
  const half = second!.voxelCount / ballVoxelCount;
  expect(half).toBeGreaterThan(0.5);
  expect(second!.changePercent).toBeCloseTo((half - 1) * 100, 9);
  expect(linked.timepoints[1]!.changePercent).toBeCloseTo((half - 1) * 100, 9);

  expect(fixture.service.undo('later').ok).toBe(true);
  expect(table()).toEqual(apart);
});

test('agrees with the statistics of the viewer', async () => {
  const segment = await fixture.newSegment('ball');
  await segmentBall('ball', segment.id, 12);
  const { statistics } = (await fixture.state()).segments[0]!;
  const [cell] = table().lesions[0]!.cells;
  expect([cell!.voxelCount, cell!.volumeMl]).toEqual([statistics.voxelCount, statistics.volumeMl]);
  await fixture.service.segment({ ...wholeSlice(12), segmentId: segment.id });
  expect(table().lesions[0]!.cells[0]!.voxelCount).toBeGreaterThan(cell!.voxelCount);
});

test('a lesion in two series of a study counts once and says so', async () => {
  insertSeries(fixture.database.db, {
    id: 'second series',
    geometry: ballGeometry,
    importedAt: '2024-01-02T00:00:00.000Z',
    measurable: false,
  });
  const first = await fixture.newSegment('ball');
  await fixture.service.segment({ ...wholeSlice(13), segmentId: first.id });
  const second = await fixture.newSegment('second series');
  expect(table().timepoints[0]).toMatchObject({ totalMl: null, lesionCount: 2 });
  fixture.service.linkLesion(second.id, first.lesionId);
  expect(table().lesions[0]!.cells[0]).toMatchObject({
    segmentId: first.id,
    caution: 'measured-twice',
  });
  expect(table().timepoints[0]).toMatchObject({ lesionCount: 1 });
});

test('a box without a mask is pointed out', async () => {
  const segment = await fixture.newSegment('ball');
  fixture.inference.before = async () => fail('engine-crashed');
  await fixture.service.segment({ ...wholeSlice(13), segmentId: segment.id });
  expect(table().lesions[0]!.cells[0]).toMatchObject({
    voxelCount: 0,
    caution: 'pending-masks',
    keySlice: null,
  });
});

test('removed segments do not count, and an unknown patient is said to be unknown', async () => {
  const segment = await fixture.newSegment('ball');
  fixture.service.removeSegment(segment.id);
  expect(table()).toEqual({ patientId: 'patient', timepoints: [], lesions: [] });
  expect(burden.table('nobody')).toEqual(fail('not-found', { what: 'patient', id: 'nobody' }));
});
