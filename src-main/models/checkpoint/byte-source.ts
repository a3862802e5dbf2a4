import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Random access to the bytes of a file (or of memory, in tests). Reading past the end gives fewer bytes. */
export interface ByteSource {
  readonly sizeBytes: number;
  read(offset: number, length: number): Uint8Array;
  close(): void;
}

/** @throws the file system's error when the file cannot be opened. */
export function fileSource(path: string): ByteSource {
  const descriptor = openSync(path, 'r');
  return {
    sizeBytes: fstatSync(descriptor).size,
    read(offset, length) {
      const bytes = new Uint8Array(length);
      let filled = 0;
      while (filled < length) {
        const count = readSync(descriptor, bytes, filled, length - filled, offset + filled);
        if (count === 0) break;
        filled += count;
      }
      return filled === length ? bytes : bytes.subarray(0, filled);
    },
    close: () => closeSync(descriptor),
  };
}

export const memorySource = (bytes: Uint8Array): ByteSource => ({
  sizeBytes: bytes.length,
  read: (offset, length) => bytes.slice(offset, offset + length),
  close: () => undefined,
});
