import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { indexToWorld, type Vec3 } from '../../../src-shared/geometry/volume-geometry.ts';
import {
  intensityAt, PhantomFolder, positionOf, slicePixels, stackDatasets, straightStack, type PhantomStack,
} from '../../../tests/support/dicom-phantom.ts'; // prettier-ignore
import type { DecodedVolume, InputFile, PlannedSeries } from '../types.ts';
import { decodeDicomSeries, planDicomFiles } from './index.ts';

const folder = new PhantomFolder();
afterAll(() => folder.remove());

const oblique: PhantomStack = (() => {
  const [a, b] = [0.4, -0.25];
  const row: Vec3 = [Math.cos(a), Math.sin(a), 0];
  const column: Vec3 = [-Math.sin(a) * Math.cos(b), Math.cos(a) * Math.cos(b), Math.sin(b)];
  const normal: Vec3 = [Math.sin(a) * Math.sin(b), -Math.cos(a) * Math.sin(b), Math.cos(b)];
  return { ...straightStack, row, column, stepMm: normal.map((n) => n * 3.25) as Vec3 };
})();

async function onlySeries(files: InputFile[]): Promise<PlannedSeries> {
  const plan = await planDicomFiles(files);
  expect(plan.refused).toEqual([]);
  expect(plan.series).toHaveLength(1);
  return plan.series[0]!;
}

async function decoded(series: PlannedSeries): Promise<DecodedVolume> {
  const result = await decodeDicomSeries(series);
  if (!result.ok) throw new Error(result.error.detail);
  return result.value;
}

/** Every voxel must be the phantom's intensity at its own place in the world. */
function expectWorld(
  volume: DecodedVolume,
  toleranceOf: (index: Vec3) => number | null = () => 0.51,
) {
  const [ni, nj, nk] = volume.geometry.sizeVx;
  let compared = 0;
  for (let k = 0; k < nk; k++)
    for (let j = 0; j < nj; j++)
      for (let i = 0; i < ni; i++) {
        const tolerance = toleranceOf([i, j, k]);
        if (tolerance === null) continue;
        const expected = intensityAt(indexToWorld(volume.geometry, [i, j, k]));
        expect(
          Math.abs(volume.voxels[i + ni * (j + nj * k)]! - expected),
          `voxel ${i},${j},${k}`,
        ).toBeLessThan(tolerance);
        compared++;
      }
  return compared;
}

