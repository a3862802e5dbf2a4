import { readFile, rm, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { indexToWorld, type Vec3 } from '../../src-shared/geometry/volume-geometry.ts';
import { decodeSeries } from './decode.ts';
import { planImport } from './plan-import.ts';
import type { DecodedVolume, ImportPlan, PlannedSeries } from './types.ts';

const folder = join(import.meta.dirname, '../../tests/fixtures/phantoms');

const expectedSchema = z.record(
  z.string(),
  z.object({
    refused: z.string().optional(),
    dataType: z.string().optional(),
    channels: z.number().default(1),
    modality: z.string().default('OT'),
    hasSpacing: z.boolean().default(true),
    measurable: z.boolean().default(true),
    issues: z.array(z.string()).default([]),
    spacingMm: z.array(z.number()).optional(),
    markers: z.array(z.object({ value: z.number(), worldMm: z.array(z.number()) })).default([]),
    markerShift: z.number().default(0),
    markerFactor: z.number().default(1),
    timePoints: z.number().default(1),
    timeStep: z.number().default(0),
    sizeVx: z.array(z.number()).default([12, 10, 8]),
    first: z.array(z.number()).optional(),
    sum: z.number().nullish(),
    tolerance: z.number().default(0),
  }),
);
const expected = expectedSchema.parse(
  JSON.parse(await readFile(join(folder, 'expected.json'), 'utf8')),
);
const files = Object.entries(expected);

/** Issues that say nothing of what the table is about. */
const incidental = new Set(['time-points-split']);

let plan: ImportPlan;
let tempDir: string;
beforeAll(async () => {
  tempDir = await mkdtemp(join(tmpdir(), 'phantoms-'));
  plan = await planImport([folder], { tempDir });
});
afterAll(() => rm(tempDir, { recursive: true }));

const seriesOf = (name: string): PlannedSeries[] =>
  plan.series.filter((series) => basename(series.files[0]!.path) === name);

async function decoded(series: PlannedSeries): Promise<DecodedVolume> {
  const result = await decodeSeries(series);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

function worldOfValue(volume: DecodedVolume, value: number): Vec3 {
  const at = volume.voxels.findIndex(
    (v, n) => Math.abs(v - value) < 1e-6 * Math.abs(value) + 1e-4 && n % volume.channels === 0,
  );
  expect(at, `voxel of value ${value}`).toBeGreaterThanOrEqual(0);
  const n = at / volume.channels;
  const [ni, nj] = volume.geometry.sizeVx;
  return indexToWorld(volume.geometry, [
    n % ni,
    Math.floor(n / ni) % nj,
    Math.floor(n / (ni * nj)),
  ]);
}

describe('phantoms written by other software', () => {
  it('accounts for every file once', async () => {
    const accounted = [
      ...new Set(plan.series.flatMap((series) => series.files.map((file) => basename(file.path)))),
      ...plan.refused.map((refused) => basename(refused.path)),
    ];
    const { readdir } = await import('node:fs/promises');
    expect(accounted.sort()).toEqual((await readdir(folder)).sort());
  });

  it.each(files.filter(([, want]) => want.refused))('refuses %s', (name, want) => {
    const refused = plan.refused.filter((file) => basename(file.path) === name);
    expect(refused.map((file) => file.issue.code)).toEqual([want.refused]);
    expect(refused[0]!.issue.severity).toBe('refused');
    expect(seriesOf(name)).toEqual([]);
  });

  it.each(files.filter(([, want]) => !want.refused))('reads %s', async (name, want) => {
    const planned = seriesOf(name);
    expect(planned).toHaveLength(want.timePoints);
    for (const [time, series] of planned.entries()) {
      const volume = await decoded(series);
      const components = want.channels;
      expect(volume).toMatchObject({
        dataType: want.dataType,
        channels: components,
        hasSpacing: want.hasSpacing,
        measurable: want.measurable,
      });
      expect(series.modality).toBe(want.modality);
      expect(volume.geometry.sizeVx).toEqual(want.sizeVx);
      expect(volume.voxels).toHaveLength(want.sizeVx.reduce((a, b) => a * b) * components);
      expect(
        volume.issues.map((issue) => issue.code).filter((code) => !incidental.has(code)),
      ).toEqual(want.issues);
      for (const marker of want.markers) {
        const value = marker.value * want.markerFactor + want.markerShift + time * want.timeStep;
        const world = worldOfValue(volume, value);
        const distance = Math.hypot(...world.map((w, n) => w - marker.worldMm[n]!));
        expect(distance, `marker ${marker.value}`).toBeLessThan(1e-3);
      }
      for (const [axis, spacing] of (want.spacingMm ?? []).entries()) {
        expect(volume.geometry.spacingMm[axis]).toBeCloseTo(spacing, 4);
      }
      for (const [n, value] of (want.first ?? []).entries()) {
        expect(Math.abs(volume.voxels[n]! - value)).toBeLessThanOrEqual(
          name === 'palette.tif' ? 0 : want.tolerance,
        );
      }
      if (typeof want.sum === 'number') {
        expect((volume.voxels as Uint8Array).reduce((a, b) => a + b, 0)).toBe(want.sum);
      }
    }
  });

  it('gives the same identity for the same content, and another one for other content', async () => {
    const again = await planImport([join(folder, 'local.mha')], { tempDir });
    expect(again.series.map((series) => series.uid)).toEqual(
      seriesOf('local.mha').map((series) => series.uid),
    );
    const identities = plan.series.map((series) => series.uid);
    expect(new Set(identities).size).toBe(identities.length);
  });

  it('takes the header when only the data file is given', async () => {
    const alone = await planImport([join(folder, 'detached.raw')], { tempDir });
    expect(alone.refused).toEqual([]);
    expect(alone.series.map((series) => basename(series.files[0]!.path))).toEqual([
      'detached.nhdr',
    ]);
  });

  it('names equal stems with their folder', async () => {
    const one = await planImport([join(folder, 'local.mha')], { tempDir });
    expect(one.series[0]!.patient).toMatchObject({ name: 'local', code: '' });
    const grey = plan.series.find((series) => basename(series.files[0]!.path) === 'grey.png');
    expect(grey!.patient.name).toBe('phantoms/grey');
  });
});
