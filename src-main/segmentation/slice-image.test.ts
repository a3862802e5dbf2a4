import { describe, expect, it } from 'vitest';
import { geometry } from '../../tests/support/geometries.ts';
import { extractSlice, intensityRangeOf, sliceImage, uprightFlip } from './slice-image.ts';

const ranges = {
  valueRange: [-1024, 3071] as [number, number],
  percentileRange: [3, 900] as [number, number],
};

describe('extracting a slice', () => {
  const g = geometry({ sizeVx: [2, 3, 4] });
  // Each voxel says where it is: i + 10 j + 100 k.
  const voxels = Int16Array.from(
    { length: 24 },
    (_, n) => (n % 2) + 10 * (Math.floor(n / 2) % 3) + 100 * Math.floor(n / 6),
  );

  it('takes the in-slice axes in ascending order, the first fastest', () => {
    expect([...extractSlice(voxels, g, 1, 'k', 2)]).toEqual([200, 201, 210, 211, 220, 221]);
    expect([...extractSlice(voxels, g, 1, 'j', 1)]).toEqual([10, 11, 110, 111, 210, 211, 310, 311]);
    expect([...extractSlice(voxels, g, 1, 'i', 1)]).toEqual([
      1, 11, 21, 101, 111, 121, 201, 211, 221, 301, 311, 321,
    ]);
  });

  it('keeps colour channels together and the type of the voxels', () => {
    const colour = Uint8Array.from({ length: 72 }, (_, n) => n);
    const slice = extractSlice(colour, g, 3, 'j', 2);
    expect(slice).toBeInstanceOf(Uint8Array);
    expect([...slice.slice(0, 6)]).toEqual([12, 13, 14, 15, 16, 17]);
    expect([...slice.slice(6, 9)]).toEqual([30, 31, 32]);
  });

  it('is a copy', () => {
    const slice = extractSlice(voxels, g, 1, 'k', 0);
    slice[0] = 99;
    expect(voxels[0]).toBe(0);
  });
});

describe('the intensities that become 0 and 255', () => {
  it('are those of the window where the volume spans it', () => {
    expect(intensityRangeOf({ kind: 'named', name: 'soft-tissue' }, ranges)).toEqual([-160, 240]);
    expect(intensityRangeOf({ kind: 'custom', window: { level: 100, width: 50 } }, ranges)).toEqual(
      [75, 125],
    );
  });

  it('are narrowed to the values of the volume, as MedSAM scales the clipped volume', () => {
    const narrow = {
      valueRange: [-50, 100] as [number, number],
      percentileRange: ranges.percentileRange,
    };
    expect(intensityRangeOf({ kind: 'named', name: 'soft-tissue' }, narrow)).toEqual([-50, 100]);
    expect(intensityRangeOf({ kind: 'named', name: 'bone' }, narrow)).toEqual([-50, 100]);
  });

  it('stay the window when no value lies in it', () => {
    const dark = {
      valueRange: [-1024, -900] as [number, number],
      percentileRange: ranges.percentileRange,
    };
    expect(intensityRangeOf({ kind: 'named', name: 'soft-tissue' }, dark)).toEqual([-160, 240]);
  });

  it('are the percentiles for MR and 0…255 for pictures', () => {
    expect(intensityRangeOf({ kind: 'percentile' }, ranges)).toEqual([3, 900]);
    expect(intensityRangeOf({ kind: 'identity' }, ranges)).toEqual([0, 255]);
  });
});

describe('the slice for the model', () => {
  it('is flipped where the stored order runs against the upright picture', () => {
    expect(uprightFlip(geometry(), 'k')).toEqual({ x: false, y: false });
    expect(uprightFlip(geometry(), 'j')).toEqual({ x: false, y: true }); // k runs to the head
    expect(uprightFlip(geometry(), 'i')).toEqual({ x: false, y: true });
    const nifti = geometry({ direction: [-1, 0, 0, 0, -1, 0, 0, 0, 1] });
    expect(uprightFlip(nifti, 'k')).toEqual({ x: true, y: true });
    // A sagittal slice whose first axis runs down (to the feet) and whose second runs to the front.
    const turned = geometry({ direction: [0, 0, 1, 0, -1, 0, -1, 0, 0] });
    expect(uprightFlip(turned, 'k')).toEqual({ x: false, y: true });
  });

  it('has one key per content and intensity mapping', () => {
    const series = { id: 's', geometry: geometry(), channels: 1 as const, ...ranges };
    const voxels = new Int16Array(120);
    const soft = { kind: 'named', name: 'soft-tissue' } as const;
    const keys = [
      sliceImage(series, voxels, 'k', 0, soft),
      sliceImage(series, voxels, 'k', 1, soft),
      sliceImage(series, voxels, 'j', 1, soft),
      sliceImage(series, voxels, 'k', 0, { kind: 'named', name: 'bone' }),
      sliceImage(series, voxels, 'k', 0, { kind: 'percentile' }),
      sliceImage({ ...series, id: 't' }, voxels, 'k', 0, soft),
    ].map((slice) => slice.contentKey);
    expect(new Set(keys).size).toBe(keys.length);
    const same = sliceImage(series, voxels, 'k', 0, {
      kind: 'custom',
      window: { level: 40, width: 400 },
    });
    expect(same.contentKey).toBe(keys[0]);
    expect([same.widthPx, same.heightPx, same.data.length]).toEqual([4, 5, 20]);
    expect(sliceImage(series, voxels, 'k', 0, { kind: 'percentile' }).zeroStaysZero).toBe(true);
  });
});
