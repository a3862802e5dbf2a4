import { createHash } from 'node:crypto';
import {
  createEmbeddingFiles,
  type EmbeddingFiles,
  type StoredEmbedding,
} from './embedding-files.ts';
import type { EngineSlice } from './messages.ts';

/** Embeddings by key, in memory first, then on disk. What is got is a fresh array: nobody can change what is kept. */
export interface Embeddings {
  has(key: string): boolean;
  get(key: string): Float32Array | null;
  /** Keeps the embedding and returns it as it will be got from now on (rounded to half precision). */
  put(key: string, embedding: Float32Array): Float32Array;
  /** As `put`, in memory only. */
  hold(key: string, embedding: Float32Array): Float32Array;
}

export interface EmbeddingLimits {
  folder: string | null;
  memoryBytes: number;
  diskBytes: number;
}

/** The identity of an embedding: weights, recipe, pixels and how they become greys. */
export function embeddingKey(modelSha256: string, recipe: string, slice: EngineSlice): string {
  const { pixelsSha256, widthPx, heightPx, channels, intensityRange, zeroStaysZero, flip } = slice;
  const identity = [
    modelSha256,
    recipe,
    pixelsSha256,
    widthPx,
    heightPx,
    channels,
    intensityRange,
    zeroStaysZero,
    flip,
  ];
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex');
}

export function createEmbeddings({ folder, memoryBytes, diskBytes }: EmbeddingLimits): Embeddings {
  /** Oldest use first. */
  const memory = new Map<string, StoredEmbedding>();
  let usedBytes = 0;
  let files: EmbeddingFiles | null = null;
  const onDisk = () => {
    if (folder !== null) files ??= createEmbeddingFiles(folder, diskBytes);
    return files;
  };

  function remember(key: string, embedding: StoredEmbedding): void {
    usedBytes -= memory.get(key)?.byteLength ?? 0;
    memory.delete(key);
    memory.set(key, embedding);
    usedBytes += embedding.byteLength;
    for (const [oldest, { byteLength }] of memory) {
      if (usedBytes <= memoryBytes || oldest === key) break;
      memory.delete(oldest);
      usedBytes -= byteLength;
    }
  }

  function stored(key: string): StoredEmbedding | null {
    const found = memory.get(key) ?? onDisk()?.read(key) ?? null;
    if (found) remember(key, found);
    return found;
  }

  // Rounded before the first box too, so that a box answers the same whether or not it came from the cache.
  function rounded(embedding: Float32Array): StoredEmbedding {
    const half = new Float16Array(embedding);
    return half.every(Number.isFinite) ? half : embedding.slice();
  }

  return {
    has: (key) => stored(key) !== null,
    get(key) {
      const found = stored(key);
      return found && new Float32Array(found);
    },
    put(key, embedding) {
      const kept = rounded(embedding);
      remember(key, kept);
      onDisk()?.write(key, kept);
      return new Float32Array(kept);
    },
    hold(key, embedding) {
      const kept = rounded(embedding);
      remember(key, kept);
      return new Float32Array(kept);
    },
  };
}
