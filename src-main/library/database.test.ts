import Database from 'better-sqlite3';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LibraryError, openDatabase, writeTransaction } from './database.ts';
import { settings } from './schema/index.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'library-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const errorOf = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    if (error instanceof LibraryError) return error.error.code;
    throw error;
  }
  return null;
};

test('a new library has its schema, WAL, foreign keys and full synchronisation', () => {
  const { sqlite, close } = openDatabase(dir);
  expect(sqlite.pragma('journal_mode', { simple: true })).toBe('wal');
  expect(sqlite.pragma('foreign_keys', { simple: true })).toBe(1);
  expect(sqlite.pragma('synchronous', { simple: true })).toBe(2);
  expect(sqlite.pragma('user_version', { simple: true })).toBeGreaterThan(0);
  close();
});

test('what was written is there when the library is opened again', () => {
  const first = openDatabase(dir);
  writeTransaction(first.db, (tx) =>
    tx.insert(settings).values({ key: 'reader', value: 'Dr. Wu' }).run(),
  );
  first.close();
  const second = openDatabase(dir);
  expect(second.db.select().from(settings).all()).toEqual([{ key: 'reader', value: 'Dr. Wu' }]);
  second.close();
});

test('a library of a later version is refused and left as it is', () => {
  openDatabase(dir).close();
  const raw = new Database(join(dir, 'library.sqlite'));
  raw.pragma('user_version = 999');
  raw.close();
  expect(errorOf(() => openDatabase(dir))).toBe('library-newer-version');
});

test('a database that is not a library is refused', () => {
  const raw = new Database(join(dir, 'library.sqlite'));
  raw.exec('CREATE TABLE other (id INTEGER)');
  raw.close();
  expect(errorOf(() => openDatabase(dir))).toBe('file-unreadable');
});

test('a failed transaction leaves nothing', () => {
  const { db, close } = openDatabase(dir);
  expect(() =>
    writeTransaction(db, (tx) => {
      tx.insert(settings).values({ key: 'a', value: 1 }).run();
      throw new Error('stop');
    }),
  ).toThrow('stop');
  expect(db.select().from(settings).all()).toEqual([]);
  close();
});

test('two processes make and write one library at the same time', () => {
  const script = `
    const { openDatabase, writeTransaction } = await import(${JSON.stringify(new URL('./database.ts', import.meta.url).href)});
    const { settings } = await import(${JSON.stringify(new URL('./schema/index.ts', import.meta.url).href)});
    const { db, close } = openDatabase(process.argv[1]);
    for (let n = 0; n < 20; n++) writeTransaction(db, (tx) => tx.insert(settings).values({ key: process.argv[2] + n, value: n }).run());
    close();`;
  const node = [process.execPath, '--input-type=module', '-e', script, dir] as const;
  execFileSync('sh', ['-c', '"$@" a & "$@" b; wait', 'sh', ...node]);
  const { db, close } = openDatabase(dir);
  expect(db.select().from(settings).all()).toHaveLength(40);
  close();
  expect(readdirSync(dir)).toEqual(['library.sqlite']);
});