describe('a regular stack of slices', () => {
  it.each([
    ['straight', straightStack],
    ['oblique', oblique],
    [
      'with slices written from head to foot',
      { ...straightStack, originMm: [-20, 10, 57.5], stepMm: [0, 0, -2.5] } as PhantomStack,
    ],
    [
      'sagittal',
      { ...straightStack, row: [0, 1, 0], column: [0, 0, -1], stepMm: [1.5, 0, 0] } as PhantomStack,
    ],
    [
      'with a left-handed slice order',
      { ...straightStack, row: [-1, 0, 0], stepMm: [0, 0, 4] } as PhantomStack,
    ],
  ])('%s: every voxel lies where it says', async (name, stack) => {
    const series = await onlySeries(folder.writeAll(stackDatasets(stack), `${name}/`));
    expect(series).toMatchObject({
      kind: 'volume',
      measurable: true,
      hasSpacing: true,
      modality: 'CT',
      number: 3,
    });
    expect(series.study.date).toBe('2024-01-31');
    expect(series.patient).toEqual({
      name: 'Phantom, Analytic',
      code: 'P-1',
      birthDate: null,
      sex: '',
    });
    const volume = await decoded(series);
    expect(volume.dataType).toBe('int16');
    expect(volume.geometry.spacingMm[0]).toBeCloseTo(0.7, 6);
    expect(volume.geometry.spacingMm[1]).toBeCloseTo(1.3, 6);
    expect(volume.geometry.spacingMm[2]).toBeCloseTo(Math.hypot(...stack.stepMm), 5);
    expect(expectWorld(volume)).toBe(6 * 5 * 4);
  });

  it('gives the same plan and voxels for any order of the files', async () => {
    const files = folder.writeAll(stackDatasets({ ...oblique, slices: 7 }), 'shuffled/');
    const reference = await planDicomFiles(files);
    const voxels = (await decoded(reference.series[0]!)).voxels;
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(files, { minLength: files.length }),
        async (shuffled) => {
          const plan = await planDicomFiles(shuffled);
          expect(plan).toEqual(reference);
          expect((await decoded(plan.series[0]!)).voxels).toEqual(voxels);
        },
      ),
      { numRuns: 8 },
    );
  });

  it('takes the distance of the slices, not their thickness, and says so', async () => {
    const series = await onlySeries(
      folder.writeAll(
        stackDatasets(straightStack, () => ({ SliceThickness: 5 })),
        'thick/',
      ),
    );
    expect(series.geometry!.spacingMm[2]).toBeCloseTo(2.5, 9);
    expect(series.issues).toContainEqual(
      expect.objectContaining({
        code: 'slice-thickness-differs',
        severity: 'note',
        params: { thicknessMm: 5, spacingMm: 2.5 },
      }),
    );
  });

  it('warns of gaps that are wider than the slices', async () => {
    const series = await onlySeries(folder.writeAll(stackDatasets(straightStack), 'gaps/'));
    expect(series.issues).toContainEqual(
      expect.objectContaining({
        code: 'gaps-between-slices',
        severity: 'warning',
        params: { thicknessMm: 1, spacingMm: 2.5 },
      }),
    );
  });

  it('averages unevenness of a few per cent and says so', async () => {
    const nudges = [0, 0.04, -0.03, 0];
    const datasets = stackDatasets(straightStack, (k) => {
      const position = positionOf(straightStack, k);
      const nudged: Vec3 = [position[0], position[1], position[2] + nudges[k]!];
      return { ImagePositionPatient: nudged, PixelData: slicePixels(straightStack, nudged).buffer };
    });
    const series = await onlySeries(folder.writeAll(datasets, 'uneven/'));
    expect(series).toMatchObject({ kind: 'volume', measurable: true });
    expect(series.issues.map((issue) => issue.code)).toContain('uneven-spacing-averaged');
    expect(series.geometry!.spacingMm[2]).toBeCloseTo(2.5, 9);
  });
});

describe('a tilted gantry', () => {
  const tilt = (15 * Math.PI) / 180;
  const tilted: PhantomStack = {
    ...straightStack,
    slices: 6,
    columns: 12,
    rows: 10,
    stepMm: [0, 4 * Math.tan(tilt), 4],
  };

  it('is undone by moving each slice in its plane; every voxel lies where it says', async () => {
    const series = await onlySeries(folder.writeAll(stackDatasets(tilted), 'tilt/'));
    expect(series).toMatchObject({ kind: 'volume', measurable: true });
    expect(series.issues).toContainEqual(
      expect.objectContaining({
        code: 'gantry-tilt-corrected',
        severity: 'corrected',
        params: { tiltDegrees: 15 },
      }),
    );
    const volume = await decoded(series);
    // 5 steps of 1.07 mm in rows of 1.3 mm: the grid grows by 5 rows.
    expect(volume.geometry.sizeVx).toEqual([12, 15, 6]);
    const shiftRows = (k: number) => (k * tilted.stepMm[1]) / tilted.pixelMm[1];
    const inside = ([, j, k]: Vec3) => j >= shiftRows(k) && j <= shiftRows(k) + 9;
    // Two roundings: of the stored slice and of the interpolated value.
    const compared = expectWorld(volume, (index) => (inside(index) ? 1.01 : null));
    expect(compared).toBeGreaterThan(12 * 9 * 6 - 1);
    const outside = volume.voxels[12 * 14]!;
    expect(outside).toBe(volume.valueRange[0]);
  });

  it('also sideways and towards lower indices', async () => {
    const sideways: PhantomStack = { ...tilted, stepMm: [-1.1, 0, 4] };
    const volume = await decoded(
      await onlySeries(folder.writeAll(stackDatasets(sideways), 'sideways/')),
    );
    expect(volume.geometry.sizeVx).toEqual([12 + 8, 10, 6]);
    const shift = (k: number) => 8 - (k * 1.1) / 0.7;
    expectWorld(volume, ([i, , k]) => (i >= shift(k) && i <= shift(k) + 11 ? 1.01 : null));
  });

  it('with uneven slices stays a stack that is not measured', async () => {
    const datasets = stackDatasets(tilted, (k) => ({
      ImagePositionPatient: positionOf(tilted, k < 3 ? k : k + (k - 2) * 0.6),
    }));
    const series = await onlySeries(folder.writeAll(datasets, 'tilt-uneven/'));
    expect(series).toMatchObject({ kind: 'stack', measurable: false });
    expect(series.issues.map((issue) => issue.code)).toEqual(
      expect.arrayContaining(['irregular-spacing', 'gantry-tilt']),
    );
  });
});

