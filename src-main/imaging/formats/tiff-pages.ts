import { RefusedInput } from '../refused-input.ts';

interface TiffPage {
  widthPx: number;
  heightPx: number;
}

const tag = {
  subfileType: 254,
  width: 256,
  height: 257,
  stripOffsets: 273,
  stripBytes: 279,
  tileOffsets: 324,
  tileBytes: 325,
};
const bytesOfType: Record<number, number> = { 1: 1, 3: 2, 4: 4, 16: 8 };
const pageLimit = 10_000;

/**
 * The full-resolution pages of a TIFF or BigTIFF file (thumbnails and masks are left out). Every
 * strip and tile must lie inside the file. Layout: TIFF 6.0, section 2.
 * @throws RefusedInput, and RangeError when a directory lies beyond the end of the file
 */
export function readTiffPages(b: Buffer): TiffPage[] {
  const little = b[0] === 0x49;
  const u16 = (at: number) => (little ? b.readUInt16LE(at) : b.readUInt16BE(at));
  const u32 = (at: number) => (little ? b.readUInt32LE(at) : b.readUInt32BE(at));
  const u64 = (at: number) => Number(little ? b.readBigUInt64LE(at) : b.readBigUInt64BE(at));
  const big = u16(2) === 43;
  const offsetAt = big ? u64 : u32;
  const offsetBytes = big ? 8 : 4;
  const entryBytes = big ? 20 : 12;

  const pages: TiffPage[] = [];
  const visited = new Set<number>();
  let directory = offsetAt(big ? 8 : 4);
  while (directory !== 0) {
    if (visited.has(directory) || visited.size >= pageLimit) {
      throw new RefusedInput('broken-image', { reason: 'its list of pages does not end' });
    }
    visited.add(directory);
    const entries = big ? u64(directory) : u16(directory);
    const first = directory + (big ? 8 : 2);
    const values = new Map<number, number[]>();
    for (let n = 0; n < entries; n++) {
      const at = first + n * entryBytes;
      const id = u16(at);
      if (Object.values(tag).includes(id)) values.set(id, numbersOf(at));
    }
    directory = offsetAt(first + entries * entryBytes);
    const [widthPx = 0] = values.get(tag.width) ?? [];
    const [heightPx = 0] = values.get(tag.height) ?? [];
    const [subfileType = 0] = values.get(tag.subfileType) ?? [];
    const reducedOrMask = 1 | 4;
    if (subfileType & reducedOrMask) continue;
    const offsets = values.get(tag.stripOffsets) ?? values.get(tag.tileOffsets) ?? [];
    const lengths = values.get(tag.stripBytes) ?? values.get(tag.tileBytes) ?? [];
    if (offsets.length === 0)
      throw new RefusedInput('broken-image', { reason: 'a page without pixels' });
    if (offsets.some((offset, n) => offset + (lengths[n] ?? 1) > b.length)) {
      throw new RangeError('pixels beyond the end of the file');
    }
    pages.push({ widthPx, heightPx });
  }
  if (pages.length === 0) throw new RefusedInput('broken-image', { reason: 'no pages' });
  return pages;

  function numbersOf(at: number): number[] {
    const width = bytesOfType[u16(at + 2)];
    const count = big ? u64(at + 4) : u32(at + 4);
    if (width === undefined) return [];
    const field = at + (big ? 12 : 8);
    const start = count * width <= offsetBytes ? field : offsetAt(field);
    if (start + count * width > b.length) throw new RangeError('pixels beyond the end of the file');
    return Array.from({ length: count }, (_, n) => {
      const p = start + n * width;
      return width === 1 ? b.readUInt8(p) : width === 2 ? u16(p) : width === 4 ? u32(p) : u64(p);
    });
  }
}
