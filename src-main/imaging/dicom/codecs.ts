import { wasmDecoder, type WasmCodec } from './codec-modules.ts';
import type { PixelLayout } from './header-types.ts';
import { isSubsampledJpeg, jpegFrame, withAdobeRgbMarker } from './jpeg-markers.ts';
import { decodeJpegLossless } from './jpeg-lossless.ts';
import { decodeJpeg12 } from './jpeg-12-bit.ts';
import { PixelDataError } from './pixel-data.ts';
import { decodeRle } from './rle.ts';
import type { FrameCoding } from './transfer-syntax.ts';

/** A decompressed frame. */
export interface DecodedFrame {
  /** Little endian; 8 or 16 bits per sample; colours interleaved unless `planar`. */
  bytes: Uint8Array;
  /** Bits the codestream gives each sample, and whether it calls them signed; null where it does not say. */
  precision: number | null;
  signed: boolean | null;
  planar: boolean;
  /** The codec already turned luminance and chrominance into RGB. */
  rgb: boolean;
}

/** Decompresses one frame. Throws a PixelDataError when the codestream is damaged or not what the header says. */
export async function decodeFrame(
  coding: FrameCoding,
  bytes: Uint8Array,
  layout: PixelLayout,
): Promise<DecodedFrame> {
  switch (coding) {
    case 'native':
      return { bytes, precision: null, signed: null, planar: layout.planar, rgb: false };
    case 'rle':
      // RLE keeps each colour in a segment of its own.
      return {
        bytes: decodeRle(bytes, layout),
        precision: null,
        signed: null,
        planar: true,
        rgb: false,
      };
    case 'jpeg':
    case 'jpeg-lossless':
      // Files exist that name one process and hold another: the codestream itself decides.
      return decodeJpeg(bytes, layout);
    default:
      return decodeWasm(coding, bytes, layout);
  }
}

async function decodeJpeg(bytes: Uint8Array, layout: PixelLayout): Promise<DecodedFrame> {
  const frame = jpegFrame(bytes);
  if (!frame) throw new PixelDataError('the JPEG codestream has no frame');
  if (frame.lossless) {
    return {
      bytes: decodeJpegLossless(bytes, layout),
      precision: null,
      signed: null,
      planar: false,
      rgb: false,
    };
  }
  if (frame.precision > 8) {
    return {
      bytes: await decodeJpeg12(bytes, layout),
      precision: frame.precision,
      signed: false,
      planar: false,
      rgb: false,
    };
  }
  // Without a marker the library takes three components for luminance and chrominance; DICOM says RGB.
  const asTold =
    layout.photometric === 'RGB' && !frame.hasColourMarker && !isSubsampledJpeg(frame)
      ? withAdobeRgbMarker(bytes)
      : bytes;
  return decodeWasm('jpeg', asTold, layout);
}

async function decodeWasm(
  codec: WasmCodec,
  bytes: Uint8Array,
  layout: PixelLayout,
): Promise<DecodedFrame> {
  const Decoder = await wasmDecoder(codec);
  const decoder = new Decoder();
  try {
    decoder.getEncodedBuffer(bytes.length).set(bytes);
    decoder.decode();
    const info = decoder.getFrameInfo();
    if (
      info.width !== layout.columns ||
      info.height !== layout.rows ||
      info.componentCount !== layout.samplesPerPixel
    ) {
      throw new PixelDataError(
        `the codestream holds ${info.width} × ${info.height} × ${info.componentCount} values, ` +
          `the header says ${layout.columns} × ${layout.rows} × ${layout.samplesPerPixel}`,
      );
    }
    const colour = layout.samplesPerPixel === 3;
    return {
      // The buffer is the decoder's own memory and goes with it.
      bytes: copyOfBytes(decoder.getDecodedBuffer()),
      precision: info.bitsPerSample,
      signed: info.isSigned ?? null,
      planar: codec === 'jpeg-ls' && colour && decoder.getInterleaveMode?.() === 0,
      rgb: colour && codec !== 'jpeg-ls' && (codec === 'jpeg' || isTransformed(layout.photometric)),
    };
  } catch (error) {
    if (error instanceof PixelDataError) throw error;
    // The libraries throw numbers (addresses of C++ exceptions), which say nothing.
    throw new PixelDataError('the compressed picture is damaged', { cause: error });
  } finally {
    decoder.delete();
  }
}

/** The libraries view their memory as bytes, clamped bytes or words. */
const copyOfBytes = (view: Uint8Array) =>
  new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();

/** JPEG 2000 undoes its own colour transforms. */
const isTransformed = (photometric: string) =>
  photometric === 'YBR_RCT' || photometric === 'YBR_ICT';
