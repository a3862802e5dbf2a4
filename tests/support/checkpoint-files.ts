import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CheckpointError } from '../../src-main/models/checkpoint/checkpoint-error.ts';

export const checkpointFolder = join(import.meta.dirname, '../fixtures/checkpoints');

/** The bytes of a file that tests/fixtures/make_checkpoints.py wrote with PyTorch. */
export const checkpointFile = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(join(checkpointFolder, name)));

/** The error that a reading ends with; a defect of the reader goes on as what it is. */
export async function refusalOf(reading: Promise<unknown>): Promise<CheckpointError['error']> {
  const outcome = await reading.then(
    () => null,
    (error: unknown) => error,
  );
  if (outcome instanceof CheckpointError) return outcome.error;
  throw outcome ?? new Error('It was read.');
}
