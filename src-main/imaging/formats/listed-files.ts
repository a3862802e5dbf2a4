import { open, stat } from 'node:fs/promises';
import { RefusedInput } from '../refused-input.ts';
import type { InputFile } from '../types.ts';
import { companionOf } from './companions.ts';
import type { VoxelPart } from './raw-image.ts';

/** Data files named one per line. @throws RefusedInput */
export async function listedFiles(header: InputFile, names: string[]): Promise<InputFile[]> {
  if (names.length === 0) throw new RefusedInput('missing-companion-file', { file: 'LIST' });
  const files: InputFile[] = [];
  for (const name of names) files.push(await companionOf(header, name));
  return files;
}

/** Data files by pattern: `slice%03d.raw 1 20 1` (first, last, step). @throws RefusedInput */
export async function numberedFiles(header: InputFile, pattern: string): Promise<InputFile[]> {
  const match = /^(.*%0?(\d*)d\S*)\s+(-?\d+)\s+(-?\d+)(?:\s+(-?\d+))?/.exec(pattern);
  const step = Number(match?.[5] ?? 1);
  if (!match || step === 0) throw new RefusedInput('missing-companion-file', { file: pattern });
  const [template, width, first, last] = [
    match[1]!,
    Number(match[2]),
    Number(match[3]),
    Number(match[4]),
  ];
  const names: string[] = [];
  for (let n = first; step > 0 ? n <= last : n >= last; n += step) {
    names.push(template.replace(/%0?\d*d/, String(n).padStart(width, '0')));
  }
  return listedFiles(header, names);
}

/** The voxel bytes spread evenly over the files, each with the same leading bytes to skip. */
export async function partsOfFiles(
  files: InputFile[],
  layout: {
    /** Of all files together. */
    byteLength: number;
    start: number;
    lineSkip: number;
    /** −1: the data are at the end of each file. */
    byteSkip: number;
    compression: VoxelPart['compression'];
  },
): Promise<VoxelPart[]> {
  const byteLength = layout.byteLength / files.length;
  if (!Number.isInteger(byteLength)) {
    throw new RefusedInput('broken-image', { reason: `${files.length} data files` });
  }
  const parts: VoxelPart[] = [];
  for (const file of files) {
    const start = layout.lineSkip > 0 ? await offsetOfLine(file, layout) : layout.start;
    const packed = layout.compression !== 'none';
    parts.push({
      file,
      fileOffset:
        layout.byteSkip < 0 && !packed
          ? Math.max(start, (await stat(file.path)).size - byteLength)
          : packed
            ? start
            : start + Math.max(0, layout.byteSkip),
      compression: layout.compression,
      skipBytes: packed ? Math.max(0, layout.byteSkip) : 0,
      byteLength,
    });
  }
  return parts;
}

async function offsetOfLine(
  file: InputFile,
  { start, lineSkip }: { start: number; lineSkip: number },
) {
  const handle = await open(file.path, 'r');
  try {
    const buffer = Buffer.alloc(2 ** 20);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, start);
    let at = 0;
    for (let line = 0; line < lineSkip; line++) {
      const end = buffer.subarray(0, bytesRead).indexOf(10, at);
      if (end < 0)
        throw new RefusedInput('truncated-pixel-data', {
          expected: `${lineSkip} lines`,
          present: line,
        });
      at = end + 1;
    }
    return start + at;
  } finally {
    await handle.close();
  }
}
