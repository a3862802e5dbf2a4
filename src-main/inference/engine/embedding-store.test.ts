import {
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../../../tests/support/inference.ts';
import { openEmbeddingStore } from './embedding-store.ts';

const PAGE = 65536;
/** Of one page on disk. */
const embedding = (seed: number) =>
  Float16Array.from({ length: 1000 }, (_, at) => Math.sin(at * seed) * 3);

function opened(folder: string, limitBytes: number) {
  const store = openEmbeddingStore(folder, limitBytes);
  onTestFinished(() => store.close());
  return store;
}
const file = (folder: string) => join(folder, 'embeddings.sqlite');

describe('the embedding store', () => {
  it('gives back what it was given, in half and in single precision, after a restart too', () => {
    const folder = temporaryFolder();
    const single = Float32Array.of(1e6, -0.1);
    const first = opened(folder, 10 * PAGE);
    first.write('half', embedding(1), null);
    first.write('single', single, null);
    expect(first.read('half')).toEqual(embedding(1));
    // The process may end without a word.
    const again = opened(folder, 10 * PAGE);
    expect(again.read('half')).toEqual(embedding(1));
    expect(again.read('single')).toEqual(single);
    expect(again.read('none')).toBeNull();
  });

  it('stays within the limit, and those unused for longest go', () => {
    const folder = temporaryFolder();
    const store = opened(folder, 3 * PAGE);
    const keys = ['a', 'b', 'c', 'd'];
    for (const key of keys.slice(0, 3)) store.write(key, embedding(1), null);
    store.read('a');
    store.write('d', embedding(2), null);
    const kept = (from: typeof store) => keys.filter((key) => from.read(key));
    expect(kept(store)).toEqual(['a', 'c', 'd']);
    // Uses count over a restart.
    store.read('a');
    store.close();
    const again = opened(folder, 3 * PAGE);
    again.write('e', embedding(3), null);
    expect(kept(again)).toEqual(['a', 'd']);
    again.write('far too large', new Float16Array(4 * PAGE), null);
    expect(kept(again)).toEqual(['a', 'd']);
  });

  it('gives the disk back when the limit is lowered', () => {
    const folder = temporaryFolder();
    const store = opened(folder, 100 * PAGE);
    for (let at = 0; at < 50; at += 1) store.write(String(at), embedding(at), null);
    store.setLimit(5 * PAGE);
    expect(
      Array.from({ length: 50 }, (_, at) => store.read(String(at))).filter(Boolean),
    ).toHaveLength(5);
    store.close();
    expect(statSync(file(folder)).size).toBeLessThan(15 * PAGE);
  });

  it('is shared by two processes, each of which sees what the other keeps', () => {
    const folder = temporaryFolder();
    const [one, other] = [opened(folder, 10 * PAGE), opened(folder, 10 * PAGE)];
    one.write('a', embedding(1), null);
    other.write('b', embedding(2), null);
    expect(other.read('a')).toEqual(embedding(1));
    expect(one.read('b')).toEqual(embedding(2));
  });

  it('gives nothing that its disk changed', () => {
    const folder = temporaryFolder();
    const store = opened(folder, 10 * PAGE);
    store.write('a', embedding(1), null);
    store.write('b', embedding(2), null);
    const db = new Database(file(folder));
    db.prepare('UPDATE data SET embedding = zeroblob(2000) WHERE id = 1').run();
    db.close();
    expect([store.read('a'), store.read('b')]).toEqual([null, embedding(2)]);
    store.write('a', embedding(3), null);
    expect(store.read('a')).toEqual(embedding(3));
  });

  it.each([
    ['is no database', (path: string) => writeFileSync(path, 'not a database '.repeat(10_000))],
    ['was cut', (path: string) => truncateSync(path, PAGE + 1000)],
    ['is empty', (path: string) => writeFileSync(path, '')],
    [
      'is another database',
      (path: string) => {
        writeFileSync(path, '');
        const db = new Database(path);
        db.exec('CREATE TABLE notes (text); PRAGMA user_version = 7');
        db.close();
      },
    ],
    [
      'lost its tables',
      (path: string) => {
        const db = new Database(path);
        db.exec('DROP TABLE data');
        db.close();
      },
    ],
  ])('begins anew where its file %s', (_, spoil) => {
    const folder = temporaryFolder();
    const before = opened(folder, 10 * PAGE);
    for (const key of ['a', 'b', 'c']) before.write(key, embedding(1), null);
    before.close();
    spoil(file(folder));
    const store = opened(folder, 10 * PAGE);
    for (const key of ['a', 'b', 'c']) expect(() => store.read(key)).not.toThrow();
    store.write('d', embedding(4), null);
    store.write('e', embedding(5), null);
    expect(store.read('e')).toEqual(embedding(5));
  });

  it('costs nothing but itself where the folder cannot be used, and clears what is not its own', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'file'), '');
    const store = opened(join(folder, 'file'), 10 * PAGE);
    store.write('a', embedding(1), null);
    expect(store.read('a')).toBeNull();

    writeFileSync(join(folder, '0123.embedding'), 'of an earlier version');
    opened(folder, 10 * PAGE);
    expect(existsSync(join(folder, '0123.embedding'))).toBe(false);
    expect(readdirSync(folder)).toContain('embeddings.sqlite');
  });
});

