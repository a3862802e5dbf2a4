import { Decoder } from 'jpeg-lossless-decoder-js';
import type { PixelLayout } from './header-types.ts';
import { PixelDataError } from './pixel-data.ts';

/** Predictor 7 halves in whole numbers (ITU T.81 table H.1); the library keeps a fraction, which shows where values wrap round. */
class WholeNumberDecoder extends Decoder {
  override select7(component?: number): number {
    return (this.getPreviousX(component) + this.getPreviousY(component)) >> 1;
  }
}

/** Decodes JPEG lossless (processes 14 and 14 SV1); colours interleaved. */
export function decodeJpegLossless(codestream: Uint8Array, layout: PixelLayout): Uint8Array {
  if (layout.samplesPerPixel !== 1 && layout.bitsAllocated > 8) {
    throw new PixelDataError('JPEG lossless in colour with more than 8 bits is not read');
  }
  const bytes = withRoomAtEnd(codestream);
  let decoded: { buffer: ArrayBufferLike; byteOffset: number; byteLength: number };
  try {
    const decoder = new WholeNumberDecoder();
    decoded = decoder.decode(
      bytes.buffer as ArrayBuffer,
      bytes.byteOffset,
      bytes.length,
      layout.bitsAllocated <= 8 ? 1 : 2,
    );
    if (decoder.scan.al !== 0)
      throw new PixelDataError('JPEG lossless with a point transform is not read');
    const { dimX, dimY } = decoder.frame;
    if (dimX !== layout.columns || dimY !== layout.rows) {
      throw new PixelDataError(
        `the codestream holds ${dimX} × ${dimY} pixels, the header says ${layout.columns} × ${layout.rows}`,
      );
    }
  } catch (error) {
    if (error instanceof PixelDataError) throw error;
    throw new PixelDataError('the JPEG lossless picture is damaged', { cause: error });
  }
  return new Uint8Array(decoded.buffer, decoded.byteOffset, decoded.byteLength);
}

/**
 * The decoder reads ahead and drops the last pixel when it meets the end marker while it does so.
 * A few empty bytes before the marker keep it from that; nothing is decoded from them.
 */
function withRoomAtEnd(bytes: Uint8Array): Uint8Array {
  let end = bytes.length - 2;
  while (end > 0 && !(bytes[end] === 0xff && bytes[end + 1] === 0xd9)) end--;
  if (end <= 0) throw new PixelDataError('the JPEG lossless picture has no end');
  const padded = new Uint8Array(end + 10);
  padded.set(bytes.subarray(0, end));
  padded.set([0xff, 0xd9], end + 8);
  return padded;
}
