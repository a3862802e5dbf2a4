import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import {
  dicomFile,
  PhantomFolder,
  sliceDataset,
  straightStack,
} from '../../../tests/support/dicom-phantom.ts';
import { realData, sharedData } from '../../../tests/support/shared-data.ts';
import { decodeDicomSeries, looksLikeDicom, planDicomFiles } from './index.ts';

const folder = new PhantomFolder();
afterAll(() => folder.remove());

/** Whatever the bytes, the file is accounted for once, and decoding gives a value or a reason. */
async function expectAccounted(bytes: Uint8Array) {
  looksLikeDicom(bytes.subarray(0, 1024));
  const plan = await planDicomFiles([folder.write('damaged.dcm', bytes)]);
  const inSeries = plan.series.length > 0 ? 1 : 0;
  expect(inSeries + plan.refused.length).toBe(1);
  for (const series of plan.series) {
    const result = await decodeDicomSeries(series);
    if (!result.ok)
      expect(result.error).toMatchObject({
        code: 'decode-failed',
        params: { path: 'damaged.dcm' },
      });
    else {
      const [ni, nj, nk] = result.value.geometry.sizeVx;
      expect(result.value.voxels.length).toBe(ni * nj * nk * result.value.channels);
    }
  }
}

const damage = (length: number) =>
  fc.record({
    keep: fc.oneof(fc.constant(length), fc.integer({ min: 0, max: length })),
    bytes: fc.array(
      fc.record({
        at: fc.integer({ min: 0, max: length - 1 }),
        value: fc.integer({ min: 0, max: 255 }),
      }),
      { maxLength: 6 },
    ),
  });

const damaged = (
  whole: Uint8Array,
  change: { keep: number; bytes: { at: number; value: number }[] },
) => {
  const copy = Uint8Array.from(whole);
  for (const { at, value } of change.bytes) copy[at] = value;
  return copy.subarray(0, change.keep);
};

describe('a damaged file', () => {
  it('uncompressed: is opened or refused, never thrown about', async () => {
    const whole = dicomFile(sliceDataset(straightStack, 0));
    await fc.assert(
      fc.asyncProperty(damage(whole.length), (change) => expectAccounted(damaged(whole, change))),
      { numRuns: 150 },
    );
  });

  it
    .skipIf(!sharedData)
    .each([
      'pydicom-test-files/MR_small_RLE.dcm',
      'pydicom-test-files/MR_small_jp2klossless.dcm',
      'pydicom-test-files/MR_small_jpeg_ls_lossless.dcm',
      'pydicom-test-files/SC_rgb_jpeg_gdcm.dcm',
      'pydicom-test-files/SC_rgb_dcmtk_+eb+cy+np.dcm',
      'dcmqi-ct3slice-and-seg/24x38x3/multiframe/mf.dcm',
    ])(`%s ${realData}`, async (name) => {
    const whole = readFileSync(join(sharedData!, 'dicom', name));
    await fc.assert(
      fc.asyncProperty(damage(whole.length), (change) => expectAccounted(damaged(whole, change))),
      { numRuns: 40 },
    );
  });
});
