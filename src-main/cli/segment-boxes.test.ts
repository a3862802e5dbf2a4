import { expect, test } from 'vitest';
import { geometry } from '../../tests/support/geometries.ts';
import { inferenceOn, maskExtent, temporaryFolder } from '../../tests/support/inference.ts';
import { writeTinyPromptable } from '../../tests/support/tiny-models.ts';
import type { LoadedImage } from './load-image.ts';
import { masksOfBoxes } from './segment-boxes.ts';

test('boxes on one slice are asked for at once, and each gets its own mask', async () => {
  const root = temporaryFolder();
  writeTinyPromptable(root, { splitDecoder: true });
  const inference = inferenceOn(root);
  // Bright from column 32 on in slice 0, up to it in slice 1.
  const voxels = Uint8Array.from({ length: 2 * 64 * 64 }, (_, at) =>
    at % 64 >= 32 === at < 64 * 64 ? 200 : 20,
  );
  const image = {
    id: 'image',
    modality: 'OT',
    valueUnit: '',
    geometry: geometry({ sizeVx: [64, 64, 2] }),
    channels: 1,
    dataType: 'uint8',
    valueRange: [20, 200],
    percentileRange: [20, 200],
    voxels,
  } as Partial<LoadedImage> as LoadedImage;
  const asked: number[] = [];
  const counting: Pick<typeof inference, 'segmentBoxes'> = {
    segmentBoxes(job, options) {
      asked.push(job.boxesPx.length);
      return inference.segmentBoxes(job, options);
    },
  };
  const boxes = [
    { sliceIndex: 0, boxPx: [16, 8, 48, 40], name: 'a' },
    { sliceIndex: 1, boxPx: [16, 8, 48, 40], name: 'b' },
    { sliceIndex: 0, boxPx: [0, 0, 64, 64], name: 'c' },
  ] satisfies { sliceIndex: number; boxPx: [number, number, number, number]; name: string }[];
  const ask = { modelId: 'tiny-promptable', window: { kind: 'identity' } as const };
  const found = new Map<string, number[]>();
  const { signal } = new AbortController();
  for await (const answer of masksOfBoxes(counting, image, ask, boxes, signal)) {
    if (!answer.masks.ok) throw new Error(answer.masks.error.code);
    for (const [n, { name }] of answer.boxes.entries())
      found.set(name, maskExtent(answer.masks.value[n]!).edgesPx);
  }
  expect(asked).toEqual([2, 1]);
  expect([...found]).toEqual([
    ['a', [32, 8, 48, 40]],
    ['c', [32, 0, 64, 64]],
    ['b', [16, 8, 32, 40]],
  ]);
});
