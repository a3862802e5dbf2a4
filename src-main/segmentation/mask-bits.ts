import { deflateRawSync, inflateRawSync } from 'node:zlib';

/**
 * Bits of a mask as they are stored: one bit per pixel of its rectangle, row by row without
 * padding, the first pixel in the lowest bit, raw-deflated (level 1: masks are runs, more gains
 * little).
 */
export function packMask(pixels: Uint8Array): Buffer {
  const packed = new Uint8Array(Math.ceil(pixels.length / 8));
  for (let n = 0; n < pixels.length; n++) {
    if (pixels[n] !== 0) packed[n >> 3]! |= 1 << (n & 7);
  }
  return deflateRawSync(packed, { level: 1 });
}

/**
 * One byte (0 or 1) per pixel of the rectangle.
 * @throws Error when the stored bits do not have the length of the rectangle
 */
export function unpackMask(stored: Uint8Array, pixelCount: number): Uint8Array {
  const packed = inflateRawSync(stored);
  if (packed.length !== Math.ceil(pixelCount / 8)) {
    throw new Error(`A stored mask has ${packed.length} bytes for ${pixelCount} pixels.`);
  }
  const pixels = new Uint8Array(pixelCount);
  for (let n = 0; n < pixelCount; n++) pixels[n] = (packed[n >> 3]! >> (n & 7)) & 1;
  return pixels;
}
