import { buffer } from 'node:stream/consumers';
import { openPromise } from 'yauzl';

export interface ReadArray {
  type: string;
  shape: number[];
  values: number[];
}

/** Reads an npz file after numpy's description of the format, apart from the code that writes it. */
export async function readNpz(path: string): Promise<Record<string, ReadArray>> {
  const zip = await openPromise(path, { lazyEntries: true });
  const arrays: Record<string, ReadArray> = {};
  for await (const entry of zip.eachEntry()) {
    const bytes = await buffer(await zip.openReadStreamPromise(entry));
    arrays[entry.fileName.replace(/\.npy$/, '')] = readNpy(bytes);
  }
  return arrays;
}

function readNpy(bytes: Buffer): ReadArray {
  if (bytes.toString('latin1', 0, 8) !== '\x93NUMPY\x01\x00') throw new Error('not a npy file');
  const start = 10 + bytes.readUInt16LE(8);
  if (start % 64 !== 0) throw new Error('values do not begin at a multiple of 64');
  const header = bytes.toString('latin1', 10, start);
  const match = /^\{'descr': '(.+)', 'fortran_order': False, 'shape': \((.*)\), \} *\n$/.exec(
    header,
  );
  if (!match) throw new Error(`unknown header ${header}`);
  const shape = match[2]!.split(',').filter((part) => part.trim() !== '').map(Number); // prettier-ignore
  const count = shape.reduce((a, b) => a * b, 1);
  const [read, width] = readers[match[1]!]!;
  if (bytes.length !== start + count * width) throw new Error('wrong length');
  const values = Array.from({ length: count }, (_, n) => read(bytes, start + n * width));
  return { type: match[1]!, shape, values };
}

const readers: Record<string, [(bytes: Buffer, at: number) => number, number]> = {
  '|u1': [(bytes, at) => bytes.readUInt8(at), 1],
  '|b1': [(bytes, at) => bytes.readUInt8(at), 1],
  '<i4': [(bytes, at) => bytes.readInt32LE(at), 4],
  '<f8': [(bytes, at) => bytes.readDoubleLE(at), 8],
};
