import Database from 'better-sqlite3';
import { fail, type Result } from '../../src-shared/result.ts';
import { LibraryError } from '../library/database.ts';

/**
 * What the library threw as a value for the person: no such series, a volume that cannot be read, a
 * full disk, a locked library. Anything else is a defect and goes on as it is.
 */
export function storageFailure(error: unknown): Extract<Result<never>, { ok: false }> {
  if (error instanceof LibraryError) return { ok: false, error: error.error };
  if (error instanceof Database.SqliteError) {
    const detail = `${error.code}: ${error.message}`;
    if (error.code === 'SQLITE_FULL') return fail('disk-full', {}, detail);
    if (error.code.startsWith('SQLITE_BUSY')) return fail('library-busy', {}, detail);
  }
  throw error;
}

/** Runs `work` with {@link storageFailure} for what it throws. */
export function stored<T>(work: () => Result<T>): Result<T> {
  try {
    return work();
  } catch (error) {
    return storageFailure(error);
  }
}

export async function storedAsync<T>(work: () => Promise<Result<T>>): Promise<Result<T>> {
  try {
    return await work();
  } catch (error) {
    return storageFailure(error);
  }
}
