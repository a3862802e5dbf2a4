import { decodeFrame, type DecodedFrame } from './codecs.ts';
import type { PixelLayout } from './header-types.ts';
import { expandedPalette } from './palette.ts';
import type { ParsedDataset } from './parse.ts';
import {
  eightBit,
  interleaved,
  rgbOfFullRange,
  rgbOfPartialRange,
  withoutSubsampling,
} from './photometric.ts';
import { isSubsampled } from './pixel-data-check.ts';
import { PixelDataError } from './pixel-data.ts';
import { maskedSamples, samplesOfBytes, type Samples } from './samples.ts';
import { readableTransferSyntax } from './transfer-syntax.ts';

/** One decoded frame: stored values of a monochrome picture, or 8-bit RGB interleaved. */
export interface FramePicture {
  samples: Samples;
  channels: 1 | 3;
  /** Bits that a value of `samples` has: the codestream may have more than the header says. */
  bitsStored: number;
  /** Bits beyond the value were set and were taken off. */
  foreignBits: boolean;
  convertedFrom: 'ybr' | 'palette' | null;
}

/** Decodes the stored bytes of one frame. Throws with a reason when they are damaged. */
export async function frameSamples(
  bytes: Uint8Array,
  layout: PixelLayout,
  parsed: ParsedDataset,
): Promise<FramePicture> {
  const coding = readableTransferSyntax(layout.transferSyntaxUid)?.coding;
  if (!coding) throw new PixelDataError('the transfer syntax is not read');
  const decoded = await decodeFrame(coding, bytes, layout);
  if (layout.samplesPerPixel === 3)
    return colourPicture(decoded, layout, coding === 'native', parsed.bigEndian);

  const raw = samplesOfBytes(
    decoded.bytes,
    storedLayout(decoded, layout),
    coding === 'native' && parsed.bigEndian,
  );
  const bits = maskLayout(decoded, layout, coding === 'native' || coding === 'rle');
  const { samples, foreignBits } = maskedSamples(raw, bits);
  if (layout.photometric === 'PALETTE COLOR') {
    const rgb = expandedPalette(samples, parsed.attributes);
    return { samples: rgb, channels: 3, bitsStored: 8, foreignBits, convertedFrom: 'palette' };
  }
  return { samples, channels: 1, bitsStored: bits.bitsStored, foreignBits, convertedFrom: null };
}

/** Codecs give 8-bit samples for codestreams of up to 8 bits, whatever the header allocates. */
function storedLayout(decoded: DecodedFrame, layout: PixelLayout): PixelLayout {
  const bits = decoded.bytes.length === layout.rows * layout.columns ? 8 : 16;
  return { ...layout, bitsAllocated: bits };
}

/**
 * The bits that make the value. A codestream gives values without overlays, in its own precision;
 * where it disagrees with the header about the sign, its bits are read as the header says.
 */
function maskLayout(decoded: DecodedFrame, layout: PixelLayout, packed: boolean): PixelLayout {
  if (packed) return layout;
  const { bitsAllocated } = storedLayout(decoded, layout);
  const bitsStored = Math.min(decoded.precision ?? layout.bitsStored, bitsAllocated);
  return { ...layout, bitsAllocated, bitsStored, highBit: bitsStored - 1 };
}

function colourPicture(
  decoded: DecodedFrame,
  layout: PixelLayout,
  native: boolean,
  bigEndian: boolean,
): FramePicture {
  const pixels = layout.rows * layout.columns;
  let rgb = eightBitColours(decoded, layout, native && bigEndian);
  if (native && isSubsampled(layout)) rgb = withoutSubsampling(rgb, layout);
  else if (decoded.planar) rgb = interleaved(rgb, pixels);
  const isYbr = layout.photometric.startsWith('YBR') && !decoded.rgb;
  if (isYbr)
    rgb = layout.photometric.startsWith('YBR_PARTIAL')
      ? rgbOfPartialRange(rgb)
      : rgbOfFullRange(rgb);
  const convertedFrom = layout.photometric.startsWith('YBR') ? 'ybr' : null;
  return { samples: rgb, channels: 3, bitsStored: 8, foreignBits: false, convertedFrom };
}

function eightBitColours(
  decoded: DecodedFrame,
  layout: PixelLayout,
  bigEndian: boolean,
): Uint8Array {
  if (layout.bitsAllocated === 8) return decoded.bytes;
  const wide = samplesOfBytes(decoded.bytes, { ...layout, signed: false }, bigEndian);
  return wide instanceof Uint16Array ? eightBit(wide, layout.bitsStored) : decoded.bytes;
}
