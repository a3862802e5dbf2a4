import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../tests/support/inference.ts';
import { createEmbeddings, embeddingKey } from './embeddings.ts';
import type { EngineSlice } from './messages.ts';

const KB = 1024;
const embedding = (seed: number) =>
  Float32Array.from({ length: KB / 2 }, (_, at) => Math.sin(at * seed) * 3);

describe('embeddings', () => {
  it('are the same from the encoder, from memory and from disk', () => {
    const folder = temporaryFolder();
    const limits = { folder, memoryBytes: 1e6, diskBytes: 1e6 };
    const first = createEmbeddings(limits);
    const given = first.put('a', embedding(1), null);
    given.forEach((value, at) => expect(Math.abs(value - embedding(1)[at]!)).toBeLessThan(0.002));
    const got = first.get('a')!;
    expect(got).toEqual(given);
    got.fill(0);
    expect(first.get('a')).toEqual(given);
    expect(createEmbeddings(limits).get('a')).toEqual(given);
  });

  it('leave memory when it is full, unused ones first, and come back from disk', () => {
    const inMemory = createEmbeddings({ folder: null, memoryBytes: 2 * KB, diskBytes: 0 });
    for (const key of ['a', 'b']) inMemory.put(key, embedding(2), null);
    inMemory.get('a');
    inMemory.put('c', embedding(3), null);
    expect(['a', 'b', 'c'].map((key) => inMemory.has(key))).toEqual([true, false, true]);

    const onDisk = createEmbeddings({ folder: temporaryFolder(), memoryBytes: 0, diskBytes: 1e6 });
    for (const key of ['a', 'b', 'c']) onDisk.put(key, embedding(2), null);
    expect(['a', 'b', 'c'].map((key) => onDisk.has(key))).toEqual([true, true, true]);
  });

  it('keep values beyond half precision as they are', () => {
    const cache = createEmbeddings({ folder: temporaryFolder(), memoryBytes: 0, diskBytes: 1e6 });
    const large = Float32Array.of(1e6, 0.1);
    expect(cache.put('large', large, null)).toEqual(large);
    expect(cache.get('large')).toEqual(large);
  });

  it('of a draft stay in memory', () => {
    const limits = { folder: temporaryFolder(), memoryBytes: 1e6, diskBytes: 1e6 };
    const cache = createEmbeddings(limits);
    const held = cache.hold('draft', embedding(1));
    expect(cache.get('draft')).toEqual(held);
    expect(createEmbeddings(limits).get('draft')).toBeNull();
  });

  it('have a key that changes with all that changes them', () => {
    const slice: EngineSlice = {
      pixelsSha256: 'p',
      seriesId: null,
      data: null,
      widthPx: 4,
      heightPx: 6,
      channels: 1,
      intensityRange: [0, 255],
      zeroStaysZero: false,
      flip: { x: false, y: false },
    };
    const changes: Partial<EngineSlice>[] = [
      {},
      { pixelsSha256: 'q' },
      { widthPx: 6, heightPx: 4 },
      { intensityRange: [0, 256] },
      { zeroStaysZero: true },
      { flip: { x: true, y: false } },
    ];
    const keys = changes.map((change) => embeddingKey('model', 'recipe', { ...slice, ...change }));
    keys.push(embeddingKey('other', 'recipe', slice), embeddingKey('model', 'other', slice));
    expect(new Set(keys).size).toBe(keys.length);
    expect(embeddingKey('model', 'recipe', { ...slice, data: new Uint8Array(24) })).toBe(keys[0]);
  });
});
