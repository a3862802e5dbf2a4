import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { voxelVolumeMm3, worldToIndex } from '../../../src-shared/geometry/volume-geometry.ts';
import { temporaryFolder } from '../../../tests/support/temporary-folder.ts';
import { createImagingPool } from '../../imaging/imaging-pool.ts';
import { openLibrary } from '../index.ts';
import { addSamplePatient, ensureSamplePatient } from './index.ts';
import { analyticVolumeMl } from './lesions.ts';
import { noiseSdHu } from './synthesis.ts';
import { sampleTimepoints, type SampleTimepoint } from './timepoints.ts';

let timepoints: [SampleTimepoint, SampleTimepoint];
beforeAll(() => {
  timepoints = sampleTimepoints();
});

const meanInside = ({ volume }: SampleTimepoint, mask: Uint8Array) => {
  let sum = 0;
  let count = 0;
  mask.forEach((bit, n) => {
    if (bit) {
      sum += volume.voxels[n]!;
      count++;
    }
  });
  return sum / count;
};

const everyone = { search: '', sort: 'name', descending: false, limit: 10, offset: 0 } as const;

describe('the lesions of the sample patient', () => {
  test('have the volumes of their shapes, and their voxels agree within 5 %', () => {
    for (const { lesions, volume } of timepoints) {
      for (const lesion of lesions) {
        const count = lesion.truth.reduce((sum, bit) => sum + bit, 0);
        expect(count).toBe(lesion.voxelCount);
        expect(lesion.voxelVolumeMl).toBeCloseTo(
          (count * voxelVolumeMm3(volume.geometry)) / 1000,
          9,
        );
        expect(Math.abs(lesion.voxelVolumeMl / lesion.volumeMl - 1)).toBeLessThan(0.05);
      }
    }
    // 4/3 π · 13 · 12 · 12 mm³
    expect(timepoints[0].lesions[0]!.volumeMl).toBeCloseTo(7.8414, 3);
  });

  test('of several parts have the volume of the union: two balls apart, one inside the other', () => {
    const ball = (x: number, r: number) => ({ centreMm: [x, 0, 0], radiiMm: [r, r, r] }) as never;
    const volume = (...parts: never[]) => analyticVolumeMl({ name: '', hu: 0, parts });
    const one = ((4 / 3) * Math.PI * 512) / 1000;
    expect(volume(ball(0, 8), ball(20, 8))).toBeCloseTo(2 * one, 2);
    expect(volume(ball(0, 8), ball(1, 4))).toBeCloseTo(one, 2);
    // Two balls of radius r at distance r: 2 · 4/3 πr³ − 5/12 πr³.
    expect(volume(ball(0, 8), ball(8, 8))).toBeCloseTo(
      2 * one - ((5 / 12) * Math.PI * 512) / 1000,
      2,
    );
  });

  test('grow, shrink, stay and appear between the two visits', () => {
    const change = (name: string) => {
      const [before, after] = timepoints.map(
        (t) => t.lesions.find((l) => l.name.includes(name))?.volumeMl,
      );
      return before === undefined ? null : (after ?? NaN) / before - 1;
    };
    expect(change('segment VII')).toBeGreaterThan(1);
    expect(change('segment IV')).toBeGreaterThan(0.4);
    expect(change('segment V')).not.toBeNull();
    expect(timepoints[1].lesions.find((l) => l.name.endsWith('segment V'))!.volumeMl).toBeLessThan(
      0.4 * timepoints[0].lesions.find((l) => l.name.endsWith('segment V'))!.volumeMl,
    );
    expect(Math.abs(change('renal')!)).toBeLessThan(0.15);
    expect(change('lymph node')).toBeGreaterThan(0.5);
    expect(change('segment VIII')).toBeNull();
  });

  test('differ from the liver by 30 to 60 HU, in a noise of about 10 HU', () => {
    for (const timepoint of timepoints) {
      const { volume, lesions } = timepoint;
      const liver: number[] = [];
      const [ci, cj, ck] = worldToIndex(volume.geometry, [-108, -12, 30]).map(Math.round) as [
        number,
        number,
        number,
      ];
      for (let j = cj - 5; j <= cj + 5; j++) {
        for (let i = ci - 5; i <= ci + 5; i++) liver.push(volume.voxels[i + 256 * (j + 256 * ck)]!);
      }
      const mean = liver.reduce((a, b) => a + b) / liver.length;
      const sd = Math.sqrt(liver.reduce((a, b) => a + (b - mean) ** 2, 0) / (liver.length - 1));
      expect(sd).toBeGreaterThan(0.7 * noiseSdHu);
      expect(sd).toBeLessThan(1.6 * noiseSdHu);
      for (const lesion of lesions.filter((l) => l.name.startsWith('Liver'))) {
        const contrast = mean - meanInside(timepoint, lesion.truth);
        expect(contrast).toBeGreaterThan(25);
        expect(contrast).toBeLessThan(60);
      }
    }
  });
});

test('a new library gets the sample patient as two CT studies, voxel for voxel what was made; deleted, it stays away', async () => {
  const pool = createImagingPool({ size: 1 });
  const opened = openLibrary({ root: join(temporaryFolder(), 'library'), imagingPool: pool });
  onTestFinished(async () => {
    await opened.close();
    await pool.close();
  });
  await ensureSamplePatient(opened);
  const [sample] = opened.library.list(everyone).patients;
  expect(sample).toMatchObject({
    name: 'Sample, Patient', isSample: true, studyCount: 2, seriesCount: 2, modalities: ['CT'],
  }); // prettier-ignore
  const detail = opened.library.patient(sample!.id);
  const studies = detail.ok ? detail.value.studies : [];
  expect(studies.map((study) => study.date)).toEqual(['2026-05-12', '2026-02-10']);
  for (const study of studies) {
    const [series] = study.series;
    const truth = timepoints.find((t) => t.studyDate === study.date)!.volume;
    expect(series).toMatchObject({
      kind: 'volume',
      measurable: true,
      spacingMm: [1.5, 1.5, 3],
      fileCount: 80,
    });
    expect(series!.issues.filter((issue) => issue.severity !== 'note')).toEqual([]);
    const { voxels, geometry } = await opened.volumes.readVolume(series!.id);
    expect(geometry).toEqual(truth.geometry);
    expect(Buffer.compare(Buffer.from(voxels.buffer), Buffer.from(truth.voxels.buffer))).toBe(0);
  }
  expect(await addSamplePatient(opened)).toEqual({ ok: true, value: { patientId: sample!.id } });

  expect(opened.library.remove('patient', sample!.id).ok).toBe(true);
  await ensureSamplePatient(opened);
  expect(opened.library.list(everyone).total).toBe(0);
});
