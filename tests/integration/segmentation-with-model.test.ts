import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createBurdenService } from '../../src-main/burden/service.ts';
import { applicationRoot } from '../../src-main/entry-file.ts';
import { openDatabase } from '../../src-main/library/database.ts';
import { createModelRegistry, EMBEDDED_MODEL_ID } from '../../src-main/models/registry.ts';
import { createSegmentationService } from '../../src-main/segmentation/service.ts';
import { diceCoefficient } from '../../src-shared/metrics/dice.ts';
import { geometry } from '../support/geometries.ts';
import { inferenceOn, temporaryFolder } from '../support/inference.ts';
import { insertSeries, memoryVolumes } from '../support/test-library.ts';
import { tightBox } from '../support/tight-box.ts';

const size: [number, number, number] = [128, 112, 24];
const centre = [60, 50, 12];
/** Semi-axes in voxels: an ellipsoid of soft tissue in fat with noise, as a lesion in CT. */
const axes = [22, 16, 6];

const inside = (x: number, y: number, k: number) =>
  ((x - centre[0]!) / axes[0]!) ** 2 +
    ((y - centre[1]!) / axes[1]!) ** 2 +
    ((k - centre[2]!) / axes[2]!) ** 2 <=
  1;

const voxels = new Int16Array(size[0] * size[1] * size[2]);
let state = 7;
for (let n = 0; n < voxels.length; n++) {
  state = (state * 16807) % 2147483647;
  const lesion = inside(
    n % size[0],
    Math.floor(n / size[0]) % size[1],
    Math.floor(n / size[0] / size[1]),
  );
  voxels[n] = (lesion ? 90 : -60) + (state % 31) - 15;
}

/** The truth on slice k. */
const truth = (k: number): Uint8Array =>
  Uint8Array.from({ length: size[0] * size[1] }, (_, n) =>
    Number(inside(n % size[0], Math.floor(n / size[0]), k)),
  );

test('boxes through a lesion give masks, statistics and burden with the embedded model', async () => {
  const models = join(applicationRoot(), 'models');
  const database = openDatabase(temporaryFolder());
  onTestFinished(() => database.close());
  const upright = geometry({ sizeVx: size, spacingMm: [0.8, 0.8, 3] });
  // The same voxels of a patient lying the other way round: the model is shown them turned.
  const turned = { ...upright, direction: [-1, 0, 0, 0, -1, 0, 0, 0, 1] };
  for (const [id, placed] of [
    ['upright', upright],
    ['turned', turned],
  ] as const) {
    insertSeries(database.db, {
      id,
      studyId: `study of ${id}`,
      geometry: placed,
      valueRange: [-75, 105],
    });
  }
  const service = createSegmentationService({
    database,
    volumes: memoryVolumes({
      upright: { geometry: upright, voxels },
      turned: { geometry: turned, voxels },
    }),
    inference: inferenceOn(models),
    models: createModelRegistry({ folders: [models], chosenDefault: () => null }),
    settings: { get: () => ({ reader: 'Dr. Wu' }) },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    appVersion: '0.1.0',
  });
  onTestFinished(() => service.close());

  for (const seriesId of ['upright', 'turned']) {
    const segment = await service.addSegment({ seriesId });
    if (!segment.ok) throw new Error(segment.error.code);
    const found = new Uint8Array(voxels.length);
    const expected = new Uint8Array(voxels.length);
    for (let k = centre[2]! - 5; k <= centre[2]! + 5; k++) {
      const pixels = truth(k);
      const result = await service.segment({
        seriesId,
        segmentId: segment.value.id,
        axis: 'k',
        sliceIndex: k,
        boxPx: tightBox(size[0], pixels),
        modelWindow: { kind: 'named', name: 'soft-tissue' },
      });
      if (!result.ok) throw new Error(`${result.error.code} ${result.error.detail}`);
      const { mask } = result.value;
      const bits = service.maskBytes(mask.id)!;
      for (let n = 0; n < bits.length; n++) {
        const x = mask.originPx[0] + (n % mask.sizePx[0]);
        const y = mask.originPx[1] + Math.floor(n / mask.sizePx[0]);
        found[x + size[0] * (y + size[1] * k)] = bits[n]!;
      }
      expected.set(pixels, size[0] * size[1] * k);
      expect(mask.provenance).toMatchObject({
        modelId: EMBEDDED_MODEL_ID,
        executionProvider: 'cpu',
        // Narrowed to the values of the volume, as MedSAM scales what is left of it after clipping.
        intensityRange: [-75, 105],
        reader: 'Dr. Wu',
      });
      expect(mask.provenance!.modelSha256).toMatch(/^[0-9a-f]{64}$/);
    }
    expect(diceCoefficient(expected, found)).toBeGreaterThan(0.9);
    const after = await service.state(seriesId);
    if (!after.ok) throw new Error(after.error.code);
    const { statistics } = after.value.segments[0]!;
    const count = found.reduce((sum, bit) => sum + bit, 0);
    expect(statistics.voxelCount).toBe(count);
    expect(statistics.volumeMl).toBeCloseTo((count * 0.8 * 0.8 * 3) / 1000, 9);
    expect(statistics.meanValue).toBeGreaterThan(75);
    const table = createBurdenService({ database }).table('patient');
    const cells = table.ok ? table.value.lesions.flatMap((lesion) => lesion.cells) : [];
    expect(cells.find((cell) => cell?.seriesId === seriesId)?.volumeMl).toBe(statistics.volumeMl);
  }
});
