import { existsSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
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
    first.write('half', embedding(1));
    first.write('single', single);
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
    for (const key of keys.slice(0, 3)) store.write(key, embedding(1));
    store.read('a');
    store.write('d', embedding(2));
    const kept = (from: typeof store) => keys.filter((key) => from.read(key));
    expect(kept(store)).toEqual(['a', 'c', 'd']);
    // Uses count over a restart.
    store.read('a');
    store.close();
    const again = opened(folder, 3 * PAGE);
    again.write('e', embedding(3));
    expect(kept(again)).toEqual(['a', 'd']);
    again.write('far too large', new Float16Array(4 * PAGE));
    expect(kept(again)).toEqual(['a', 'd']);
  });

  it('gives the disk back when the limit is lowered', () => {
    const folder = temporaryFolder();
    const store = opened(folder, 100 * PAGE);
    for (let at = 0; at < 50; at += 1) store.write(String(at), embedding(at));
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
    one.write('a', embedding(1));
    other.write('b', embedding(2));
    expect(other.read('a')).toEqual(embedding(1));
    expect(one.read('b')).toEqual(embedding(2));
  });

  it('gives nothing that its disk changed', () => {
    const folder = temporaryFolder();
    const store = opened(folder, 10 * PAGE);
    store.write('a', embedding(1));
    store.write('b', embedding(2));
    const db = new Database(file(folder));
    db.prepare('UPDATE data SET embedding = zeroblob(2000) WHERE id = 1').run();
    db.close();
    expect([store.read('a'), store.read('b')]).toEqual([null, embedding(2)]);
    store.write('a', embedding(3));
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
    for (const key of ['a', 'b', 'c']) before.write(key, embedding(1));
    before.close();
    spoil(file(folder));
    const store = opened(folder, 10 * PAGE);
    for (const key of ['a', 'b', 'c']) expect(() => store.read(key)).not.toThrow();
    store.write('d', embedding(4));
    store.write('e', embedding(5));
    expect(store.read('e')).toEqual(embedding(5));
  });

  it('costs nothing but itself where the folder cannot be used, and clears what is not its own', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'file'), '');
    const store = opened(join(folder, 'file'), 10 * PAGE);
    store.write('a', embedding(1));
    expect(store.read('a')).toBeNull();

    writeFileSync(join(folder, '0123.embedding'), 'of an earlier version');
    opened(folder, 10 * PAGE);
    expect(existsSync(join(folder, '0123.embedding'))).toBe(false);
    expect(readdirSync(folder)).toContain('embeddings.sqlite');
  });
});
