import type { Readable } from 'node:stream';
import yauzl from 'yauzl';
import { CheckpointError, damaged } from './checkpoint-error.ts';
import type { ByteSource } from './byte-source.ts';

/** Where the bytes of an entry lie in the file. */
export interface ZipEntry {
  name: string;
  offset: number;
  length: number;
}

/** A ViT-B checkpoint with its optimiser has about 1,500. */
const MOST_ENTRIES = 20_000;

/** yauzl over a byte source; entries are never opened as streams here. */
class SourceReader extends yauzl.RandomAccessReader {
  readonly #source: ByteSource;
  constructor(source: ByteSource) {
    super();
    this.#source = source;
  }
  override _readStreamForRange(): Readable {
    throw new Error('Entries are read by offset.');
  }
  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    const bytes = this.#source.read(position, length);
    buffer.set(bytes, offset);
    callback(bytes.length < length ? new Error('unexpected end of the file') : null);
  }
}

/**
 * The stored (uncompressed) entries of a ZIP archive by name, and the names of all others. Nothing is ever inflated, so
 * that no archive can grow.
 *
 * @throws CheckpointError
 */
export async function zipEntries(
  source: ByteSource,
): Promise<{ entries: Map<string, ZipEntry>; compressed: Set<string> }> {
  const entries = new Map<string, ZipEntry>();
  const compressed = new Set<string>();
  let zip: yauzl.ZipFile;
  try {
    zip = await yauzl.fromRandomAccessReaderPromise(new SourceReader(source), source.sizeBytes, {
      autoClose: false,
      decodeStrings: false,
    });
  } catch (error) {
    const { message } = error as Error;
    // Without the directory at the end there is no telling what was cut off.
    if (/end of central directory/i.test(message))
      throw new CheckpointError('checkpoint-cut-off', {}, message);
    throw damaged(`ZIP: ${message}`);
  }
  if (zip.entryCount > MOST_ENTRIES) {
    throw new CheckpointError('checkpoint-too-large', {}, `${zip.entryCount} entries.`);
  }
  try {
    for await (const entry of zip.eachEntry()) {
      const name = Buffer.from(entry.fileNameRaw).toString('utf8');
      if (name.endsWith('/')) continue;
      if (entry.compressionMethod !== 0 || entry.isEncrypted()) {
        compressed.add(name);
        continue;
      }
      if (entries.has(name)) throw damaged(`ZIP: the entry ${name} is there twice.`);
      const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
      entries.set(name, { name, offset: fileDataStart, length: entry.uncompressedSize });
    }
  } catch (error) {
    if (error instanceof CheckpointError) throw error;
    throw damaged(`ZIP: ${(error as Error).message}`);
  }
  return { entries, compressed };
}
