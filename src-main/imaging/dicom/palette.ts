import type { Attributes } from './attributes.ts';
import { lookUp, lookupTable, type LookupTable } from './modality-lut.ts';
import { PixelDataError } from './pixel-data.ts';
import type { Samples } from './samples.ts';

const colours = [
  { descriptor: '00281101', data: '00281201', segmented: '00281221' },
  { descriptor: '00281102', data: '00281202', segmented: '00281222' },
  { descriptor: '00281103', data: '00281203', segmented: '00281223' },
];

/** Expands the indices of a palette picture to 8-bit RGB (PS3.3 C.7.6.3.1.5 and .6). */
export function expandedPalette(indices: Samples, root: Attributes): Uint8Array {
  const tables = colours.map(({ descriptor, data, segmented }) =>
    eightBitTable(
      root.has(data)
        ? lookupTable(root, descriptor, data, false)
        : segmentedTable(root, descriptor, segmented),
    ),
  );
  const out = new Uint8Array(indices.length * 3);
  for (const [c, table] of tables.entries()) {
    for (let n = 0; n < indices.length; n++) out[3 * n + c] = lookUp(table, indices[n]!);
  }
  return out;
}

/** Entries of 16 bits keep their upper byte; some writers put 8-bit entries into tables called 16-bit. */
function eightBitTable(table: LookupTable | null): LookupTable {
  if (!table) throw new PixelDataError('the colour palette is missing or cut off');
  const wide = table.values.some((value) => value > 255);
  return wide ? { ...table, values: table.values.map((value) => value >> 8) } : table;
}

/** Segments: 0 discrete values, 1 linear ramp to an end value, 2 repetition of earlier segments. */
function segmentedTable(root: Attributes, descriptor: string, data: string): LookupTable | null {
  const count = root.integer(descriptor, 0);
  const first = root.integer(descriptor, 1);
  const bits = root.integer(descriptor, 2);
  const bytes = root.bytes(data);
  if (count === null || first === null || bits === null || bytes.length === 0) return null;
  const words = Array.from({ length: bytes.length >> 1 }, (_, n) =>
    root.dataset.byteArrayParser.readUint16(bytes, 2 * n),
  );
  const values: number[] = [];
  expandSegments(words, values, 0, words.length, Infinity);
  const entries = count === 0 ? 65536 : count;
  if (values.length < entries) return null;
  return { first, bits, values: Uint16Array.from(values.slice(0, entries)) };
}

/** Expands at most `limit` segments from `at`; returns where it stopped. */
function expandSegments(
  words: number[],
  values: number[],
  at: number,
  end: number,
  limit: number,
): void {
  let position = at;
  for (let segment = 0; segment < limit && position + 1 < end; segment++) {
    const opcode = words[position]!;
    const length = words[position + 1]!;
    position += 2;
    if (opcode === 0) {
      values.push(...words.slice(position, position + length));
      position += length;
    } else if (opcode === 1) {
      const from = values.at(-1);
      const to = words[position++];
      if (from === undefined || to === undefined)
        throw new PixelDataError('the segmented palette is damaged');
      for (let n = 1; n <= length; n++) values.push(Math.round(from + ((to - from) * n) / length));
    } else if (opcode === 2) {
      const offset = (words[position]! | (words[position + 1]! << 16)) >>> 1;
      position += 2;
      if (offset >= position - 4) throw new PixelDataError('the segmented palette is damaged');
      expandSegments(words, values, offset, position - 4, length);
    } else throw new PixelDataError('the segmented palette is damaged');
  }
}
