import { PNG } from 'pngjs';
import { expect, test } from 'vitest';
import type { DecodedVolume, Voxels } from '../imaging/types.ts';
import { thumbnailPng } from './thumbnail.ts';

const volume = (voxels: Voxels, sizeVx: [number, number, number], change: Partial<DecodedVolume> = {}): DecodedVolume => ({
  kind: 'volume', hasSpacing: true, measurable: true, dataType: 'int16', channels: 1, voxels,
  geometry: { sizeVx, spacingMm: [1, 1, 1], originMm: [0, 0, 0], direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] },
  valueRange: [0, 100], percentileRange: [0, 100], windows: [{ level: 50, width: 100 }], issues: [], ...change,
}); // prettier-ignore

/** Grey values of the corners: top left, top right, bottom left, bottom right. */
function corners(png: Buffer): number[] {
  const { width, height, data } = PNG.sync.read(png);
  return [0, width - 1, (height - 1) * width, height * width - 1].map((pixel) => data[4 * pixel]!);
}

test('shows the middle slice through the window, the first row on top', () => {
  const voxels = new Int16Array(2 * 2 * 3);
  voxels.set([0, 50, 100, 200], 4);
  expect(corners(thumbnailPng(volume(voxels, [2, 2, 3]), 'MR'))).toEqual([0, 128, 255, 255]);
});

test('shows a slice stored the other way round upright', () => {
  const geometry = {
    sizeVx: [2, 2, 1] as [number, number, number],
    spacingMm: [1, 1, 1] as [number, number, number],
    originMm: [0, 0, 0] as [number, number, number],
  };
  const stored = Int16Array.of(0, 20, 40, 60);
  const png = (direction: number[]) =>
    thumbnailPng(volume(stored, [2, 2, 1], { geometry: { ...geometry, direction } }), 'MR');
  // i runs to the patient's right, j to the front: turned half round.
  expect(corners(png([-1, 0, 0, 0, -1, 0, 0, 0, 1]))).toEqual([153, 102, 51, 0]);
  // i runs to the back, j to the left: rows and columns change places.
  expect(corners(png([0, 1, 0, 1, 0, 0, 0, 0, 1]))).toEqual([0, 102, 51, 153]);
});

test('keeps the shape of the pixels and the colours', () => {
  const wide = volume(new Int16Array(10 * 10), [10, 10, 1], {
    geometry: {
      sizeVx: [10, 10, 1],
      spacingMm: [2, 1, 1],
      originMm: [0, 0, 0],
      direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
    },
  });
  const { width, height } = PNG.sync.read(thumbnailPng(wide, 'MR'));
  expect([width, height]).toEqual([128, 64]);
  const colour = volume(Uint8Array.of(10, 20, 30), [1, 1, 1], {
    channels: 3,
    dataType: 'uint8',
    windows: [],
  });
  expect([...PNG.sync.read(thumbnailPng(colour, 'US')).data.subarray(0, 4)]).toEqual([
    10, 20, 30, 255,
  ]);
});
