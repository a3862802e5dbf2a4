import Database from 'better-sqlite3';
import { drizzle, type BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AppError, ErrorCode, Result } from '../../src-shared/result.ts';
import { applicationRoot } from '../entry-file.ts';
import * as schema from './schema/index.ts';

export type Db = BetterSQLite3Database<typeof schema>;

export interface LibraryDatabase {
  db: Db;
  sqlite: Database.Database;
  close(): void;
}

/** Why a library cannot be opened or written, for the edge that turns it into a `Result`. */
export class LibraryError extends Error {
  readonly error: AppError;
  constructor(code: ErrorCode, params: AppError['params'] = {}, detail?: string) {
    super(detail ?? code);
    this.error = detail === undefined ? { code, params } : { code, params, detail };
  }
}

/** The value of a result whose error is for the same edge to tell. */
export function valueOf<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new LibraryError(result.error.code, result.error.params, result.error.detail);
}

/** Marks the file as a library of this application ("MSWL"). */
const applicationId = 0x4d53574c;

/**
 * Opens (or makes) `library.sqlite` in a folder and brings its schema up to date. Window and command
 * line may have the same library open at once: WAL, and every write is a short immediate transaction.
 * A commit is on disk when it returns (synchronous FULL), since an edit must survive a power cut.
 *
 * @throws LibraryError `library-newer-version` when a later version of the application wrote it,
 * `library-busy` when another process keeps it locked, `file-unreadable` when it is no library.
 */
export function openDatabase(
  dir: string,
  migrationsFolder = committedMigrations(),
): LibraryDatabase {
  mkdirSync(dir, { recursive: true });
  const path = join(dir, 'library.sqlite');
  let sqlite: Database.Database | undefined;
  try {
    sqlite = new Database(path, { timeout: 10_000 });
    sqlite.pragma('journal_mode = WAL');
    sqlite.pragma('synchronous = FULL');
    // A patient who was deleted is not to be found in the file's free pages.
    sqlite.pragma('secure_delete = ON');
    migrate(sqlite, dir, migrationsFolder);
    sqlite.pragma('foreign_keys = ON');
  } catch (error) {
    sqlite?.close();
    throw asLibraryError(error, path);
  }
  const opened = sqlite;
  return { db: drizzle(opened, { schema }), sqlite: opened, close: () => opened.close() };
}

/** Runs `work` as one transaction that takes the write lock first, so that two processes never meet half-way. */
export function writeTransaction<T>(db: Db, work: (tx: Db) => T): T {
  return db.transaction((tx) => work(tx as unknown as Db), { behavior: 'immediate' });
}

function asLibraryError(error: unknown, path: string): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  const detail = `${error.code}: ${error.message}`;
  if (error.code.startsWith('SQLITE_BUSY'))
    return new LibraryError('library-busy', { path }, detail);
  if (error.code === 'SQLITE_FULL') return new LibraryError('disk-full', { path }, detail);
  return new LibraryError('file-unreadable', { path }, detail);
}

/** The committed migrations: beside this file in the sources, below the application's root in a build. */
function committedMigrations(): string {
  const beside = join(dirname(fileURLToPath(import.meta.url)), 'migrations');
  return existsSync(beside) ? beside : join(applicationRoot(), 'src-main/library/migrations');
}

/**
 * `user_version` counts the migrations that have run. drizzle's own migrator neither takes the
 * write lock before it looks nor refuses a newer library, so its files are run here.
 */
function migrate(sqlite: Database.Database, dir: string, migrationsFolder: string): void {
  const migrations = readMigrationFiles({ migrationsFolder });
  const versionOf = () => sqlite.pragma('user_version', { simple: true }) as number;
  const found = versionOf();
  if (found > migrations.length) {
    throw new LibraryError('library-newer-version', { path: dir, found, known: migrations.length });
  }
  if (found === migrations.length) return;
  if (found === 0 && sqlite.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get()) {
    const id = sqlite.pragma('application_id', { simple: true });
    // An empty schema is a new file; another process may just have finished making it.
    if (id !== applicationId)
      throw new LibraryError('file-unreadable', { path: join(dir, 'library.sqlite') });
  }
  if (found > 0) keepCopy(sqlite, dir, found);
  // Tables that are rebuilt must not take their children along.
  sqlite.pragma('foreign_keys = OFF');
  sqlite
    .transaction(() => {
      for (const migration of migrations.slice(versionOf())) {
        for (const statement of migration.sql) sqlite.exec(statement);
      }
      const broken = sqlite.pragma('foreign_key_check') as unknown[];
      if (broken.length > 0)
        throw new Error(`The schema update left ${broken.length} broken references`);
      sqlite.pragma(`user_version = ${migrations.length}`);
      sqlite.pragma(`application_id = ${applicationId}`);
    })
    .immediate();
}

/**
 * Empties the log of writes, which has pages as they were before. While another process reads, it stays, and is emptied
 * by a later call or when the library is closed.
 */
export function emptyLog({ sqlite }: LibraryDatabase): void {
  try {
    sqlite.pragma('wal_checkpoint(TRUNCATE)');
  } catch (error) {
    if (!(error instanceof Database.SqliteError)) throw error;
  }
}

/** Removes the copies that `openDatabase` kept of the library under earlier versions: they have all patients of then. */
export function removeEarlierCopies(dir: string): void {
  for (const name of readdirSync(dir))
    if (/^library-version-\d+\.sqlite(-.*)?$/.test(name)) rmSync(join(dir, name), { force: true });
}

/** Before its schema is changed, a library with data is kept as it was beside the new one. */
function keepCopy(sqlite: Database.Database, dir: string, version: number): void {
  const copy = join(dir, `library-version-${version}.sqlite`);
  if (!existsSync(copy)) sqlite.prepare('VACUUM INTO ?').run(copy);
}
