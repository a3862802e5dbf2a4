import type { PixelLayout } from './header-types.ts';

/** Stored values of one frame: one per pixel, or three (interleaved) when `channels` is 3. */
export type Samples = Uint8Array | Int8Array | Uint16Array | Int16Array;

const hostIsLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Views uncompressed bytes as numbers without masking. 16-bit values are copied only where they must be. */
export function samplesOfBytes(
  bytes: Uint8Array,
  layout: PixelLayout,
  bigEndian: boolean,
): Samples {
  if (layout.bitsAllocated === 8) {
    return layout.signed ? new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length) : bytes;
  }
  const swap = bigEndian === hostIsLittleEndian;
  const usable = swap || bytes.byteOffset % 2 !== 0 ? Uint8Array.from(bytes) : bytes;
  if (swap) swapPairs(usable);
  const length = usable.length >> 1;
  return layout.signed
    ? new Int16Array(usable.buffer, usable.byteOffset, length)
    : new Uint16Array(usable.buffer, usable.byteOffset, length);
}

function swapPairs(bytes: Uint8Array): void {
  for (let n = 0; n + 1 < bytes.length; n += 2) {
    const low = bytes[n]!;
    bytes[n] = bytes[n + 1]!;
    bytes[n + 1] = low;
  }
}

/**
 * Keeps the bits that belong to the value (bits stored, ending at high bit) and extends the sign.
 * `foreignBits` tells whether other bits were set that are no sign extension: overlays of old
 * scanners, or rubbish. Returns the input itself when nothing has to be done.
 */
export function maskedSamples(
  samples: Samples,
  layout: PixelLayout,
): { samples: Samples; foreignBits: boolean } {
  const { bitsAllocated, bitsStored, highBit, signed } = layout;
  if (bitsStored === bitsAllocated) return { samples, foreignBits: false };
  const shift = highBit + 1 - bitsStored;
  const up = 32 - bitsStored;
  const value = (raw: number) =>
    signed ? ((raw >>> shift) << up) >> up : ((raw >>> shift) << up) >>> up;
  if (shift === 0 && isWithin(samples, bitsStored, signed)) return { samples, foreignBits: false };
  const masked = samples.slice();
  // A value that is merely shifted up, or a negative one without its sign extended, is no overlay.
  const allowed = signed ? 0 : ((2 ** bitsStored - 1) << shift) >>> 0;
  let foreignBits = false;
  for (let n = 0; n < samples.length; n++) {
    const raw = samples[n]!;
    masked[n] = value(raw);
    if (signed) foreignBits ||= !isSignExtended(raw, bitsAllocated, highBit, shift);
    else foreignBits ||= (raw & ~allowed) !== 0;
  }
  return { samples: masked, foreignBits };
}

/** Whether all values fit their bits as they stand: the usual case, so a plain loop. */
function isWithin(samples: Samples, bitsStored: number, signed: boolean): boolean {
  const low = signed ? -(2 ** (bitsStored - 1)) : 0;
  const high = signed ? 2 ** (bitsStored - 1) - 1 : 2 ** bitsStored - 1;
  for (let n = 0; n < samples.length; n++) {
    const value = samples[n]!;
    if (value < low || value > high) return false;
  }
  return true;
}

/** Bits above the high bit are all zero or all copies of the sign; bits below the value are zero. */
function isSignExtended(
  raw: number,
  bitsAllocated: number,
  highBit: number,
  shift: number,
): boolean {
  const bits = raw & (2 ** bitsAllocated - 1);
  const above = bits >>> (highBit + 1);
  const ones = 2 ** (bitsAllocated - highBit - 1) - 1;
  return (above === 0 || above === ones) && (bits & (2 ** shift - 1)) === 0;
}
