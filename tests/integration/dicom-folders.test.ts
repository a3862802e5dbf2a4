import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  decodeDicomSeries,
  looksLikeDicom,
  planDicomFiles,
} from '../../src-main/imaging/dicom/index.ts';
import type { DecodedVolume, PlannedSeries } from '../../src-main/imaging/types.ts';
import { realData, sharedData } from '../support/shared-data.ts';
import { dicomFolders, type SeriesTruth } from './dicom-folders.table.ts';

const root = join(sharedData ?? '', 'dicom');

const filesUnder = (folder: string): string[] =>
  readdirSync(folder)
    .sort()
    .map((name) => join(folder, name))
    .flatMap((path) => (statSync(path).isDirectory() ? filesUnder(path) : [path]));

function headOf(path: string): Uint8Array {
  const bytes = new Uint8Array(1024);
  const file = openSync(path, 'r');
  try {
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(file);
  }
}

const fourDigits = (value: number) => Number(value.toFixed(4));

async function decoded(series: PlannedSeries): Promise<DecodedVolume> {
  const result = await decodeDicomSeries(series);
  if (!result.ok) throw new Error(`${series.description}: ${result.error.detail}`);
  return result.value;
}

function described(series: PlannedSeries, volume: DecodedVolume): SeriesTruth {
  const { voxels, geometry } = volume;
  let sum = 0;
  for (const value of voxels) sum += value;
  expect(voxels.length).toBe(
    geometry.sizeVx[0] * geometry.sizeVx[1] * geometry.sizeVx[2] * volume.channels,
  );
  return {
    uid: series.uid.slice(-12),
    modality: series.modality,
    kind: volume.kind,
    size: geometry.sizeVx,
    spacingMm: series.hasSpacing
      ? (geometry.spacingMm.map(fourDigits) as [number, number, number])
      : null,
    measurable: volume.measurable,
    files: series.files.length,
    type: volume.dataType + (volume.channels === 3 ? '×3' : ''),
    range: volume.valueRange.map(fourDigits) as [number, number],
    mean: fourDigits(sum / voxels.length),
    issues: volume.issues.map((issue) => issue.code),
  };
}

describe.skipIf(!sharedData)(`the DICOM pack ${realData}`, () => {
  it('has no folder without a line in the table', () => {
    const folders = readdirSync(root).filter((name) => statSync(join(root, name)).isDirectory());
    expect(folders.sort()).toEqual(Object.keys(dicomFolders).sort());
  });

  it.each(Object.entries(dicomFolders))('%s', async (folder, truth) => {
    const all = filesUnder(join(root, folder)).map((path) => ({
      path,
      shownPath: relative(join(root, folder), path).replaceAll('\\', '/'),
    }));
    const dicom = all.filter(({ path }) => looksLikeDicom(headOf(path)));
    expect(all.filter((file) => !dicom.includes(file)).map((file) => file.shownPath)).toEqual(
      truth.notDicom,
    );

    const plan = await planDicomFiles(dicom);
    const refused: Record<string, string[]> = {};
    for (const { path, issue } of plan.refused) (refused[issue.code] ??= []).push(path);
    expect(refused).toEqual(truth.refused);

    const series: SeriesTruth[] = [];
    for (const planned of plan.series) series.push(described(planned, await decoded(planned)));
    expect(series).toEqual(truth.series);

    // Every file is accounted for: in a series or among the refused, and not in both.
    const used = new Set(
      plan.series.flatMap((planned) => planned.files.map((file) => file.shownPath)),
    );
    const left = plan.refused.map((entry) => entry.path);
    expect([...used, ...left].sort()).toEqual(dicom.map((file) => file.shownPath).sort());
  });
});
