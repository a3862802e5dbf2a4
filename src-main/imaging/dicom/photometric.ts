import type { PixelLayout } from './header-types.ts';

/** RGB samples with the colours interleaved, from planes one after another. */
export function interleaved(planes: Uint8Array, pixels: number): Uint8Array {
  const out = new Uint8Array(pixels * 3);
  for (let n = 0; n < pixels; n++) {
    out[3 * n] = planes[n]!;
    out[3 * n + 1] = planes[pixels + n]!;
    out[3 * n + 2] = planes[2 * pixels + n]!;
  }
  return out;
}

/** Colours of more than 8 bits on 8 bits: the highest value stays the highest. */
export function eightBit(samples: Uint16Array, bitsStored: number): Uint8Array {
  const scale = 255 / (2 ** bitsStored - 1);
  return Uint8Array.from(samples, (value) => Math.min(255, Math.round(value * scale)));
}

/** Two luminances, then the chrominances both pixels share (PS3.3 C.7.6.3.1.2), as one triple per pixel. */
export function withoutSubsampling(bytes: Uint8Array, { rows, columns }: PixelLayout): Uint8Array {
  const out = new Uint8Array(rows * columns * 3);
  for (let pair = 0; pair < out.length / 6; pair++) {
    const [y0, y1, cb, cr] = [
      bytes[4 * pair]!,
      bytes[4 * pair + 1]!,
      bytes[4 * pair + 2]!,
      bytes[4 * pair + 3]!,
    ];
    out.set([y0, cb, cr], 6 * pair);
    if (6 * pair + 3 < out.length) out.set([y1, cb, cr], 6 * pair + 3);
  }
  return out;
}

const clamped = (value: number) => (value < 0 ? 0 : value > 255 ? 255 : Math.round(value));

/** YBR_FULL to RGB (PS3.3 C.7.6.3.1.2, ITU-R BT.601 on the full range 0–255). */
export function rgbOfFullRange(ybr: Uint8Array): Uint8Array {
  const out = new Uint8Array(ybr.length);
  for (let n = 0; n < ybr.length; n += 3) {
    const y = ybr[n]!;
    const cb = ybr[n + 1]! - 128;
    const cr = ybr[n + 2]! - 128;
    out[n] = clamped(y + 1.402 * cr);
    out[n + 1] = clamped(y - 0.344136 * cb - 0.714136 * cr);
    out[n + 2] = clamped(y + 1.772 * cb);
  }
  return out;
}

/** YBR_PARTIAL to RGB: luminance 16–235, chrominance 16–240 (ITU-R BT.601). */
export function rgbOfPartialRange(ybr: Uint8Array): Uint8Array {
  const out = new Uint8Array(ybr.length);
  for (let n = 0; n < ybr.length; n += 3) {
    const y = (255 / 219) * (ybr[n]! - 16);
    const cb = (255 / 224) * (ybr[n + 1]! - 128);
    const cr = (255 / 224) * (ybr[n + 2]! - 128);
    out[n] = clamped(y + 1.402 * cr);
    out[n + 1] = clamped(y - 0.344136 * cb - 0.714136 * cr);
    out[n + 2] = clamped(y + 1.772 * cb);
  }
  return out;
}
