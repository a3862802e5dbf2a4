import { framesOfFragments, type Fragment } from './fragments.ts';
import type { PixelLayout } from './header-types.ts';
import type { ParsedDataset } from './parse.ts';
import { nativeFrameBytes } from './pixel-data-check.ts';

/** Thrown where the bytes of a file do not hold what its header says; the message is for the log and the person. */
export class PixelDataError extends Error {}

/** Access to the stored bytes of the frames of one file. */
export interface FrameBytes {
  /** Bytes of one frame: uncompressed, or the whole codestream. */
  frame(index: number): Uint8Array;
}

export async function frameBytes(parsed: ParsedDataset, layout: PixelLayout): Promise<FrameBytes> {
  const element = parsed.attributes.element('7fe00010');
  if (!element) throw new PixelDataError('no pixel data');
  const { bytes } = parsed;
  if (!element.hadUndefinedLength) {
    const size = nativeFrameBytes(layout);
    const available = Math.min(element.length, bytes.length - element.dataOffset);
    return {
      frame(index) {
        if ((index + 1) * size > available)
          throw new PixelDataError(`frame ${index + 1} is cut off`);
        const start = element.dataOffset + index * size;
        return bytes.subarray(start, start + size);
      },
    };
  }
  const { fragments, offsetTable } = readFragments(bytes, element.dataOffset);
  const frames = await framesOfFragments(fragments, offsetTable, layout.frameCount, (f) =>
    bytes.subarray(f.offset, f.offset + Math.min(f.length, 12)),
  );
  if (!frames) throw new PixelDataError('frames are missing');
  return {
    frame(index) {
      const parts = frames[index];
      if (!parts) throw new PixelDataError(`frame ${index + 1} is missing`);
      const pieces = parts.map((f) => bytes.subarray(f.offset, f.offset + f.length));
      return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
    },
  };
}

function readFragments(
  bytes: Uint8Array,
  start: number,
): { fragments: Fragment[]; offsetTable: Uint8Array } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const items: Fragment[] = [];
  let position = start;
  while (position + 8 <= bytes.length && view.getUint32(position, true) === 0xe000fffe) {
    const length = view.getUint32(position + 4, true);
    if (position + 8 + length > bytes.length) throw new PixelDataError('a fragment is cut off');
    items.push({ offset: position + 8, length });
    position += 8 + length;
  }
  const [table, ...fragments] = items;
  return {
    fragments,
    offsetTable: table
      ? bytes.subarray(table.offset, table.offset + table.length)
      : new Uint8Array(0),
  };
}
