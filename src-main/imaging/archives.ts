import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, stat, statfs } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';
import yauzl from 'yauzl';
import type { RefusedFile } from '../../src-shared/import-issue.ts';
import { note, refusal } from './refused-input.ts';
import type { InputFile } from './types.ts';
import { isSystemFile } from './walk.ts';

export interface ArchiveLimits {
  entries: number;
  /** Unpacked bytes that any archive may have… */
  totalBytes: number;
  /** …and how many times its own size, once it unpacks to more than `ratioFromBytes`. */
  ratio: number;
  ratioFromBytes: number;
}

export const archiveLimits: ArchiveLimits = {
  entries: 500_000,
  totalBytes: 128 * 2 ** 30,
  ratio: 100,
  ratioFromBytes: 2 * 2 ** 30,
};

/** Room that unpacking leaves on the disk. */
const spareBytes = 256 * 2 ** 20;

const encryptedFlag = 1;

/**
 * Unpacks a zip archive into a new folder below `tempDir`. Never throws for what is in the archive:
 * a broken or encrypted one, one that would fill the disk, and entries that point outside are
 * reported; every good entry before the fault is still delivered.
 */
export async function unpackZip(
  archive: InputFile,
  options: { tempDir: string; signal?: AbortSignal; limits?: ArchiveLimits },
): Promise<{ files: InputFile[]; refused: RefusedFile[] }> {
  const limits = options.limits ?? archiveLimits;
  const files: InputFile[] = [];
  const refused: RefusedFile[] = [];
  const folder = join(options.tempDir, randomUUID());
  const shown = (name: string) => `${archive.shownPath}!/${name}`;
  let encrypted = 0;
  let zip: yauzl.ZipFile | undefined;
  try {
    await mkdir(folder, { recursive: true });
    zip = await yauzl.openPromise(archive.path, {
      lazyEntries: true,
      autoClose: false,
      decodeStrings: false,
      validateEntrySizes: true,
    });
    const allowedBytes = await unpackedBytesAllowed(archive.path, folder, limits);
    if (zip.entryCount > limits.entries) throw new ArchiveTooLarge();
    let declaredBytes = 0;
    for await (const entry of zip.eachEntry()) {
      options.signal?.throwIfAborted();
      const name = entryName(entry);
      if (name.endsWith('/')) continue;
      const problem = pathProblem(name);
      if (problem) {
        refused.push({
          path: shown(name),
          issue: refusal('unsafe-archive-path', { reason: problem }),
        });
      } else if (name.split('/').some(isSystemFile)) {
        refused.push({ path: shown(name), issue: note('system-file-ignored') });
      } else if (entry.generalPurposeBitFlag & encryptedFlag) {
        encrypted++;
      } else if (entry.compressionMethod !== 0 && entry.compressionMethod !== 8) {
        const format = `zip (method ${entry.compressionMethod})`;
        refused.push({ path: shown(name), issue: refusal('unsupported-format', { format }) });
      } else if (entry.uncompressedSize === 0) {
        refused.push({ path: shown(name), issue: refusal('empty-file') });
      } else {
        declaredBytes += entry.uncompressedSize;
        if (declaredBytes > allowedBytes) throw new ArchiveTooLarge();
        try {
          const path = await unpackEntry(zip, entry, join(folder, diskName(name)), options.signal);
          files.push({ path, shownPath: shown(name) });
        } catch (error) {
          options.signal?.throwIfAborted();
          if (isDiskError(error)) throw error;
          refused.push({ path: shown(name), issue: refusal('broken-archive', reasonOf(error)) });
        }
      }
    }
  } catch (error) {
    options.signal?.throwIfAborted();
    const issue =
      error instanceof ArchiveTooLarge
        ? refusal('archive-too-large', { gigabytes: Math.round(limits.totalBytes / 2 ** 30) })
        : isDiskError(error)
          ? refusal('unreadable-file', reasonOf(error))
          : refusal('broken-archive', reasonOf(error));
    refused.push({ path: archive.shownPath, issue });
  } finally {
    zip?.close();
  }
  if (encrypted > 0) {
    refused.push({
      path: archive.shownPath,
      issue: refusal('encrypted-archive', { files: encrypted }),
    });
  }
  return { files, refused };
}

class ArchiveTooLarge extends Error {}

const reasonOf = (error: unknown) => ({
  reason: error instanceof Error ? error.message : String(error),
});

function isDiskError(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EACCES' || code === 'EROFS';
}

async function unpackedBytesAllowed(
  path: string,
  folder: string,
  limits: ArchiveLimits,
): Promise<number> {
  const [{ size }, disk] = await Promise.all([stat(path), statfs(folder)]);
  const byRatio = Math.max(limits.ratioFromBytes, size * limits.ratio);
  return Math.min(limits.totalBytes, byRatio, disk.bavail * disk.bsize - spareBytes);
}

/** With `decodeStrings: false` yauzl gives raw bytes; this is its own decoding, backslashes as slashes. */
function entryName(entry: yauzl.Entry): string {
  return yauzl.getFileNameLowLevel(
    entry.generalPurposeBitFlag,
    entry.fileNameRaw,
    entry.extraFields,
    false,
  );
}

function pathProblem(name: string): string | null {
  const problem = yauzl.validateFileName(name);
  if (problem !== null) return problem;
  return name.includes('\0') ? 'zero byte in the name' : null;
}

/** The entry's path with characters replaced that a file system may not take. */
function diskName(name: string): string {
  return name
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .map((part) => part.replace(/[<>:"|?*\u0000-\u001f]/g, '_').replace(/[. ]+$/, '_'))
    .join('/');
}

async function unpackEntry(
  zip: yauzl.ZipFile,
  entry: yauzl.Entry,
  wanted: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const unpackTo = async (path: string) =>
    writeNew(await zip.openReadStreamPromise(entry), path, entry.crc32, signal);
  try {
    return await unpackTo(wanted);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    // Two entries of one name (or two that differ only in case): both are kept.
    return await unpackTo(join(dirname(wanted), randomUUID(), basename(wanted)));
  }
}

async function writeNew(
  source: Readable,
  path: string,
  expectedCrc: number,
  signal: AbortSignal | undefined,
): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  let crc = 0;
  const checked = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      crc = crc32(chunk, crc);
      yield chunk;
    }
    // yauzl checks the size only.
    if (crc !== expectedCrc) throw new Error('the checksum of the file does not match');
  };
  await pipeline(source, checked, createWriteStream(path, { flags: 'wx' }), { signal });
  return path;
}
