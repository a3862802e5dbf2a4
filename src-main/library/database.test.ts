import Database from 'better-sqlite3';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

/** The committed migrations and one more, with this statement. */
function oneMoreMigration(statement: string): string {
  const folder = join(dir, 'migrations');
  cpSync(new URL('./migrations', import.meta.url), folder, { recursive: true });
  const journalPath = join(folder, 'meta', '_journal.json');
  const journal = JSON.parse(readFileSync(journalPath, 'utf8')) as { entries: object[] };
  const last = journal.entries.at(-1) as { idx: number; when: number };
  journal.entries.push({ ...last, idx: last.idx + 1, when: last.when + 1, tag: 'more' });
  writeFileSync(journalPath, JSON.stringify(journal));
  writeFileSync(join(folder, 'more.sql'), statement);
  return folder;
}

test('an older library is brought up to date, and kept as it was beside the new one', () => {
  const old = openDatabase(join(dir, 'library'));
  const version = old.sqlite.pragma('user_version', { simple: true }) as number;
  old.db.insert(settings).values({ key: 'reader', value: 'Dr. Wu' }).run();
  old.close();
  const newer = oneMoreMigration('ALTER TABLE settings ADD COLUMN note text;');
  const upgraded = openDatabase(join(dir, 'library'), newer);
  expect(upgraded.sqlite.pragma('user_version', { simple: true })).toBe(version + 1);
  expect(upgraded.sqlite.prepare('SELECT key, note FROM settings').all()).toEqual([
    { key: 'reader', note: null },
  ]);
  upgraded.close();
  expect(errorOf(() => openDatabase(join(dir, 'library')))).toBe('library-newer-version');
  const copy = new Database(join(dir, 'library', `library-version-${version}.sqlite`));
  expect(copy.prepare('SELECT * FROM settings').all()).toHaveLength(1);
  expect(copy.pragma('user_version', { simple: true })).toBe(version);
  copy.close();
});

test('an update that fails half-way leaves the old library working', () => {
  openDatabase(join(dir, 'library')).close();
  const broken = oneMoreMigration(
    'ALTER TABLE settings ADD COLUMN note text;--> statement-breakpoint\nALTER TABLE nowhere ADD COLUMN x text;',
  );
  expect(errorOf(() => openDatabase(join(dir, 'library'), broken))).toBe('file-unreadable');
  const old = openDatabase(join(dir, 'library'));
  expect(
    old.sqlite.prepare('SELECT name FROM pragma_table_info(?)').pluck().all('settings'),
  ).not.toContain('note');
  old.close();
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
