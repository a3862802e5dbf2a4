import { readFile } from 'node:fs/promises';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { readImageNode } from '@itk-wasm/image-io';
import { describe, expect, it } from 'vitest';
import { indexToWorld, type Vec3 } from '../../src-shared/geometry/volume-geometry.ts';
import { decodeSeries } from '../../src-main/imaging/decode.ts';
import { planImport } from '../../src-main/imaging/plan-import.ts';
import { realData, sharedData } from '../support/shared-data.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const data = sharedData ?? '';

/** Volumes whose headers ITK accepts: ITK is the independent reference for voxels and geometry. */
const volumes = sharedData
  ? [
      ...globSync('volumes/{ms*,tumours*}/*', { cwd: data }),
      ...globSync('volumes/*/case_00061/{seg*,tumor*}.nii.gz', { cwd: data }),
      ...globSync('dicom/dcmqi-ct3slice-and-seg/**/*.nrrd', { cwd: data }),
      ...globSync('images/nc-medsam2-ct-lesions-3d/*.nii.gz', { cwd: data }),
      ...globSync('images/msd-hippocampus-mr/images/*', { cwd: data }).sort().slice(0, 3),
    ]
  : [];

describe.skipIf(!sharedData)(`import of pictures and volumes ${realData}`, () => {
  it.each(volumes)('reads %s as ITK reads it', async (name) => {
    const plan = await planImport([join(data, name)], { tempDir: temporaryFolder() });
    expect(plan.refused).toEqual([]);
    const decoded = await decodeSeries(plan.series[0]!);
    if (!decoded.ok) throw new Error(JSON.stringify(decoded.error));
    const { voxels, geometry } = decoded.value;
    const reference = await readImageNode(join(data, name));
    const values = reference.data as Uint8Array;
    expect(voxels.length).toBe(values.length);
    let differing = 0;
    for (let n = 0; n < voxels.length; n++)
      if (Math.abs(voxels[n]! - values[n]!) > 1e-6 * Math.abs(values[n]!)) differing++;
    expect(differing).toBe(0);
    expect(geometry.sizeVx).toEqual(reference.size.map(Number));
    const itk = {
      sizeVx: reference.size as Vec3,
      spacingMm: reference.spacing as Vec3,
      originMm: reference.origin as Vec3,
      direction: [...reference.direction] as number[],
    };
    const corner = geometry.sizeVx.map((n) => n - 1) as Vec3;
    for (const index of [[0, 0, 0], corner] as Vec3[]) {
      const [ours, theirs] = [indexToWorld(geometry, index), indexToWorld(itk, index)];
      expect(Math.hypot(...ours.map((v, n) => v - theirs[n]!))).toBeLessThan(1e-3);
    }
  });

  it('reads pictures in the sizes of their manifest', async () => {
    const rows = (await readFile(join(data, 'images/manifest.csv'), 'utf8'))
      .split('\n')
      .slice(1)
      .filter((row) => /^[^,]+\.(png|jpg)/.test(row) && !row.includes('"'))
      .filter((_, n) => n % 25 === 0)
      .map((row) => row.split(','));
    expect(rows.length).toBeGreaterThan(50);
    const sizes = new Map(
      rows.map((row) => [join(data, 'images', row[0]!), [Number(row.at(-3)), Number(row.at(-2))]]),
    );
    const plan = await planImport([...sizes.keys()], { tempDir: temporaryFolder() });
    expect(plan.refused).toEqual([]);
    expect(plan.series).toHaveLength(sizes.size);
    for (const [n, series] of plan.series.entries()) {
      expect(series.geometry!.sizeVx.slice(0, 2)).toEqual(sizes.get(series.files[0]!.path));
      if (n % 10 === 0) expect((await decodeSeries(series)).ok).toBe(true);
    }
  });

  it('refuses each broken picture with its reason', async () => {
    const plan = await planImport([join(data, 'dicom/broken-raster-and-pointers')], {
      tempDir: temporaryFolder(),
    });
    expect(plan.series).toEqual([]);
    expect(
      plan.refused.map(({ path, issue }) => [path.split('/').at(-1), issue.severity, issue.code]),
    ).toEqual([
      ['corrupt_TCGA_CS_4943_20000902_15_mask.tif', 'refused', 'broken-image'],
      ['corrupt_TCGA_CS_4943_20000902_15.tif', 'refused', 'broken-image'],
      ['lfs_pointer_TCGA_CS_4941_19960909_1.tif', 'refused', 'unsupported-format'],
    ]);
  });

  it('opens a zip of DICOM, and names what is wrong with a damaged one', async () => {
    const folder = join(data, 'dicom/dwv-baby-mr-5slices-and-dicomdir');
    const plan = await planImport([join(folder, 'bbmri.zip'), join(folder, 'dwv-test_bad.zip')], {
      tempDir: temporaryFolder(),
    });
    expect(plan.series.map((series) => series.sourceFormat)).toContain('dicom');
    expect(plan.refused.length).toBeGreaterThan(0);
  });
});
