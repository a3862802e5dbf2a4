import { describe, expect, it } from 'vitest';
import { orientationInExif, orientationInTiff, upright, type PictureOrientation } from './picture-orientation.ts';

/** A TIFF header with one directory entry. */
function tiff(tag: number, value: number, little: boolean): Buffer {
  const b = Buffer.alloc(26);
  const u16 = (v: number, at: number) => (little ? b.writeUInt16LE(v, at) : b.writeUInt16BE(v, at));
  const u32 = (v: number, at: number) => (little ? b.writeUInt32LE(v, at) : b.writeUInt32BE(v, at));
  b.write(little ? 'II' : 'MM', 0, 'latin1');
  u16(42, 2);
  u32(8, 4);
  u16(1, 8);
  u16(tag, 10);
  u16(3, 12);
  u32(1, 14);
  u16(value, 18);
  return b;
}

describe('the orientation of a photograph', () => {
  it.each([true, false])('is read in either byte order (little endian: %s)', (little) => {
    expect(orientationInTiff(tiff(0x0112, 6, little))).toBe(6);
    const exif = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff(0x0112, 3, little)]);
    expect(orientationInExif(exif)).toBe(3);
  });

  it('is upright when nothing, nonsense, or something else is said', () => {
    expect(orientationInTiff(tiff(0x0100, 6, true))).toBe(1);
    expect(orientationInTiff(tiff(0x0112, 9, true))).toBe(1);
    expect(orientationInTiff(tiff(0x0112, 6, true).subarray(0, 12))).toBe(1);
    expect(orientationInExif(Buffer.from('http://ns.adobe.com/xap/1.0/\0'))).toBe(1);
  });
});

describe('a picture put upright', () => {
  // The letter F as it is to be seen, and as each orientation stores it (the EXIF standard's figure).
  const seen = ['##', '#.', '##', '#.', '#.'];
  const stored: Record<PictureOrientation, string[]> = {
    1: ['##', '#.', '##', '#.', '#.'],
    2: ['##', '.#', '##', '.#', '.#'],
    3: ['.#', '.#', '##', '.#', '##'],
    4: ['#.', '#.', '##', '#.', '##'],
    5: ['#####', '#.#..'],
    6: ['#.#..', '#####'],
    7: ['..#.#', '#####'],
    8: ['#####', '..#.#'],
  };
  const pixels = (rows: string[], channels: number) =>
    Uint8Array.from(rows.join('').split('').flatMap((c) => Array<number>(channels).fill(c === '#' ? 255 : 0)));

  it.each([1, 2, 3, 4, 5, 6, 7, 8] as const)('from orientation %i, grey and colour', (orientation) => {
    const rows = stored[orientation];
    for (const channels of [1, 3]) {
      const result = upright(pixels(rows, channels), [rows[0]!.length, rows.length], channels, orientation);
      expect([...result]).toEqual([...pixels(seen, channels)]);
    }
  });
});
