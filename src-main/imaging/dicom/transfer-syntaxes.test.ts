import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { PhantomFolder } from '../../../tests/support/dicom-phantom.ts';
import { realData, sharedData } from '../../../tests/support/shared-data.ts';
import type { InputFile, Voxels } from '../types.ts';
import { decodeDicomSeries, planDicomFiles } from './index.ts';

const folder = new PhantomFolder();
afterAll(() => folder.remove());

const pack = join(sharedData ?? '', 'dicom');

async function voxelsOf(file: InputFile): Promise<Voxels> {
  const plan = await planDicomFiles([file]);
  const [series] = plan.series;
  if (!series) throw new Error(`${file.shownPath}: ${plan.refused[0]?.issue.code}`);
  const result = await decodeDicomSeries(series);
  if (!result.ok) throw new Error(result.error.detail);
  return result.value.voxels;
}

const oneCt = (name: string): InputFile => ({
  path: join(pack, 'cornerstone-same-ct-all-syntaxes', `CTImage.dcm_${name}.dcm`),
  shownPath: name,
});

describe.skipIf(!sharedData)(`one CT slice in all transfer syntaxes ${realData}`, () => {
  const original = oneCt('LittleEndianExplicitTransferSyntax_1.2.840.10008.1.2.1');

  it.each([
    'BigEndianExplicitTransferSyntax_1.2.840.10008.1.2.2',
    'DeflatedExplicitVRLittleEndianTransferSyntax_1.2.840.10008.1.2.1.99',
    'RLELosslessTransferSyntax_1.2.840.10008.1.2.5',
    'JPEGProcess14TransferSyntax_1.2.840.10008.1.2.4.57',
    'JPEGProcess14SV1TransferSyntax_1.2.840.10008.1.2.4.70',
    'JPEGLSLosslessTransferSyntax_1.2.840.10008.1.2.4.80',
    'JPEG2000LosslessOnlyTransferSyntax_1.2.840.10008.1.2.4.90',
  ])('%s gives the same values', async (name) => {
    expect(await voxelsOf(oneCt(name))).toEqual(await voxelsOf(original));
  });

  // Mean absolute differences from the original in HU, of what dcmtk (JPEG, JPEG-LS) and pydicom (JPEG 2000) decode.
  it.each([
    ['JPEGLSLossyTransferSyntax_1.2.840.10008.1.2.4.81', 0.69407],
    ['JPEG2000TransferSyntax_1.2.840.10008.1.2.4.91', 0.57136],
    ['JPEGProcess2_4TransferSyntax_1.2.840.10008.1.2.4.51', 3.84438],
    ['JPEGProcess1TransferSyntax_1.2.840.10008.1.2.4.50', 19.83559],
  ])('%s loses as much as with other decoders', async (name, meanDifference) => {
    const [lossy, exact] = [await voxelsOf(oneCt(name)), await voxelsOf(original)];
    let sum = 0;
    for (let n = 0; n < exact.length; n++) sum += Math.abs(lossy[n]! - exact[n]!);
    expect(sum / exact.length).toBeCloseTo(meanDifference, 3);
  });

  it.each([
    [
      'JPEGProcess6_8TransferSyntax_1.2.840.10008.1.2.4.53',
      'JPEG Spectral Selection (Process 6 and 8)',
    ],
    [
      'JPEGProcess10_12TransferSyntax_1.2.840.10008.1.2.4.55',
      'JPEG Full Progression (Process 10 and 12)',
    ],
  ])('%s is refused by name', async (name, title) => {
    const plan = await planDicomFiles([oneCt(name)]);
    expect(plan.series).toEqual([]);
    expect(plan.refused[0]!.issue.code).toBe('unsupported-transfer-syntax');
    expect(plan.refused[0]!.issue.params.syntax).toContain(title);
  });
});

describe.skipIf(!sharedData)(`an enhanced MR in all transfer syntaxes ${realData}`, () => {
  const enhanced = (name: string): InputFile => ({
    path: join(pack, 'pydicom-data-enhanced-and-compressed', `${name}.dcm`),
    shownPath: name,
  });

  it.each([
    'emri_small_RLE', 'emri_small_big_endian', 'emri_small_jpeg_2k_lossless', 'emri_small_jpeg_2k_lossless_too_short',
    'emri_small_jpeg_ls_lossless',
  ])('%s gives the same ten frames', async (name) => {
    expect(await voxelsOf(enhanced(name))).toEqual(await voxelsOf(enhanced('emri_small')));
  }); // prettier-ignore
});

describe.skipIf(!sharedData)(`damaged compressed pictures ${realData}`, () => {
  const whole = sharedData
    ? readFileSync(oneCt('JPEG2000LosslessOnlyTransferSyntax_1.2.840.10008.1.2.4.90').path)
    : Buffer.alloc(0);
  const refusal = async (name: string, bytes: Uint8Array) => {
    const plan = await planDicomFiles([folder.write(name, bytes)]);
    return [plan.series.length, plan.refused[0]?.issue.code];
  };

  it('are refused when the file ends early', async () => {
    expect(await refusal('short.dcm', whole.subarray(0, whole.length - 3000))).toEqual([
      0,
      'truncated-pixel-data',
    ]);
  });

  it('are refused when the codestream ends early inside its fragment', async () => {
    const cut = Buffer.from(whole);
    const end = cut.lastIndexOf(Buffer.from([0xff, 0xd9]));
    cut.fill(0, end - 2000, end + 2);
    expect(await refusal('cut.dcm', cut)).toEqual([0, 'truncated-pixel-data']);
  });

  it('are refused when the codestream is of another size', async () => {
    const other = Buffer.from(whole);
    const size = other.indexOf(Buffer.from([0xff, 0x4f, 0xff, 0x51]));
    other.writeUInt32BE(511, size + 8);
    expect(await refusal('size.dcm', other)).toEqual([0, 'broken-dicom']);
  });
});
