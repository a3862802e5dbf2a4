import { open, stat, type FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { DataType } from '../../src-shared/contract/series.ts';
import type { Voxels } from '../imaging/types.ts';

const chunkBytes = 4 * 1024 ** 2;

export const bytesPerValue: Record<DataType, 1 | 2 | 4> = {
  uint8: 1,
  int16: 2,
  uint16: 2,
  float32: 4,
};

/** A typed view of the given bytes. */
export function asVoxels(dataType: DataType, buffer: ArrayBuffer): Voxels {
  switch (dataType) {
    case 'uint8':
      return new Uint8Array(buffer);
    case 'int16':
      return new Int16Array(buffer);
    case 'uint16':
      return new Uint16Array(buffer);
    case 'float32':
      return new Float32Array(buffer);
  }
}

/** Writes voxels as they are (little-endian) and brings them to the disk; returns size and CRC-32. */
export async function writeVolumeFile(
  path: string,
  voxels: Voxels,
  signal?: AbortSignal,
): Promise<{ bytes: number; crc32: number }> {
  const content = new Uint8Array(voxels.buffer, voxels.byteOffset, voxels.byteLength);
  const handle = await open(path, 'w');
  let checksum = 0;
  try {
    for (let start = 0; start < content.length; start += chunkBytes) {
      signal?.throwIfAborted();
      const chunk = content.subarray(start, start + chunkBytes);
      const written = writeAll(handle, chunk);
      checksum = crc32(chunk, checksum);
      await written;
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { bytes: content.length, crc32: checksum };
}

async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let done = 0; done < chunk.length;) {
    done += (await handle.write(chunk, done, chunk.length - done)).bytesWritten;
  }
}

/** Reads `length` bytes from `position`; a file that ends too early is an error, never zeros. */
export async function readBytes(
  path: string,
  position: number,
  length: number,
): Promise<ArrayBuffer> {
  const handle = await open(path, 'r');
  try {
    const buffer = new ArrayBuffer(length);
    await readInto(handle, new Uint8Array(buffer), position);
    return buffer;
  } finally {
    await handle.close();
  }
}

/** Fills `target` from `position` of an open file. */
export async function readInto(
  handle: FileHandle,
  target: Uint8Array,
  position: number,
): Promise<void> {
  let done = 0;
  while (done < target.length) {
    const wanted = Math.min(64 * 1024 ** 2, target.length - done);
    const { bytesRead } = await handle.read(target, done, wanted, position + done);
    if (bytesRead === 0) throw new Error('The volume file ends too early');
    done += bytesRead;
  }
}

/** Whether the file is there with exactly this size. */
export async function hasSize(path: string, bytes: number): Promise<boolean> {
  return (await stat(path).catch(() => null))?.size === bytes;
}
