import type { PixelLayout } from './header-types.ts';
import { PixelDataError } from './pixel-data.ts';

/**
 * Decodes one RLE frame (PS3.5 annex G): a header of segment offsets, then one PackBits segment
 * per byte of each sample, most significant byte first. The result is little endian, colours one
 * plane after another.
 */
export function decodeRle(bytes: Uint8Array, layout: PixelLayout): Uint8Array {
  if (bytes.length < 64) throw new PixelDataError('the RLE header is cut off');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sampleBytes = layout.bitsAllocated / 8;
  const segmentCount = view.getUint32(0, true);
  if (segmentCount !== sampleBytes * layout.samplesPerPixel) {
    throw new PixelDataError(
      `RLE has ${segmentCount} segments instead of ${sampleBytes * layout.samplesPerPixel}`,
    );
  }
  const pixels = layout.rows * layout.columns;
  // Two bytes make 128 at most: a header that promises more is wrong, and not worth its memory.
  if (pixels * segmentCount > bytes.length * 64)
    throw new PixelDataError('the RLE frame is cut off');
  const out = new Uint8Array(pixels * segmentCount);
  for (let s = 0; s < segmentCount; s++) {
    const start = view.getUint32(4 * (s + 1), true);
    const end = s + 1 < segmentCount ? view.getUint32(4 * (s + 2), true) : bytes.length;
    if (start > end || end > bytes.length)
      throw new PixelDataError('an RLE segment lies outside the frame');
    const plane = Math.floor(s / sampleBytes);
    const significance = sampleBytes - 1 - (s % sampleBytes);
    unpack(
      bytes.subarray(start, end),
      out,
      plane * pixels * sampleBytes + significance,
      sampleBytes,
      pixels,
    );
  }
  return out;
}

/** PackBits into every `step`th byte from `first`; the segment must yield exactly `count` bytes. */
function unpack(
  segment: Uint8Array,
  out: Uint8Array,
  first: number,
  step: number,
  count: number,
): void {
  let at = 0;
  let written = 0;
  while (written < count && at < segment.length) {
    const control = segment[at++]!;
    if (control === 128) continue;
    if (control < 128) {
      const length = Math.min(control + 1, count - written, segment.length - at);
      for (let n = 0; n < length; n++) out[first + step * written++] = segment[at + n]!;
      at += control + 1;
    } else {
      const value = segment[at++];
      if (value === undefined) break;
      const length = Math.min(257 - control, count - written);
      for (let n = 0; n < length; n++) out[first + step * written++] = value;
    }
  }
  if (written < count) throw new PixelDataError('an RLE segment is cut off');
}
