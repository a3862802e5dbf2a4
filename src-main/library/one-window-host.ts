import Database from 'better-sqlite3';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { LibraryError } from './database.ts';

/**
 * One library is shown by one application: the desktop window, or the browser host with its windows.
 * Two would each have their own engine, their own queue and their own idea of what is selected.
 *
 * The claim is a lock of the operating system on a file of its own, so that it ends with the process
 * however that ends. The command line needs none: it works beside a window.
 *
 * @returns how to give the claim back
 * @throws LibraryError `library-open-elsewhere`
 */
export function claimLibraryForWindows(libraryDir: string): () => void {
  mkdirSync(libraryDir, { recursive: true });
  const path = join(libraryDir, 'window-lock.sqlite');
  let lock: Database.Database | undefined;
  try {
    lock = new Database(path, { timeout: 0 });
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock?.close();
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) {
      throw new LibraryError('library-open-elsewhere', { path: libraryDir });
    }
    // A file system without locks, or one that is full: the library itself will say what is wrong with it.
    return () => undefined;
  }
  const held = lock;
  return () => held.close();
}
