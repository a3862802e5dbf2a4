import { describe, expect, it } from 'vitest';
import { dicomFile, sliceDataset, straightStack } from '../../../tests/support/dicom-phantom.ts';
import { looksLikeDicom } from './looks-like-dicom.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

describe('looksLikeDicom', () => {
  it('knows the mark behind the preamble, whatever the preamble holds', () => {
    const file = dicomFile(sliceDataset(straightStack, 0));
    expect(looksLikeDicom(file)).toBe(true);
    file.fill(0x49, 0, 128);
    expect(looksLikeDicom(file.subarray(0, 200))).toBe(true);
  });

  it.each([
    ['explicit little endian', '0800 0500 4353 0a00 49534f5f495220313030 0800 1600 5549 0200 3100'],
    ['implicit little endian', '0800 0500 0a000000 49534f5f495220313030 0800 1600 02000000 3100'],
    ['explicit big endian', '0008 0005 4353 000a 49534f5f495220313030 0008 0016 5549 0002 3100'],
    ['meta elements without a preamble', '0200 0000 554c 0400 08000000 0200 1000 5549 0200 3100'],
  ])('knows a bare dataset: %s', (_name, bytes) => {
    expect(looksLikeDicom(hex(bytes))).toBe(true);
  });

  it.each([
    ['PNG', '89504e470d0a1a0a0000000d49484452'],
    ['JPEG', 'ffd8ffe000104a46494600010100'],
    ['gzip', '1f8b0808000000000003'],
    ['zip', '504b0304140000000800'],
    ['NIfTI', '5c0100000000000000000000000000000000'],
    ['TIFF', '49492a0008000000'],
    ['BMP', '424d36000c0000000000'],
    ['text', Buffer.from('NRRD0004\n# Complete NRRD file').toString('hex')],
    ['zeros', '00'.repeat(200)],
    ['nothing', ''],
  ])('takes no %s for DICOM', (_name, bytes) => {
    expect(looksLikeDicom(hex(bytes))).toBe(false);
  });
});
