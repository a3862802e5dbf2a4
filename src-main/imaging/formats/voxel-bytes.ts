import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { createGunzip, createInflate } from 'node:zlib';
import { RefusedInput } from '../refused-input.ts';
import type { VoxelPart } from './raw-image.ts';

/** Decompressed bytes that may follow the voxels (extensions, padding) before a file is called broken. */
const trailingBytesAllowed = 64 * 2 ** 20;

/**
 * Makes sure that every byte of the voxels is there: by file size, or for compressed data by
 * decompressing to the end, which checks the checksum too.
 * @throws RefusedInput
 */
export async function checkVoxelBytes(parts: VoxelPart[], signal?: AbortSignal): Promise<void> {
  for (const part of parts) {
    if (part.compression === 'none') {
      const { size } = await stat(part.file.path);
      const from = part.fileOffset < 0 ? 0 : part.fileOffset;
      requireBytes(size - from, part.byteLength);
    } else {
      let total = 0;
      for await (const chunk of decompressed(part, signal)) {
        total += chunk.length;
        if (total > part.skipBytes + part.byteLength + trailingBytesAllowed) {
          throw new RefusedInput('broken-image', { reason: 'more data than the header declares' });
        }
      }
      requireBytes(total - part.skipBytes, part.byteLength);
    }
  }
}

/**
 * `length` voxel bytes from position `start` of all parts laid end to end.
 * @throws RefusedInput when the file ends too early
 */
export async function readVoxelBytes(
  parts: VoxelPart[],
  start: number,
  length: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let partStart = 0;
  let filled = 0;
  for (const part of parts) {
    const from = Math.max(0, start - partStart);
    const to = Math.min(part.byteLength, start + length - partStart);
    partStart += part.byteLength;
    if (from >= to) continue;
    const target = bytes.subarray(filled, filled + to - from);
    if (part.compression === 'none') await readPlain(part, from, target, signal);
    else await readCompressed(part, from, target, signal);
    filled += target.length;
  }
  requireBytes(filled, length);
  return bytes;
}

async function readPlain(part: VoxelPart, from: number, target: Uint8Array, signal?: AbortSignal) {
  const file = await open(part.file.path, 'r');
  try {
    const chunk = 32 * 2 ** 20;
    for (let done = 0; done < target.length;) {
      signal?.throwIfAborted();
      const wanted = Math.min(chunk, target.length - done);
      const { bytesRead } = await file.read(target, done, wanted, part.fileOffset + from + done);
      if (bytesRead === 0) requireBytes(done, target.length);
      done += bytesRead;
    }
  } finally {
    await file.close();
  }
}

async function readCompressed(
  part: VoxelPart,
  from: number,
  target: Uint8Array,
  signal?: AbortSignal,
) {
  let at = -(part.skipBytes + from);
  for await (const chunk of decompressed(part, signal)) {
    const head = Math.max(0, -at);
    const tail = Math.min(chunk.length, target.length - at);
    if (tail > head) target.set(chunk.subarray(head, tail), at + head);
    at += chunk.length;
    if (at >= target.length) return;
  }
  requireBytes(Math.max(0, at), target.length);
}

async function* decompressed(part: VoxelPart, signal?: AbortSignal): AsyncGenerator<Buffer> {
  const source = createReadStream(part.file.path, {
    start: part.fileOffset,
    highWaterMark: 2 ** 20,
  });
  const options = { chunkSize: 2 ** 20 };
  const inflate = part.compression === 'gzip' ? createGunzip(options) : createInflate(options);
  source.on('error', (error) => inflate.destroy(error));
  source.pipe(inflate);
  let inflated = 0;
  try {
    for await (const chunk of inflate as AsyncIterable<Buffer>) {
      signal?.throwIfAborted();
      inflated += chunk.length;
      yield chunk;
    }
  } catch (error) {
    signal?.throwIfAborted();
    if ((error as NodeJS.ErrnoException).code === 'Z_BUF_ERROR') {
      throw new RefusedInput('truncated-pixel-data', {
        expected: 'more bytes',
        present: `${inflated} bytes`,
      });
    }
    throw new RefusedInput('broken-image', { reason: (error as Error).message });
  } finally {
    source.destroy();
    inflate.destroy();
  }
}

function requireBytes(present: number, expected: number): void {
  if (present >= expected) return;
  throw new RefusedInput('truncated-pixel-data', {
    expected: `${expected} bytes`,
    present: `${Math.max(0, present)} bytes`,
  });
}
