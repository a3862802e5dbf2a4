import type { Voxels } from '../types.ts';

/**
 * How a camera was held (EXIF and TIFF tag 274): 1 upright, 2 mirrored, 3 upside down, 4 both, 5–8 the
 * same with rows and columns exchanged.
 */
export type PictureOrientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** Orientations whose rows are the picture's columns. */
export const isTurned = (orientation: PictureOrientation): boolean => orientation >= 5;

const orientationTag = 0x0112;

/** The orientation in a TIFF header with its first directory, as it also lies in EXIF; 1 when there is none. */
export function orientationInTiff(b: Buffer): PictureOrientation {
  try {
    const little = b.toString('latin1', 0, 2) === 'II';
    const u16 = (at: number) => (little ? b.readUInt16LE(at) : b.readUInt16BE(at));
    const u32 = (at: number) => (little ? b.readUInt32LE(at) : b.readUInt32BE(at));
    if (u16(2) !== 42) return 1;
    const directory = u32(4);
    for (let n = 0; n < u16(directory); n++) {
      const entry = directory + 2 + 12 * n;
      if (u16(entry) !== orientationTag) continue;
      const value = u16(entry + 8);
      return value >= 1 && value <= 8 ? (value as PictureOrientation) : 1;
    }
  } catch {
    // A directory that leads outside of its block says nothing; the picture itself may be sound.
  }
  return 1;
}

/** The orientation in a JPEG's APP1 segment (its content after the length). */
export const orientationInExif = (app1: Buffer): PictureOrientation =>
  app1.toString('latin1', 0, 6) === 'Exif\0\0' ? orientationInTiff(app1.subarray(6)) : 1;

/**
 * Pixels put upright. `widthPx` × `heightPx` is the size as stored; turned orientations give a picture
 * of `heightPx` × `widthPx`.
 */
export function upright<V extends Voxels>(
  stored: V,
  [widthPx, heightPx]: readonly [number, number],
  channels: number,
  orientation: PictureOrientation,
): V {
  if (orientation === 1) return stored;
  const result = stored.slice() as V;
  const [width, height] = isTurned(orientation) ? [heightPx, widthPx] : [widthPx, heightPx];
  const mirrored = [2, 3, 7, 8].includes(orientation);
  const flipped = [3, 4, 6, 7].includes(orientation);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      // The column and row that (x, y) of the upright picture has in the file.
      const [u, v] = isTurned(orientation) ? [y, x] : [x, y];
      const column = mirrored ? widthPx - 1 - u : u;
      const row = flipped ? heightPx - 1 - v : v;
      const from = (column + row * widthPx) * channels;
      const to = (x + y * width) * channels;
      for (let c = 0; c < channels; c++) result[to + c] = stored[from + c]!;
    }
  }
  return result;
}
