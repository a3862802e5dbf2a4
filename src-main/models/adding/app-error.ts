import { fail, type AppError } from '../../../src-shared/result.ts';
import { CheckpointError } from '../checkpoint/checkpoint-error.ts';

/** What went wrong while a model was added, as an error that a person can read. */
export function asAppError(error: unknown): AppError {
  if (error instanceof CheckpointError) return error.error;
  const { code, message, stack } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') return fail('disk-full', {}, message).error;
  if (code && /^E[A-Z]+$/.test(code)) return fail('file-unreadable', {}, message).error;
  return fail('internal', {}, stack ?? message).error;
}
