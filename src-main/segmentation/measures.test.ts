import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  ballGeometry,
  ballSize,
  ballVoxels,
  SegmentationFixture,
  window,
} from '../../tests/support/segmentation-fixture.ts';
import { memoryVolumes } from '../../tests/support/test-library.ts';
import { sliceSizePx, type SliceAxis } from '../../src-shared/geometry/planes.ts';
import { SegmentMeasures } from './measures.ts';
import { liveMasks } from './records.ts';
import { findSeries } from './series-context.ts';

let fixture: SegmentationFixture;
beforeEach(() => {
  fixture = new SegmentationFixture();
});
afterEach(() => fixture.remove());

/** Other values than those the model looks at: of every voxel its own number. */
const numbered = Int16Array.from(ballVoxels, (_, n) => n);

/** Boxes round the whole of these slices, as one segment; its statistics, and how often all voxels were read for them. */
async function measured(axis: SliceAxis, slices: number[]) {
  const { id: segmentId } = await fixture.newSegment();
  const boxPx: [number, number, number, number] = [0, 0, ...sliceSizePx(ballGeometry, axis)];
  for (const sliceIndex of slices) {
    const ask = { seriesId: 'ball', axis, sliceIndex, boxPx, modelWindow: window, segmentId };
    const stored = await fixture.service.segment(ask);
    if (!stored.ok) throw new Error(stored.error.code);
  }
  const series = findSeries(fixture.database.db, 'ball');
  if (!series.ok) throw new Error(series.error.code);
  let readings = 0;
  const volumes = memoryVolumes({ ball: { geometry: ballGeometry, voxels: numbered } });
  const measures = new SegmentMeasures(fixture.database.db, {
    ...volumes,
    async readVolume(seriesId) {
      readings++;
      return volumes.readVolume(seriesId);
    },
  });
  const masks = liveMasks(fixture.database.db, 'ball');
  return { statistics: await measures.describe(series.value, segmentId, masks), readings };
}

/** Mean and deviation (n − 1) of the numbers of the ball's voxels on slices of an axis. */
function truth(axis: SliceAxis, slices: number[]) {
  const [ni, nj] = ballSize;
  const at = { i: (n: number) => n % ni, j: (n: number) => Math.floor(n / ni) % nj, k: (n: number) => Math.floor(n / ni / nj) }; // prettier-ignore
  const values = [...numbered.keys()].filter(
    (n) => ballVoxels[n] === 100 && slices.includes(at[axis](n)),
  );
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { voxelCount: values.length, mean, sd: Math.sqrt(squares / (values.length - 1)) };
}

for (const [axis, slices, readings] of [
  ['i', [15], 0],
  ['j', [12, 13, 14], 0],
  ['k', [13], 0],
  ['k', [8, 9, 10, 11, 12, 13, 14, 15, 16, 17], 1],
] as const) {
  const how = readings ? 'all voxels' : 'their slices alone';
  it(`mean and deviation of ${slices.length} masks across ${axis} are those of their voxels, from ${how}`, async () => {
    const { statistics, readings: read } = await measured(axis, [...slices]);
    const { voxelCount, mean, sd } = truth(axis, [...slices]);
    expect(statistics.voxelCount).toBe(voxelCount);
    expect(statistics.meanValue).toBeCloseTo(mean, 6);
    expect(statistics.sdValue).toBeCloseTo(sd, 6);
    expect(read).toBe(readings);
  });
}
