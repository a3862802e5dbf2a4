import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import Database from 'better-sqlite3';

/** An embedding as it is kept: half precision, or single where half cannot hold it. */
export type StoredEmbedding = Float16Array | Float32Array;

/** Embeddings on disk. Whatever is wrong with the disk or the file costs the cache and nothing else: nothing throws. */
export interface EmbeddingStore {
  /** Null when there is none or it is damaged (then it is removed). */
  read(key: string): StoredEmbedding | null;
  /**
   * Keeps an embedding and removes those unused for longest while all take more than the limit. `seriesId` says whose
   * slice it is of; null for a slice of no series. Nothing is kept of a series that was forgotten.
   */
  write(key: string, embedding: StoredEmbedding, seriesId: string | null): void;
  setLimit(limitBytes: number): void;
  /** The series of which something is kept; null when that cannot be read now. */
  seriesIds(): string[] | null;
  /** From now on nothing is kept of these series, by whichever process. False when that cannot be noted now. */
  forget(seriesIds: readonly string[]): boolean;
  /**
   * Erases a little of what was kept of forgotten series: overwritten with zeros, the file cut, the log of writes
   * emptied. `busy`: another process is in the way, or the disk.
   */
  eraseSome(): 'more' | 'done' | 'busy';
  close(): void;
}

const FILE = 'embeddings.sqlite';
const FORMAT = 2;
/** An embedding of 2 MiB lies on 33 pages of this size rather than on 512, and is read in as many steps. */
const PAGE_BYTES = 65536;
/** Another process on the same library may be writing. */
const BUSY_MS = 1000;
/** What is erased in one step, so that whoever else writes waits for tens of milliseconds at most. */
const ERASED_AT_ONCE = 4;
const PAGES_CUT_AT_ONCE = 128;

/*
 * Times of use are apart from the data: SQLite writes a row anew when any of it changes.
 */
const schema = `
  CREATE TABLE entries (
    key TEXT PRIMARY KEY, data_id INTEGER NOT NULL, bytes INTEGER NOT NULL, width INTEGER NOT NULL,
    checksum INTEGER NOT NULL, used INTEGER NOT NULL, series_id TEXT
  ) WITHOUT ROWID;
  CREATE INDEX entries_used ON entries (used);
  CREATE INDEX entries_series ON entries (series_id);
  CREATE TABLE forgotten (series_id TEXT PRIMARY KEY) WITHOUT ROWID;
  CREATE TABLE data (id INTEGER PRIMARY KEY, embedding BLOB NOT NULL);
  CREATE TABLE clock (id INTEGER PRIMARY KEY CHECK (id = 1), ticks INTEGER NOT NULL);
  INSERT INTO clock VALUES (1, 0);
  PRAGMA user_version = ${FORMAT};
`;

interface Entry {
  key: string;
  data_id: number;
  bytes: number;
  width: number;
  checksum: number;
}

export const embeddingStoreExists = (folder: string): boolean => existsSync(join(folder, FILE));

/**
 * Opens the cache of a folder, which belongs to it alone; a file that is no such cache is replaced by an empty one.
 * With an infinite limit nothing is removed for room.
 */