describe('what is kept of a removed series', () => {
  /** Of 40 pages, so that it lies on pages of its own and in part beside others. */
  const large = (seed: number) => new Float16Array(40 * (PAGE / 2) + 900).fill(seed + 0.376);
  /** Whether 16 values of it in a row, from anywhere on, lie anywhere in the folder. */
  const isReadable = (folder: string, embedding: Float16Array) =>
    readdirSync(folder).some((name) =>
      readFileSync(join(folder, name)).includes(Buffer.from(embedding.slice(0, 16).buffer)),
    );
  const eraseAll = (store: ReturnType<typeof opened>) => {
    let step = store.eraseSome();
    while (step === 'more') step = store.eraseSome();
    return step;
  };

  it('is not to be found in any file, while another process has them open, and the rest stays', () => {
    const folder = temporaryFolder();
    const engine = opened(folder, 1000 * PAGE);
    for (let at = 0; at < 6; at += 1)
      engine.write(`${at}`, large(at + 1), at % 2 ? 'removed' : 'stays');
    engine.write('small', embedding(5), 'removed');
    engine.read('1');
    expect(isReadable(folder, large(2))).toBe(true);

    const main = opened(folder, Infinity);
    expect(main.seriesIds()!.toSorted()).toEqual(['removed', 'stays']);
    expect(main.forget(['removed'])).toBe(true);
    expect(eraseAll(main)).toBe('done');
    expect([2, 4, 6].map((seed) => isReadable(folder, large(seed)))).toEqual([false, false, false]);
    expect(isReadable(folder, embedding(5))).toBe(false);
    expect(main.seriesIds()).toEqual(['stays']);
    expect([0, 2, 4].map((at) => engine.read(`${at}`))).toEqual([1, 3, 5].map(large));
    expect(engine.read('1')).toBeNull();
    // Three of 41 pages, and some for tables.
    expect(statSync(file(folder)).size).toBeLessThan(140 * PAGE);
  });

  it('goes too where it left the cache before, for want of room', () => {
    const folder = temporaryFolder();
    const store = opened(folder, 60 * PAGE);
    store.write('a', large(1), 'removed');
    store.write('b', large(2), 'removed');
    store.forget(['removed']);
    expect(eraseAll(store)).toBe('done');
    expect([1, 2].map((seed) => isReadable(folder, large(seed)))).toEqual([false, false]);
  });

  it('is not kept again by a process that was still at it', () => {
    const folder = temporaryFolder();
    const [engine, main] = [opened(folder, 1000 * PAGE), opened(folder, Infinity)];
    main.forget(['removed']);
    engine.write('late', large(1), 'removed');
    engine.write('other', large(2), null);
    expect([engine.read('late'), engine.read('other')]).toEqual([null, large(2)]);
  });

  it('waits for a process that reads, and says so', () => {
    const folder = temporaryFolder();
    const store = opened(folder, 1000 * PAGE);
    store.write('a', large(1), 'removed');
    const reader = new Database(file(folder));
    reader.exec('BEGIN');
    reader.prepare('SELECT count(*) FROM entries').get();
    store.forget(['removed']);
    expect(eraseAll(store)).toBe('busy');
    reader.close();
    expect(eraseAll(store)).toBe('done');
    expect(isReadable(folder, large(1))).toBe(false);
  });
});
