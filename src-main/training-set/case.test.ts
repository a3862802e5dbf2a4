import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { geometry } from '../../tests/support/geometries.ts';
import { readNpz } from '../../tests/support/read-npz.ts';
import { temporaryFolder } from '../../tests/support/temporary-folder.ts';
import { writeCase, type CaseInput } from './case.ts';
import { pseudonyms, safeAnatomy, safeModality } from './pseudonyms.ts';

const [width, height, frames] = [6, 5, 4];
const mask = (sliceIndex: number) => ({
  axis: 'k' as const,
  sliceIndex,
  originPx: [1, 2] as [number, number],
  sizePx: [3, 2] as [number, number],
  pixels: Uint8Array.of(1, 1, 1, 1, 1, 0),
});

function input(series: Partial<CaseInput['series']>): CaseInput {
  return {
    series: {
      id: 'series',
      geometry: geometry({ sizeVx: [width, height, frames], spacingMm: [0.2, 0.3, 1] }),
      channels: 1,
      dataType: 'uint8',
      valueUnit: '',
      valueRange: [0, 255],
      percentileRange: [1, 250],
      kind: 'stack',
      modality: 'US',
      bodyPart: 'BREAST',
      hasSpacing: true,
      measurable: true,
      ...series,
    },
    names: { patient: 'p0001', case: 'p0001s01' },
    anatomy: undefined,
    modelWindow: { kind: 'identity' },
    severalWindows: false,
    segments: [{ segment: 3, masks: () => [mask(1), mask(3)] }],
    leftOut: [],
    limits: { minimumVoxels: 1000, minimumSlicePx: 5 },
  };
}

/** Value of pixel n of frame k, in the given channel. */
const value = (k: number, n: number, channel: number) => (40 * k + 3 * n + channel) % 256;
const volumes = (channels: 1 | 3) => ({
  readSlice: async (_id: string, _axis: string, k: number) =>
    Uint8Array.from({ length: width * height * channels }, (_, n) =>
      value(k, Math.floor(n / channels), n % channels),
    ),
});
const labels = Array.from({ length: width * height }, (_, n) =>
  [13, 14, 15, 19, 20].includes(n) ? 1 : 0,
);

test('grey frames make one (D, H, W) file without the rule of three dimensions', async () => {
  const folder = temporaryFolder();
  const report = await writeCase(volumes(1), folder, input({}));
  expect(readdirSync(folder)).toEqual(['US_Breast_p0001s01.npz']);
  expect(report).toMatchObject({ dropped: [], cautions: ['text-in-pixels-possible'] });
  const { imgs, gts, spacing, slice_indices } = await readNpz(
    join(folder, 'US_Breast_p0001s01.npz'),
  );
  expect(imgs!.shape).toEqual([2, height, width]);
  expect(gts!.values).toEqual([...labels, ...labels]);
  expect(imgs!.values).toEqual([1, 3].flatMap((k) => labels.map((_, n) => value(k, n, 0))));
  expect(spacing!.values).toEqual([0.2, 0.3, NaN]);
  expect(slice_indices!.values).toEqual([1, 3]);
});

test('frames in colour get an (H, W, 3) file each', async () => {
  const folder = temporaryFolder();
  const report = await writeCase(volumes(3), folder, input({ channels: 3 }));
  expect(readdirSync(folder).toSorted()).toEqual([
    'US_Breast_p0001s01f0001.npz',
    'US_Breast_p0001s01f0003.npz',
  ]);
  expect(report.files.map(({ labels: found }) => found)).toEqual([
    [{ label: 1, segment: 3, voxels: 5, slices: 1 }],
    [{ label: 1, segment: 3, voxels: 5, slices: 1 }],
  ]);
  const { imgs, gts } = await readNpz(join(folder, 'US_Breast_p0001s01f0003.npz'));
  expect([imgs!.shape, gts!.shape]).toEqual([[height, width, 3], [height, width]]); // prettier-ignore
  expect(gts!.values).toEqual(labels);
  expect(imgs!.values).toEqual(labels.flatMap((_, n) => [0, 1, 2].map((c) => value(3, n, c))));
});

test('a picture in grey gets three equal channels, and no spacing where there is none', async () => {
  const folder = temporaryFolder();
  const picture = {
    ...input({ kind: 'image', hasSpacing: false, modality: 'CR' }),
    anatomy: 'Hand',
  };
  picture.segments = [{ segment: 1, masks: () => [mask(0)] }];
  const report = await writeCase(volumes(1), folder, picture);
  expect(report.cautions).toEqual(['spacing-unknown']);
  const arrays = await readNpz(join(folder, 'CR_Hand_p0001s01.npz'));
  expect(Object.keys(arrays)).toEqual(['imgs', 'gts', 'slice_indices', 'flipped_xy']);
  expect(arrays.imgs!.values).toEqual(labels.flatMap((_, n) => Array(3).fill(value(0, n, 0))));
});

test('only terms of DICOM become part of a name', () => {
  expect(['LIVER', 'liver', 'Mr Smith', '', 'LIVER SMITH'].map(safeAnatomy)).toEqual([
    'Liver',
    'Liver',
    'Unknown',
    'Unknown',
    'Unknown',
  ]);
  expect(['CT', 'mr', 'SMITH', ''].map(safeModality)).toEqual(['CT', 'MR', 'OT', 'OT']);
});

test('pseudonyms follow the lots that were drawn, not the order of patients', () => {
  const series = ['a1', 'a2', 'b1', 'c1'].map((id) => ({ id, patientId: id[0]! }));
  const names = (draw: (end: number) => number) =>
    Object.fromEntries([...pseudonyms(series, draw)].map(([id, one]) => [id, one.case]));
  expect(names((end) => end - 1)).toEqual({ a1: 'p0001s01', a2: 'p0001s02', b1: 'p0002s01', c1: 'p0003s01' }); // prettier-ignore
  expect(names(() => 0)).toEqual({ b1: 'p0001s01', c1: 'p0002s01', a2: 'p0003s01', a1: 'p0003s02' }); // prettier-ignore
});
