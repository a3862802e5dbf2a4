import { z } from 'zod';
import { issueCodes, type ImportIssue, type IssueCode } from '../../src-shared/import-issue.ts';
import type { AppError } from '../../src-shared/result.ts';
import { LibraryError } from './database.ts';

const systemCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;

/** Whether the disk (or the person's share of it) is full, in the words of the system or of SQLite. */
export function isDiskFull(error: unknown): boolean {
  if (error instanceof LibraryError) return error.error.code === 'disk-full';
  return ['ENOSPC', 'EDQUOT', 'SQLITE_FULL'].includes(systemCode(error) ?? '');
}

/** What stops a whole import, as a value. `path` is the library's place on the disk. */
export function stoppingError(error: unknown, path: string): AppError {
  if (isDiskFull(error)) return { code: 'disk-full', params: { path } };
  if (error instanceof LibraryError) return error.error;
  if (systemCode(error)?.startsWith('SQLITE_BUSY'))
    return { code: 'library-busy', params: { path } };
  return {
    code: 'internal',
    params: {},
    detail: error instanceof Error ? error.message : String(error),
  };
}

/**
 * Why one series could not be read, when that is the series' own fault and the rest can go on;
 * null when the trouble is the library's (its disk, its database), which stops the import.
 */
export function issueOfSeries(error: unknown): ImportIssue | null {
  if (isDiskFull(error)) return null;
  if (error instanceof LibraryError) {
    if (error.error.code === 'cancelled') return null;
    const { issue, ...params } = error.error.params;
    const code = z.enum(issueCodes).safeParse(issue);
    return refused(code.success ? code.data : 'decode-failed', {
      reason: error.error.detail ?? '',
      ...params,
    });
  }
  const code = systemCode(error);
  if (code?.startsWith('SQLITE_')) return null;
  const reason = error instanceof Error ? error.message : String(error);
  const unreadable = ['ENOENT', 'EACCES', 'EPERM', 'EIO', 'EISDIR', 'EBUSY'].includes(code ?? '');
  return refused(unreadable ? 'unreadable-file' : 'decode-failed', { reason });
}

const refused = (code: IssueCode, params: ImportIssue['params']): ImportIssue => ({
  code,
  severity: 'refused',
  notMeasurable: true,
  params,
});
