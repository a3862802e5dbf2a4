import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFrame } from './codecs.ts';
import type { PixelLayout } from './header-types.ts';
import { jpegFrame, withAdobeRgbMarker } from './jpeg-markers.ts';
import { interleaved } from './photometric.ts';
import { decodeRle } from './rle.ts';

const layout = (changes: Partial<PixelLayout>): PixelLayout => ({
  rows: 4, columns: 4, samplesPerPixel: 1, photometric: 'MONOCHROME2', bitsAllocated: 16, bitsStored: 16, highBit: 15,
  signed: true, planar: false, frameCount: 1, transferSyntaxUid: '', ...changes,
}); // prettier-ignore

/**
 * 4 × 4 signed values that wrap round at 16 bits, coded by dcmtk (`dcmcjpeg +el +sv N +un`) with
 * each of the seven predictors.
 */
const wrapping = [
  0, 5020, 20046, -20458, 14580, -5912, -16398, -16878, -7352, 12180, -23818, 15726, -260, -6240,
  -2214, 11818,
];
const predictors: Record<number, string> = {
  1: '/9j/4AAQSkZJRgABAQAAAQABAAD/wwALEAAEAAQBAREA/8QAGQAAAwADAAAAAAAAAAAAAAAADQ4PCQwQ/9oACAEBAAEAAOJzj1ZWHIePSX+auE4H5Up0xMubFGnc3aCKPfunbQ///9k=',
  2: '/9j/4AAQSkZJRgABAQAAAQABAAD/wwALEAAEAAQBAREA/8QAGAABAAMBAAAAAAAAAAAAAAAADwwNDhD/2gAIAQEAAgAA6znN1ZMORuPTKpbjSTfwqU0asowN/XLu0OAtUZIF3//Z',
  3: '/9j/4AAQSkZJRgABAQAAAQABAAD/wwALEAAEAAQBAREA/8QAGQABAAIDAAAAAAAAAAAAAAAADw0OCwwQ/9oACAEBAAMAAOk5y9WTDkXj0iOcsVW/EKlPWnzoNfXybtMixR8ULM///9k=',
  4: '/9j/4AAQSkZJRgABAQAAAQABAAD/wwALEAAEAAQBAREA/8QAFwABAQEBAAAAAAAAAAAAAAAADw0OEP/aAAgBAQAEAADqc5urJhyNx6DiuOK44rlSmOK44rjivbtBxXHFccV////Z',
  5: '/9j/4AAQSkZJRgABAQAAAQABAAD/wwALEAAEAAQBAREA/8QAGAABAQEBAQAAAAAAAAAAAAAADw4NDBD/2gAIAQEABQAA9pzl1ZMORcehMSnNhGnZUp8iiD7g2z7dohP0sENMp//Z',
  6: '/9j/4AAQSkZJRgABAQAAAQABAAD/wwALEAAEAAQBAREA/8QAGQAAAgMBAAAAAAAAAAAAAAAADg8LDA0Q/9oACAEBAAYAAO05w6snDkHHouNGb+FSlVKdGBP65G7O3aKoxgXQaJ///9k=',
  7: '/9j/4AAQSkZJRgABAQAAAQABAAD/wwALEAAEAAQBAREA/8QAGAABAQEBAQAAAAAAAAAAAAAADg8NCxD/2gAIAQEABwAA9pzjqysOQ49AU+kV+wdKlOkviszhnTt2lQWGQfE8X//Z',
};

describe('JPEG lossless', () => {
  it.each([1, 2, 3, 4, 5, 6, 7])('gives every value back with predictor %i', async (predictor) => {
    const { bytes } = await decodeFrame(
      'jpeg-lossless',
      Buffer.from(predictors[predictor]!, 'base64'),
      layout({}),
    );
    expect([...new Int16Array(bytes.buffer, bytes.byteOffset, 16)]).toEqual(wrapping);
  });

  it('is refused when the header says another size, or the stream is damaged', async () => {
    const stream = Buffer.from(predictors[1]!, 'base64');
    await expect(decodeFrame('jpeg-lossless', stream, layout({ rows: 8 }))).rejects.toThrow(
      /4 × 4 pixels, the header says 4 × 8/,
    );
    await expect(
      decodeFrame('jpeg-lossless', stream.subarray(0, 40), layout({})),
    ).rejects.toThrow();
  });
});

