/** What the markers of a JPEG codestream say about its frame. */
export interface JpegFrame {
  lossless: boolean;
  precision: number;
  /** Sampling factors (h × 16 + v) of the components. */
  sampling: number[];
  /** The stream itself says how its colours are meant: JFIF, Adobe, or components named R, G, B. */
  hasColourMarker: boolean;
}

/** Reads the markers up to the start of frame (ITU T.81 annex B); null when there is none. */
export function jpegFrame(bytes: Uint8Array): JpegFrame | null {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return null;
  let hasColourMarker = false;
  let position = 2;
  while (position + 4 <= bytes.length) {
    if (bytes[position] !== 0xff) return null;
    const marker = bytes[position + 1]!;
    if (marker === 0xff) {
      position++;
      continue;
    }
    const length = (bytes[position + 2]! << 8) | bytes[position + 3]!;
    const data = bytes.subarray(position + 4, position + 2 + length);
    if (marker === 0xe0 && startsWith(data, 'JFIF')) hasColourMarker = true;
    // Shorter ones exist; decoders do not take them for Adobe's.
    if (marker === 0xee && startsWith(data, 'Adobe') && data.length >= 12) hasColourMarker = true;
    // C0–CF are frames, except tables (C4, CC) and the reserved C8.
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      const count = data[5] ?? 0;
      const ids = Array.from({ length: count }, (_, n) => data[6 + 3 * n]!);
      if (String.fromCharCode(...ids) === 'RGB') hasColourMarker = true;
      return {
        lossless: marker === 0xc3,
        precision: data[0] ?? 8,
        sampling: Array.from({ length: count }, (_, n) => data[7 + 3 * n]!),
        hasColourMarker,
      };
    }
    position += 2 + length;
  }
  return null;
}

/** Chrominance at a lower resolution: such a picture cannot be RGB. */
export const isSubsampledJpeg = ({ sampling }: JpegFrame) =>
  sampling.some((factor) => factor !== sampling[0]);

const adobeRgb = [
  0xff,
  0xee,
  0,
  14,
  ...[...'Adobe'].map((c) => c.charCodeAt(0)),
  0,
  100,
  0,
  0,
  0,
  0,
  0,
];

/** The codestream with an Adobe marker "no colour transform" behind its start. */
export function withAdobeRgbMarker(bytes: Uint8Array): Uint8Array {
  const marked = new Uint8Array(bytes.length + adobeRgb.length);
  marked.set(bytes.subarray(0, 2));
  marked.set(adobeRgb, 2);
  marked.set(bytes.subarray(2), 2 + adobeRgb.length);
  return marked;
}

const startsWith = (data: Uint8Array, text: string) =>
  [...text].every((c, n) => data[n] === c.charCodeAt(0));
