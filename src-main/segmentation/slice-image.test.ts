import { describe, expect, it } from 'vitest';
import { geometry } from '../../tests/support/geometries.ts';
import { intensityRangeOf, sliceImage, uprightFlip, type SliceSeries } from './slice-image.ts';

const ranges = {
  valueRange: [-1024, 3071] as [number, number],
  percentileRange: [3, 900] as [number, number],
};

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

const ct: SliceSeries = {
  id: 's',
  modality: 'CT',
  geometry: geometry(),
  channels: 1,
  dataType: 'int16',
  valueUnit: 'HU',
  ...ranges,
};

describe('the slice for the model', () => {
  it('is of Hounsfield units where the file says so, or its values can be nothing else', () => {
    const of = (change: Partial<SliceSeries>) =>
      sliceImage({ ...ct, ...change }, new Int16Array(20), 'k', 0, { kind: 'identity' })
        .isHounsfield;
    const nifti = { modality: 'OT', valueUnit: '' };
    expect([of({}), of(nifti)]).toEqual([true, true]);
    expect([
      of({ ...nifti, valueRange: [0, 900] }),
      of({ valueUnit: '' }),
      of({ channels: 3 }),
    ]).toEqual([false, false, false]);
  });

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
    const series = { ...ct, ...ranges };
    const voxels = new Int16Array(20);
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
    expect([same.widthPx, same.heightPx]).toEqual([4, 5]);
    expect(sliceImage(series, voxels, 'k', 0, { kind: 'percentile' }).zeroStaysZero).toBe(true);
  });
});