describe('RLE', () => {
  /** PackBits after PS3.5 annex G: runs of three or more, the rest literal. */
  function pack(plane: Uint8Array): number[] {
    const out: number[] = [];
    let n = 0;
    while (n < plane.length) {
      let run = 1;
      while (run < 128 && plane[n + run] === plane[n]) run++;
      if (run >= 3) {
        out.push(257 - run, plane[n]!);
        n += run;
        continue;
      }
      const start = n;
      while (
        n < plane.length &&
        n - start < 128 &&
        !(plane[n] === plane[n + 1] && plane[n] === plane[n + 2])
      )
        n++;
      out.push(n - start - 1, ...plane.subarray(start, n));
    }
    return out.length % 2 === 0 ? out : [...out, 128];
  }

  function encode(samples: Uint8Array | Uint16Array, samplesPerPixel: number): Uint8Array {
    const pixels = samples.length / samplesPerPixel;
    const size = samples.BYTES_PER_ELEMENT;
    const segments: number[][] = [];
    for (let c = 0; c < samplesPerPixel; c++)
      for (let byte = size - 1; byte >= 0; byte--)
        segments.push(
          pack(
            Uint8Array.from(
              { length: pixels },
              (_, n) => (samples[n * samplesPerPixel + c]! >> (8 * byte)) & 0xff,
            ),
          ),
        );
    const header = new Uint32Array(16);
    header[0] = segments.length;
    let offset = 64;
    for (const [n, segment] of segments.entries()) {
      header[n + 1] = offset;
      offset += segment.length;
    }
    return Uint8Array.from([...new Uint8Array(header.buffer), ...segments.flat()]);
  }

  it('gives back what was packed, for 8 and 16 bits and colours', () => {
    const byte = fc.oneof(fc.constant(7), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(
        fc.array(byte, { minLength: 60, maxLength: 60 }),
        fc.constantFrom(1, 2, 3),
        (values, kind) => {
          const wide = kind === 2;
          const samples = wide
            ? new Uint16Array(Uint8Array.from(values).buffer)
            : Uint8Array.from(values);
          const samplesPerPixel = kind === 3 ? 3 : 1;
          const pixels = samples.length / samplesPerPixel;
          const like = layout({
            rows: 1,
            columns: pixels,
            samplesPerPixel,
            bitsAllocated: wide ? 16 : 8,
          });
          const decoded = decodeRle(encode(samples, samplesPerPixel), like);
          const restored = samplesPerPixel === 3 ? interleaved(decoded, pixels) : decoded;
          expect([...restored]).toEqual(values);
        },
      ),
    );
  });

  it('says when a segment is cut off or segments are missing', () => {
    const packed = encode(
      Uint8Array.from({ length: 16 }, (_, n) => n),
      1,
    );
    const like = layout({ bitsAllocated: 8 });
    expect(() => decodeRle(packed.subarray(0, packed.length - 4), like)).toThrow(/cut off/);
    expect(() => decodeRle(packed, layout({ bitsAllocated: 16 }))).toThrow(
      /1 segments instead of 2/,
    );
  });
});

describe('the markers of JPEG', () => {
  it('tell process, precision and colours', () => {
    const stream = Buffer.from(predictors[1]!, 'base64');
    expect(jpegFrame(stream)).toEqual({
      lossless: true,
      precision: 16,
      sampling: [0x11],
      hasColourMarker: true,
    });
    const bare = Uint8Array.of(
      0xff,
      0xd8,
      0xff,
      0xc0,
      0,
      17,
      8,
      0,
      4,
      0,
      4,
      3,
      1,
      0x22,
      0,
      2,
      0x11,
      1,
      3,
      0x11,
      1,
    );
    expect(jpegFrame(bare)).toEqual({
      lossless: false,
      precision: 8,
      sampling: [0x22, 0x11, 0x11],
      hasColourMarker: false,
    });
    expect(jpegFrame(withAdobeRgbMarker(bare))!.hasColourMarker).toBe(true);
    expect(jpegFrame(Uint8Array.of(1, 2, 3))).toBeNull();
  });
});