export function openEmbeddingStore(folder: string, limitBytes: number): EmbeddingStore {
  let limit = limitBytes;
  let database = openOrRenew(folder);
  let renewals = 0;

  /** Runs one operation. A damaged file is replaced, so that the next one has a cache again; but not for ever. */
  function attempt<T>(work: (db: Database.Database) => T): T | null {
    if (!database) return null;
    try {
      return work(database);
    } catch (error) {
      if (isDamage(error)) {
        database.close();
        renewals += 1;
        database = renewals <= 3 ? renew(folder) : null;
      }
      return null;
    }
  }

  const remove = (db: Database.Database, { key, data_id }: Entry) => {
    db.prepare('DELETE FROM data WHERE id = ?').run(data_id);
    db.prepare('DELETE FROM entries WHERE key = ?').run(key);
  };

  /** Removes what was unused for longest until so many bytes are free below the limit. */
  function makeRoom(db: Database.Database, bytes: number): void {
    let used = db.prepare<[], number>('SELECT total(bytes) FROM entries').pluck().get() ?? 0;
    const oldest = db.prepare<[], Entry>('SELECT * FROM entries ORDER BY used LIMIT 1');
    for (let entry = oldest.get(); entry && used + bytes > limit; entry = oldest.get()) {
      remove(db, entry);
      used -= entry.bytes;
    }
  }

  const tick = (db: Database.Database) =>
    db.prepare<[], number>('UPDATE clock SET ticks = ticks + 1 RETURNING ticks').pluck().get();

  function shrink(): void {
    if (limit === Infinity) return;
    attempt((db) => {
      db.transaction(() => makeRoom(db, 0)).immediate();
      db.pragma('incremental_vacuum');
    });
  }
  shrink();

  return {
    read: (key) =>
      attempt((db) => {
        const entry = db.prepare<[string], Entry>('SELECT * FROM entries WHERE key = ?').get(key);
        if (!entry) return null;
        const bytes = db
          .prepare<[number], Buffer>('SELECT embedding FROM data WHERE id = ?')
          .pluck()
          .get(entry.data_id);
        const found = bytes ? checked(bytes, entry) : null;
        db.transaction(() => {
          if (found) db.prepare('UPDATE entries SET used = ? WHERE key = ?').run(tick(db), key);
          else remove(db, entry);
        }).immediate();
        return found;
      }),
    write(key, embedding, seriesId) {
      const bytes = Math.ceil(embedding.byteLength / PAGE_BYTES) * PAGE_BYTES;
      if (bytes > limit) return;
      const payload = Buffer.from(embedding.buffer, embedding.byteOffset, embedding.byteLength);
      const width = embedding instanceof Float32Array ? 4 : 2;
      attempt((db) =>
        db
          .transaction(() => {
            if (db.prepare('SELECT 1 FROM entries WHERE key = ?').get(key)) return;
            if (db.prepare('SELECT 1 FROM forgotten WHERE series_id = ?').get(seriesId)) return;
            makeRoom(db, bytes);
            const { lastInsertRowid: id } = db
              .prepare('INSERT INTO data (embedding) VALUES (?)')
              .run(payload);
            db.prepare('INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)').run(
              ...[key, id, bytes, width, crc32(payload), tick(db), seriesId],
            );
          })
          .immediate(),
      );
    },
    setLimit(bytes) {
      limit = bytes;
      shrink();
    },
    seriesIds: () =>
      attempt((db) =>
        db
          .prepare<[], string>('SELECT DISTINCT series_id FROM entries WHERE series_id IS NOT NULL')
          .pluck()
          .all(),
      ),
    forget: (seriesIds) =>
      attempt((db) =>
        db
          .transaction(() => {
            const note = db.prepare('INSERT OR IGNORE INTO forgotten VALUES (?)');
            for (const id of seriesIds) note.run(id);
            return true;
          })
          .immediate(),
      ) ?? false,
    eraseSome: () =>
      attempt((db) => {
        const erased = db
          .transaction(() => {
            const entries = db
              .prepare<[number], Entry>(
                'SELECT * FROM entries WHERE series_id IN (SELECT series_id FROM forgotten) LIMIT ?',
              )
              .all(ERASED_AT_ONCE);
            for (const entry of entries) remove(db, entry);
            return entries.length > 0;
          })
          .immediate();
        if (erased) return 'more';
        if (db.pragma('freelist_count', { simple: true }) !== 0) {
          db.pragma(`incremental_vacuum(${PAGES_CUT_AT_ONCE})`);
          return 'more';
        }
        // The log has the pages as they were.
        const [{ busy }] = db.pragma('wal_checkpoint(TRUNCATE)') as [{ busy: number }];
        return busy === 0 ? 'done' : 'busy';
      }) ?? 'busy',
    close() {
      attempt((db) => db.close());
      database = null;
    },
  };
}

function checked(bytes: Buffer, { width, checksum }: Entry): StoredEmbedding | null {
  if (bytes.length % width !== 0 || crc32(bytes) !== checksum) return null;
  // A copy: the buffer may begin at an odd address, and belongs to a pool.
  const { buffer } = new Uint8Array(bytes);
  return width === 4 ? new Float32Array(buffer) : new Float16Array(buffer);
}

function openOrRenew(folder: string): Database.Database | null {
  try {
    mkdirSync(folder, { recursive: true });
    // What an earlier version or an unfinished deletion left.
    for (const name of readdirSync(folder))
      if (!name.startsWith(FILE)) rmSync(join(folder, name), { recursive: true, force: true });
    return open(folder);
  } catch (error) {
    return isDamage(error) ? renew(folder) : null;
  }
}

function renew(folder: string): Database.Database | null {
  try {
    for (const suffix of ['', '-wal', '-shm']) rmSync(join(folder, FILE + suffix), { force: true });
    return open(folder);
  } catch {
    return null;
  }
}

function open(folder: string): Database.Database {
  const db = new Database(join(folder, FILE), { timeout: BUSY_MS });
  try {
    // Before the first table: later they change nothing.
    db.pragma(`page_size = ${PAGE_BYTES}`);
    db.pragma('auto_vacuum = INCREMENTAL');
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = NORMAL');
    // What leaves the cache is not to be found in the file's free pages. A write into a full cache takes a quarter longer.
    db.pragma('secure_delete = ON');
    // In pages: 16 MiB.
    db.pragma('wal_autocheckpoint = 256');
    db.transaction(() => {
      const format = db.pragma('user_version', { simple: true });
      if (format === 0) db.exec(schema);
      else if (format !== FORMAT) throw new OtherFormat();
    }).immediate();
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** A cache of another version of the application. */
class OtherFormat extends Error {}

const isDamage = (error: unknown): boolean => {
  if (error instanceof OtherFormat) return true;
  const { code } = error as { code?: string };
  // No table: the file is a database, but not this one.
  return /^SQLITE_(CORRUPT|NOTADB|ERROR|MISMATCH)/.test(code ?? '');
};
