import { createHash } from 'node:crypto';
import type { ByteSource } from '../checkpoint/byte-source.ts';

const PIECE_BYTES = 4 * 1024 ** 2;

/** SHA-256 of a whole file in hex; blocks its thread. */
export function sha256Of(source: ByteSource): string {
  const hash = createHash('sha256');
  for (let at = 0; at < source.sizeBytes; at += PIECE_BYTES) {
    hash.update(source.read(at, Math.min(PIECE_BYTES, source.sizeBytes - at)));
  }
  return hash.digest('hex');
}
