import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { zipSync } from 'fflate';
import { createImagingPool } from '../../src-main/imaging/imaging-pool.ts';
import { openLibrary } from '../../src-main/library/index.ts';
import { filesIn } from '../support/library-files.ts';
import { realData, sharedData } from '../support/shared-data.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

function library() {
  const pool = createImagingPool({ size: 1 });
  const opened = openLibrary({
    root: join(temporaryFolder(), 'library'),
    imagingPool: pool,
    volumeMemoryBytes: 0,
  });
  onTestFinished(async () => {
    await opened.close();
    await pool.close();
  });
  const importAll = async (...paths: string[]) => {
    const started = opened.imports.startPaths(paths);
    return opened.imports.finished(started.ok ? started.value.importId : '');
  };
  return { ...opened, importAll };
}

/** Every volume made again from the kept originals alone is the one that was imported (its checksum is held to). */
async function expectVolumesCanBeMadeAgain(
  { folder, volumes }: ReturnType<typeof library>,
  ids: string[],
) {
  for (const id of ids) {
    rmSync(folder.volumePath(id));
    await volumes.volumeFilePath(id);
  }
  expect(filesIn(folder.root, 'volumes')).toHaveLength(ids.length);
}

describe.skipIf(!sharedData)(`the library ${realData}`, () => {
  const data = sharedData ?? '';

  test('keeps DICOM of many kinds, accounts for every file, and knows all of it again', async () => {
    const lib = library();
    const folders = [
      'ct-gantry-tilt-ge-28files',
      'ct-series-totalsegmentator-20slices',
      'mr-t1-missing-slices-13of16',
      'cornerstone-same-ct-all-syntaxes',
    ].map((name) => join(data, 'dicom', name));
    const summary = await lib.importAll(...folders);
    expect(summary.state).toBe('done');
    expect(summary.accepted.length).toBeGreaterThan(4);
    const used = summary.accepted.reduce((sum, series) => sum + series.fileCount, 0);
    expect(used + summary.refused.length).toBe(summary.filesRead);
    await expectVolumesCanBeMadeAgain(
      lib,
      summary.accepted.map((series) => series.id),
    );
    const again = await lib.importAll(...folders);
    expect(again.accepted).toEqual([]);
    expect(again.alreadyPresent).toHaveLength(summary.accepted.length);
  });

  test('keeps NIfTI, NRRD, header with separate data, pictures and archives, under their names', async () => {
    const lib = library();
    const source = temporaryFolder();
    const at = (name: string) => join(source, name);
    copyFileSync(join(data, 'volumes/tumours-mr/brain1_image.nrrd'), at('brain.nrrd'));
    copyFileSync(
      join(data, 'volumes/ms-longitudinal-flair/patient01_change_mask.nii.gz'),
      at('change.nii.gz'),
    );
    mkdirSync(at('meta'));
    const voxels = Int16Array.from({ length: 4 * 5 * 6 }, (_, n) => n - 60);
    const header =
      'NDims = 3\nDimSize = 4 5 6\nElementSpacing = 1 1 2\nElementType = MET_SHORT\nElementDataFile = voxels.raw\n';
    writeFileSync(at('meta/ct.mhd'), header);
    writeFileSync(at('meta/voxels.raw'), voxels);
    const zipped = {
      'inner/other.mhd': Buffer.from(header),
      'inner/voxels.raw': new Uint8Array(voxels.map((v) => v + 1).buffer),
    };
    writeFileSync(at('archive.zip'), zipSync(zipped));
    const summary = await lib.importAll(source);
    expect(summary.refused).toEqual([]);
    expect(summary.accepted.map((series) => series.sourceFormat).sort()).toEqual([
      'meta',
      'meta',
      'nifti',
      'nrrd',
    ]);
    expect(
      summary.accepted.filter((series) => series.sourceFormat === 'meta').map((s) => s.fileCount),
    ).toEqual([2, 2]);
    rmSync(source, { recursive: true });
    await expectVolumesCanBeMadeAgain(
      lib,
      summary.accepted.map((series) => series.id),
    );
    expect(filesIn(lib.folder.root, 'staging')).toEqual([]);
  });
});
