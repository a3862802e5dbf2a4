import {
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

/** An embedding as it is kept: half precision, or single where half cannot hold it. */
export type StoredEmbedding = Float16Array | Float32Array;

export interface EmbeddingFiles {
  /** Null when there is none or the file is damaged (which is then removed). */
  read(key: string): StoredEmbedding | null;
  /** Keeps an embedding and removes those unused for longest while all take more than the limit. */
  write(key: string, embedding: StoredEmbedding): void;
}

const MAGIC = 0x31424d45; // "EMB1"
const HEADER_BYTES = 16;
const SUFFIX = '.embedding';

/**
 * One file per embedding, named by its key (hexadecimal). Files come into being by renaming, so that an end of the
 * process at any moment leaves whole files only; a checksum finds those that a disk damaged.
 */
export function createEmbeddingFiles(folder: string, limitBytes: number): EmbeddingFiles {
  mkdirSync(folder, { recursive: true });
  /** Oldest use first. */
  const sizes = new Map<string, number>();
  let totalBytes = 0;
  const listed = readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (!name.endsWith(SUFFIX)) {
      rmSync(path, { force: true, recursive: true });
      return [];
    }
    const { size, mtimeMs } = statSync(path);
    return [{ key: name.slice(0, -SUFFIX.length), size, mtimeMs }];
  });
  for (const { key, size } of listed.sort((a, b) => a.mtimeMs - b.mtimeMs)) {
    sizes.set(key, size);
    totalBytes += size;
  }
  const pathOf = (key: string) => join(folder, key + SUFFIX);

  function forget(key: string): void {
    totalBytes -= sizes.get(key) ?? 0;
    sizes.delete(key);
    rmSync(pathOf(key), { force: true });
  }

  return {
    read(key) {
      const size = sizes.get(key);
      if (size === undefined) return null;
      const embedding = readEmbedding(pathOf(key));
      if (!embedding) {
        forget(key);
        return null;
      }
      sizes.delete(key);
      sizes.set(key, size);
      const now = new Date();
      utimesSync(pathOf(key), now, now);
      return embedding;
    },
    write(key, embedding) {
      const size = HEADER_BYTES + embedding.byteLength;
      if (sizes.has(key) || size > limitBytes) return;
      for (const oldest of sizes.keys()) {
        if (totalBytes + size <= limitBytes) break;
        forget(oldest);
      }
      const temporary = `${pathOf(key)}.part`;
      try {
        writeFileSync(temporary, serialised(embedding));
        renameSync(temporary, pathOf(key));
      } catch {
        // A full disk costs the cache, not the mask.
        rmSync(temporary, { force: true });
        return;
      }
      sizes.set(key, size);
      totalBytes += size;
    },
  };
}

function serialised(embedding: StoredEmbedding): Buffer {
  const payload = Buffer.from(embedding.buffer, embedding.byteOffset, embedding.byteLength);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(MAGIC, 0);
  header.writeUInt32LE(embedding instanceof Float32Array ? 4 : 2, 4);
  header.writeUInt32LE(embedding.byteLength, 8);
  header.writeUInt32LE(crc32(payload), 12);
  return Buffer.concat([header, payload]);
}

function readEmbedding(path: string): StoredEmbedding | null {
  let file: Buffer;
  try {
    file = readFileSync(path);
  } catch {
    return null;
  }
  if (file.length < HEADER_BYTES || file.readUInt32LE(0) !== MAGIC) return null;
  const width = file.readUInt32LE(4);
  const payload = new Uint8Array(file.subarray(HEADER_BYTES));
  if (file.readUInt32LE(8) !== payload.length || file.readUInt32LE(12) !== crc32(payload))
    return null;
  if (payload.length % width !== 0) return null;
  return width === 4 ? new Float32Array(payload.buffer) : new Float16Array(payload.buffer);
}