describe('slices that make no volume', () => {
  it('says how many slices are missing and where', async () => {
    const long = { ...straightStack, slices: 10 };
    const datasets = stackDatasets(long).filter((_, k) => ![3, 6, 7].includes(k));
    const series = await onlySeries(folder.writeAll(datasets, 'missing/'));
    expect(series).toMatchObject({ kind: 'stack', measurable: false });
    expect(series.issues).toContainEqual(
      expect.objectContaining({
        code: 'missing-slices',
        severity: 'warning',
        notMeasurable: true,
        params: { count: 3, places: '3–4, 5–6' },
      }),
    );
    expect(series.slices).toHaveLength(7);
  });

  it('opens irregular slices as a stack', async () => {
    const z = [0, 2.5, 5, 6.2, 10];
    const datasets = stackDatasets({ ...straightStack, slices: 5 }, (k) => ({
      ImagePositionPatient: [-20, 10, z[k]!],
    }));
    const series = await onlySeries(folder.writeAll(datasets, 'irregular/'));
    expect(series).toMatchObject({ kind: 'stack', measurable: false });
    expect(series.issues).toContainEqual(
      expect.objectContaining({ code: 'irregular-spacing', params: { minMm: 1.2, maxMm: 3.8 } }),
    );
  });

  it('does not measure axes that are not perpendicular', async () => {
    const skewed: PhantomStack = { ...straightStack, column: [0.1, Math.sqrt(0.99), 0] };
    const series = await onlySeries(folder.writeAll(stackDatasets(skewed), 'skewed/'));
    expect(series).toMatchObject({ kind: 'stack', measurable: false });
    expect(series.issues.map((issue) => issue.code)).toContain('non-orthogonal-axes');
  });

  it('keeps slices without a position in the order of their numbers', async () => {
    const datasets = stackDatasets(straightStack, (k) => ({
      ImagePositionPatient: undefined,
      InstanceNumber: 40 - k,
    }));
    const series = await onlySeries(folder.writeAll(datasets, 'unplaced/'));
    expect(series).toMatchObject({ kind: 'stack', measurable: false });
    expect(series.issues.map((issue) => issue.code)).toContain('no-position');
    expect(series.files.map((file) => file.shownPath)).toEqual(
      [3, 2, 1, 0].map((n) => `unplaced/${n}.dcm`),
    );
  });

  it('does not measure without a pixel size', async () => {
    const series = await onlySeries(
      folder.writeAll(
        stackDatasets(straightStack, () => ({ PixelSpacing: undefined })),
        'bare/',
      ),
    );
    expect(series).toMatchObject({ hasSpacing: false, measurable: false });
    expect(series.issues.map((issue) => issue.code)).toContain('no-pixel-spacing');
  });

  it('opens a single slice as an image', async () => {
    const series = await onlySeries(
      folder.writeAll(stackDatasets({ ...straightStack, slices: 1 }), 'single/'),
    );
    expect(series).toMatchObject({ kind: 'image', measurable: true, hasSpacing: true });
    expect(series.geometry!.sizeVx).toEqual([6, 5, 1]);
  });
});
