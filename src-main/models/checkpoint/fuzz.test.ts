import { describe, expect, it } from 'vitest';
import { checkpointFile } from '../../../tests/support/checkpoint-files.ts';
import { memorySource } from './byte-source.ts';
import { checkWeights } from './check-weights.ts';
import { CheckpointError } from './checkpoint-error.ts';
import { readCheckpoint } from './read-checkpoint.ts';
import { recognise } from './recognise.ts';

const FILES = 12_000;
const bases = [
  'plain.pth',
  'protocol-4.pth',
  'training.pth',
  'module-prefix.pth',
  'hostile.pth',
  'cuda.pth',
];

/** Whole numbers below a limit, the same in every run (mulberry32). */
function dice(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let hash = Math.imul(state ^ (state >>> 15), state | 1);
    hash ^= hash + Math.imul(hash ^ (hash >>> 7), hash | 61);
    return Math.floor((((hash ^ (hash >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}

/** Numbers that break what trusts a length. */
const extremes = [0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0xffffffff];

/** Changes the description inside the archive and leaves the archive whole. */
function mutatedPickle(whole: Uint8Array, roll: (limit: number) => number): Uint8Array {
  const bytes = whole.slice();
  // It is the first entry: after its header, up to the header of the next one.
  const start = 64;
  const end = Buffer.from(bytes).indexOf('PK', start);
  for (let change = roll(4); change >= 0; change -= 1) {
    const at = start + roll(end - start - 4);
    const from = start + roll(end - start - 16);
    if (roll(3) > 0) bytes[at] = bytes[from]!;
    else if (roll(2) > 0) bytes.copyWithin(at, from, Math.min(from + roll(16), end));
    else new DataView(bytes.buffer).setUint32(at, extremes[roll(extremes.length)]!, true);
  }
  return bytes;
}

/** A file with one to eight changes of the kinds that damage, carelessness and malice make. */
function mutated(whole: Uint8Array, roll: (limit: number) => number): Uint8Array {
  if (roll(2) === 0) return mutatedPickle(whole, roll);
  let bytes = whole.slice();
  for (let change = roll(8); change >= 0; change -= 1) {
    const at = roll(bytes.length);
    switch (roll(7)) {
      case 0:
        bytes[at]! ^= 1 << roll(8);
        break;
      case 1:
        bytes[at] = roll(256);
        break;
      case 2:
        bytes = bytes.slice(0, Math.max(30, at));
        break;
      case 3:
        bytes.fill(roll(256), at, at + roll(64));
        break;
      case 4:
        bytes.copyWithin(at, roll(bytes.length), roll(bytes.length));
        break;
      case 5:
        if (at + 4 <= bytes.length)
          new DataView(bytes.buffer).setUint32(at, extremes[roll(extremes.length)]!, true);
        break;
      default: {
        const inserted = Uint8Array.from({ length: 1 + roll(32) }, () => roll(256));
        bytes = Uint8Array.of(...bytes.subarray(0, at), ...inserted, ...bytes.subarray(at));
      }
    }
  }
  return bytes;
}

/** Reads as far as an import does. */
async function readAll(bytes: Uint8Array): Promise<string> {
  try {
    const source = memorySource(bytes);
    const checkpoint = await readCheckpoint(source);
    const elements = [...checkpoint.tensors.values()].map(({ dims }) =>
      dims.reduce((a, b) => a * b, 1),
    );
    // Which shapes are right is known before values are read; here only the small ones are.
    if (elements.every((count) => count < 1e5)) checkWeights(source, checkpoint);
    recognise(checkpoint);
    return 'read';
  } catch (error) {
    if (error instanceof CheckpointError) return error.error.code;
    throw error;
  }
}

describe('damaged and hostile checkpoints', () => {
  it(
    `are refused with a reason, quickly and in little memory: ${FILES} mutated files`,
    { timeout: 300_000 },
    async () => {
      const outcomes = new Map<string, number>();
      const files = bases.map(checkpointFile);
      let slowestMs = 0;
      let mostBytes = 0;
      const before = process.memoryUsage();
      for (let seed = 1; seed <= FILES; seed += 1) {
        const roll = dice(seed);
        const bytes = mutated(files[roll(files.length)]!, roll);
        const start = performance.now();
        const outcome = await readAll(bytes).catch((error: unknown) => {
          throw new Error(`The file of seed ${seed} made the reader fail.`, { cause: error });
        });
        slowestMs = Math.max(slowestMs, performance.now() - start);
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        if (seed % 500 === 0) {
          const { heapUsed, arrayBuffers } = process.memoryUsage();
          mostBytes = Math.max(
            mostBytes,
            heapUsed + arrayBuffers - before.heapUsed - before.arrayBuffers,
          );
        }
      }
      const table = [...outcomes].sort((a, b) => b[1] - a[1]);
      console.log(
        `slowest ${slowestMs.toFixed(0)} ms, memory +${(mostBytes / 1024 ** 2).toFixed(0)} MiB`,
        table,
      );
      // A hang or a runaway is what these limits find; they leave room for a busy machine.
      expect(slowestMs).toBeLessThan(5000);
      expect(mostBytes).toBeLessThan(400 * 1024 ** 2);
      // The mutations reach every part of the reader.
      for (const code of [
        'checkpoint-damaged',
        'checkpoint-cut-off',
        'checkpoint-forbidden',
        'checkpoint-unknown-model',
      ]) {
        expect(outcomes.get(code), code).toBeGreaterThan(50);
      }
    },
  );
});
