import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { InputFile } from './types.ts';

/**
 * An identity for files that carry none: SHA-256 over the contents (not the names) of all files of
 * one image, so that the same image is known again wherever it lies.
 */
export async function contentIdentity(files: InputFile[], signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) {
    for await (const chunk of createReadStream(file.path, { highWaterMark: 2 ** 20, signal })) {
      hash.update(chunk as Buffer);
    }
  }
  return hash.digest('hex');
}
