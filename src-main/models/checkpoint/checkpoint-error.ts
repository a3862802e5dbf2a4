import type { AppError, ErrorCode } from '../../../src-shared/result.ts';

/** Why a checkpoint is not taken; becomes a `Result` where the reading of one ends (`readCheckpoint`). */
export class CheckpointError extends Error {
  readonly error: AppError;
  constructor(code: ErrorCode, params: AppError['params'] = {}, detail?: string) {
    super(detail ?? code);
    this.error = detail === undefined ? { code, params } : { code, params, detail };
  }
}

/** The container or the pickle in it is not as PyTorch writes it. */
export const damaged = (detail: string): CheckpointError =>
  new CheckpointError('checkpoint-damaged', {}, detail);
