import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';
import { npyHeader, type NpyType } from './npy.ts';

/** One array of an npz file; its values come in parts, so that a volume is never held twice. */
export interface NpzArray {
  name: string;
  type: NpyType;
  shape: readonly number[];
  /** The values' bytes in C order, little-endian. */
  parts: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** The earliest time that a zip archive can hold: says nothing about when it was made. */
const noTime = new Date(1980, 0, 1);

/**
 * Writes arrays as `numpy.savez_compressed` does: a zip archive with one deflated `.npy` per array.
 * Returns the file's length and SHA-256. @throws Error of the file system
 */
export async function writeNpz(
  path: string,
  arrays: NpzArray[],
): Promise<{ bytes: number; sha256: string }> {
  const zip = new ZipFile();
  // The archive waits for ever for a part that cannot be had: whatever breaks ends the writing.
  const broken = new AbortController();
  zip.once('error', (error) => broken.abort(error));
  for (const array of arrays) {
    // Opened when its turn comes; the DOS time alone carries no time zone.
    const options = { mtime: noTime, forceDosTimestamp: true };
    zip.addReadStreamLazy(`${array.name}.npy`, options, (use) => {
      use(
        null,
        bytesOf(array).once('error', (error) => broken.abort(error)),
      );
    });
  }
  zip.end();
  const hash = createHash('sha256');
  let bytes = 0;
  const measured = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  const output = createWriteStream(path, { flags: 'wx' });
  try {
    await pipeline(zip.outputStream, measured, output, { signal: broken.signal });
  } catch (error) {
    throw broken.signal.aborted ? broken.signal.reason : error;
  }
  return { bytes, sha256: hash.digest('hex') };
}

function bytesOf({ type, shape, parts }: NpzArray): Readable {
  return Readable.from(
    (async function* () {
      yield npyHeader(type, shape);
      yield* parts();
    })(),
    { objectMode: false },
  );
}
