import type { PixelLayout } from './header-types.ts';
import type { ParsedDataset } from './parse.ts';
import { PixelDataError } from './pixel-data.ts';
import { maskedSamples, samplesOfBytes, type Samples } from './samples.ts';
import { readableTransferSyntax } from './transfer-syntax.ts';

/** One decoded frame: stored values of a monochrome picture, or 8-bit RGB interleaved. */
export interface FramePicture {
  samples: Samples;
  channels: 1 | 3;
  /** Bits beyond the value were set and were taken off. */
  foreignBits: boolean;
  convertedFrom: 'ybr' | 'palette' | null;
}

/** Decodes the stored bytes of one frame. Throws with a reason when they are damaged. */
export async function frameSamples(bytes: Uint8Array, layout: PixelLayout, parsed: ParsedDataset): Promise<FramePicture> {
  const syntax = readableTransferSyntax(layout.transferSyntaxUid);
  if (syntax?.coding !== 'native') throw new PixelDataError('compressed pixel data are not read yet');
  const stored = samplesOfBytes(bytes, layout, parsed.bigEndian);
  const { samples, foreignBits } = maskedSamples(stored, layout);
  return { samples, channels: 1, foreignBits, convertedFrom: null };
}
