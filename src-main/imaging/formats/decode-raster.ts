import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { RefusedInput, warning } from '../refused-input.ts';
import type { InputFile, Voxels } from '../types.ts';
import {
  compactVoxels,
  pictureFromComponents,
  type AnyVoxels,
  type Picture,
} from './compact-voxels.ts';
import { isTurned, upright, type PictureOrientation } from './picture-orientation.ts';
import type { RasterFormat } from './raster.ts';

/** Loaded when the first picture is decoded: planning and other formats do without. */
async function readerOf(format: RasterFormat) {
  const io = await import('@itk-wasm/image-io');
  return {
    png: io.pngReadImageNode,
    jpeg: io.jpegReadImageNode,
    tiff: io.tiffReadImageNode,
    bmp: io.bmpReadImageNode,
  }[format];
}

const extensions: Record<RasterFormat, string[]> = {
  png: ['.png'],
  jpeg: ['.jpg', '.jpeg'],
  tiff: ['.tif', '.tiff'],
  bmp: ['.bmp'],
};

/**
 * Pixels of a PNG, JPEG, TIFF (all pages) or BMP file by ITK's readers, first row on top. Palettes
 * are expanded. `expectedSize` is that of the upright picture. @throws RefusedInput
 */
export async function decodeRaster(
  file: InputFile,
  format: RasterFormat,
  expectedSize: [number, number, number],
  orientation: PictureOrientation,
): Promise<Picture> {
  const readImage = await readerOf(format);
  const complaints: string[] = [];
  const image = await withExtension(file.path, extensions[format], async (path) => {
    try {
      const { image, couldRead } = await listening(complaints, () => readImage(path));
      return couldRead ? image : null;
    } catch {
      // The readers throw bare numbers; nothing in them helps a person.
      return null;
    }
  });
  if (!image?.data)
    throw new RefusedInput('decode-failed', {
      reason: `the ${format.toUpperCase()} reader gave nothing`,
    });
  const [width, height, pages = 1] = image.size;
  const [expectedWidth, expectedHeight] = isTurned(orientation)
    ? [expectedSize[1], expectedSize[0]]
    : expectedSize;
  if (width !== expectedWidth || height !== expectedHeight || pages !== expectedSize[2]) {
    throw new RefusedInput('decode-failed', {
      reason: `the ${format.toUpperCase()} reader gave nothing`,
    });
  }
  const turned = <V extends Voxels>(voxels: V, channels: number) =>
    upright(voxels, [width, height], channels, orientation);
  // Damage that the format has no checksum for: the decoder goes on with what it can make of it.
  const damage = complaints.find((line) => damageComplaints.test(line));
  const found = damage ? [warning('damage-found', { reason: damage.trim() })] : [];
  const components = image.data.length / (width * height * pages);
  const stored = image.data as AnyVoxels;
  if (components === 1) {
    const { voxels, issues } = compactVoxels(stored);
    return { voxels: turned(voxels, 1), channels: 1, issues: [...found, ...issues] };
  }
  const isColour = components === 2 || components === 3 || components === 4;
  if (!isColour || !(stored instanceof Uint8Array || stored instanceof Uint16Array)) {
    throw new RefusedInput('vector-image', { components });
  }
  const picture = pictureFromComponents(stored, components);
  const { channels } = picture;
  return { channels, voxels: turned(picture.voxels, channels), issues: [...found, ...picture.issues] };
}

const damageComplaints = /corrupt|premature|bogus|read error|decode error|bad huffman/i;

/** What the decoders print while `work` runs: they have no other way to say that data are damaged. */
async function listening<T>(lines: string[], work: () => Promise<T>): Promise<T> {
  const { log, warn, error } = console;
  const listen = (...parts: unknown[]) => void lines.push(parts.join(' '));
  Object.assign(console, { log: listen, warn: listen, error: listen });
  try {
    return await work();
  } finally {
    Object.assign(console, { log, warn, error });
  }
}

/** ITK's readers also look at the name; a file with another extension is read through a copy. */
async function withExtension<T>(
  path: string,
  wanted: string[],
  read: (path: string) => Promise<T>,
): Promise<T> {
  if (wanted.includes(extname(path).toLowerCase())) return read(path);
  const folder = await mkdtemp(join(tmpdir(), 'medsam-workstation-'));
  try {
    const copy = join(folder, `picture${wanted[0]}`);
    await copyFile(path, copy);
    return await read(copy);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
