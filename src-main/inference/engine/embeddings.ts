import { createHash } from 'node:crypto';
import {
  openEmbeddingStore,
  type EmbeddingStore,
  type StoredEmbedding,
} from './embedding-store.ts';
import type { EngineSlice } from './messages.ts';

/** Embeddings by key, in memory first, then on disk. What is got is a fresh array: nobody can change what is kept. */
export interface Embeddings {
  has(key: string): boolean;
  get(key: string): Float32Array | null;
  /**
   * Keeps the embedding, on disk as that of a slice of `seriesId`, and returns it as it will be got from now on
   * (rounded to half precision).
   */
  put(key: string, embedding: Float32Array, seriesId: string | null): Float32Array;
  /** As `put`, in memory only. */
  hold(key: string, embedding: Float32Array): Float32Array;
  /** What is kept on disk is cut down to the limit at once. */
  setDiskLimit(bytes: number): void;
  close(): void;
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

/** Looks at the exponents, in which infinity and NaN are all ones: some ten times as fast as a look at the values. */
function allFinite(half: Float16Array): boolean {
  for (const bits of new Uint16Array(half.buffer)) if ((bits & 0x7c00) === 0x7c00) return false;
  return true;
}

export function createEmbeddings({ folder, memoryBytes, ...limits }: EmbeddingLimits): Embeddings {
  let { diskBytes } = limits;
  /** Oldest use first. */
  const memory = new Map<string, StoredEmbedding>();
  let usedBytes = 0;
  let store: EmbeddingStore | null = null;
  const onDisk = () => {
    if (folder !== null) store ??= openEmbeddingStore(folder, diskBytes);
    return store;
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
    return allFinite(half) ? half : embedding.slice();
  }

  return {
    has: (key) => stored(key) !== null,
    get(key) {
      const found = stored(key);
      return found && new Float32Array(found);
    },
    put(key, embedding, seriesId) {
      const kept = rounded(embedding);
      remember(key, kept);
      onDisk()?.write(key, kept, seriesId);
      return new Float32Array(kept);
    },
    hold(key, embedding) {
      const kept = rounded(embedding);
      remember(key, kept);
      return new Float32Array(kept);
    },
    setDiskLimit(bytes) {
      diskBytes = bytes;
      store?.setLimit(bytes);
    },
    close: () => store?.close(),
  };
}
