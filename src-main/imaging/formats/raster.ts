import { readFile, stat } from 'node:fs/promises';
import { RefusedInput } from '../refused-input.ts';
import type { InputFile } from '../types.ts';
import { orientationInExif, orientationInTiff, type PictureOrientation } from './picture-orientation.ts';
import { readTiffPages } from './tiff-pages.ts';

export type RasterFormat = 'png' | 'jpeg' | 'tiff' | 'bmp';

/** What is known of a picture file before its pixels are decoded. */
export interface RasterImage {
  widthPx: number;
  heightPx: number;
  pages: number;
  /** How the picture must be turned to be upright; size and pixels above are as stored. */
  orientation: PictureOrientation;
}

/** Pixels (all pages) beyond which decoding in 32-bit WebAssembly is not tried. */
const pixelLimit = 300e6;
/** Whole-slide scans and the like. */
const fileBytesLimit = 2 ** 30;

/**
 * Checks that a PNG, JPEG, TIFF or BMP file is complete and tells its size. The decoders fill what
 * is missing with grey or noise without a word, so completeness is decided here.
 * @throws RefusedInput
 */
export async function readRasterHeader(
  file: InputFile,
  format: RasterFormat,
): Promise<RasterImage> {
  const { size } = await stat(file.path);
  if (size > fileBytesLimit) {
    throw new RefusedInput('too-large', { size: `${Math.round(size / 2 ** 20)} MB` });
  }
  const bytes = await readFile(file.path);
  let image: RasterImage;
  try {
    image = { png: readPng, jpeg: readJpeg, tiff: readTiff, bmp: readBmp }[format](bytes);
  } catch (error) {
    // Reading beyond the end of the file.
    if (error instanceof RangeError) throw cutOff(bytes.length);
    throw error;
  }
  if (image.widthPx < 1 || image.heightPx < 1) {
    throw new RefusedInput('broken-image', {
      reason: `${image.widthPx} × ${image.heightPx} pixels`,
    });
  }
  const megapixels = Math.round((image.widthPx * image.heightPx * image.pages) / 1e6);
  if (megapixels * 1e6 > pixelLimit)
    throw new RefusedInput('too-large', { size: `${megapixels} megapixels` });
  return image;
}

const cutOff = (bytes: number) =>
  new RefusedInput('truncated-pixel-data', { expected: 'more bytes', present: `${bytes} bytes` });

/** Walks the chunks: each must lie inside the file, the last is IEND. */
function readPng(b: Buffer): RasterImage {
  const size: RasterImage = { widthPx: b.readUInt32BE(16), heightPx: b.readUInt32BE(20), pages: 1, orientation: 1 };
  for (let at = 8; ;) {
    const length = b.readUInt32BE(at);
    const type = b.toString('latin1', at + 4, at + 8);
    at += 12 + length;
    if (at > b.length) throw cutOff(b.length);
    if (type === 'IEND') return size;
  }
}

/** Walks the markers to the end of image; in scan data only real markers count. */
function readJpeg(b: Buffer): RasterImage {
  let size: Omit<RasterImage, 'orientation'> | null = null;
  let orientation: PictureOrientation = 1;
  let at = 2;
  for (;;) {
    while (b.readUInt8(at) !== 0xff) at++;
    while (b.readUInt8(at) === 0xff) at++;
    const marker = b.readUInt8(at++);
    if (marker === 0xd9) break;
    if (marker === 0 || marker === 1 || (marker >= 0xd0 && marker <= 0xd8)) continue;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame && !size) {
      size = { heightPx: b.readUInt16BE(at + 3), widthPx: b.readUInt16BE(at + 5), pages: 1 };
    }
    const end = at + b.readUInt16BE(at);
    if (marker === 0xe1 && orientation === 1) orientation = orientationInExif(b.subarray(at + 2, end));
    at = end;
  }
  if (!size) throw new RefusedInput('broken-image', { reason: 'no frame header' });
  return { ...size, orientation };
}

function readTiff(b: Buffer): RasterImage {
  const pages = readTiffPages(b);
  const first = pages[0]!;
  if (pages.some((p) => p.widthPx !== first.widthPx || p.heightPx !== first.heightPx)) {
    throw new RefusedInput('unsupported-format', { format: 'TIFF with pages of different sizes' });
  }
  const orientation = pages.length === 1 ? orientationInTiff(b) : 1;
  return { widthPx: first.widthPx, heightPx: first.heightPx, pages: pages.length, orientation };
}

function readBmp(b: Buffer): RasterImage {
  const pixelsAt = b.readUInt32LE(10);
  const headerSize = b.readUInt32LE(14);
  const old = headerSize === 12;
  const widthPx = old ? b.readUInt16LE(18) : b.readInt32LE(18);
  const heightPx = Math.abs(old ? b.readInt16LE(20) : b.readInt32LE(22));
  const bits = old ? b.readUInt16LE(24) : b.readUInt16LE(28);
  const compression = old ? 0 : b.readUInt32LE(30);
  const rowBytes = Math.ceil((widthPx * bits) / 32) * 4;
  const pixelBytes =
    compression === 1 || compression === 2 ? b.readUInt32LE(34) : rowBytes * heightPx;
  if (pixelsAt + pixelBytes > b.length) throw cutOff(b.length);
  return { widthPx, heightPx, pages: 1, orientation: 1 };
}
