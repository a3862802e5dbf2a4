import { closeSync, openSync, writeSync } from 'node:fs';
import type { FileRange, WeightsFile } from './types.ts';

/** onnxruntime maps files into memory; kernels want aligned numbers. */
const ALIGNMENT = 64;

type Values = Float32Array | Int8Array;

function weightsFile(
  location: string,
  write: (bytes: Uint8Array, at: number) => void,
): WeightsFile {
  const ranges = new Map<string, FileRange>();
  let end = 0;
  return {
    put(key, make) {
      const known = ranges.get(key);
      if (known) return known;
      const values: Values = make();
      const offset = Math.ceil(end / ALIGNMENT) * ALIGNMENT;
      write(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), offset);
      end = offset + values.byteLength;
      const range = { location, offset, length: values.byteLength };
      ranges.set(key, range);
      return range;
    },
  };
}

/**
 * A weights file on disk, named `location` in the model's folder and written at `path`. Throws what the file system
 * says; close it in any case.
 */
export function createWeightsFile(path: string, location: string): WeightsFile & { close(): void } {
  const file = openSync(path, 'w');
  const write = (bytes: Uint8Array, at: number) => {
    for (let done = 0; done < bytes.length;) {
      done += writeSync(file, bytes, done, bytes.length - done, at + done);
    }
  };
  return { ...weightsFile(location, write), close: () => closeSync(file) };
}
