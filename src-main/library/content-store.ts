import { createHash, webcrypto } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { LibraryFolder } from './library-folder.ts';

export interface StagedOriginal {
  sha256: string;
  bytes: number;
  stagedPath: string;
}

/** Files up to this size are hashed in one go on the thread pool; larger ones stream in pieces. */
const wholeFileBytes = 64 * 1024 ** 2;
const pieceBytes = 1024 ** 2;

/** SHA-256 of a file in hex. The hashing of whole files does not hold up the calling thread. */
export async function hashFile(path: string, signal?: AbortSignal): Promise<string> {
  if ((await stat(path)).size <= wholeFileBytes) return digest(await readFile(path, { signal }));
  const hash = createHash('sha256');
  await eachPiece(path, signal, async (piece) => void hash.update(piece));
  return hash.digest('hex');
}

/**
 * Copies a file into a staging folder under the hash of the very bytes that were copied, and brings
 * it to the disk (fsync), so that moving it into place later makes it durable at once.
 */
export async function stageOriginal(
  source: string,
  stagingFolder: string,
  signal?: AbortSignal,
): Promise<StagedOriginal> {
  const temporary = join(stagingFolder, `${crypto.randomUUID()}.part`);
  const target = await open(temporary, 'wx');
  let sha256: string;
  let bytes = 0;
  try {
    if ((await stat(source)).size <= wholeFileBytes) {
      const content = await readFile(source, { signal });
      bytes = content.length;
      [sha256] = await Promise.all([digest(content), target.writeFile(content)]);
    } else {
      const hash = createHash('sha256');
      await eachPiece(source, signal, async (piece) => {
        hash.update(piece);
        await target.writeFile(piece);
        bytes += piece.length;
      });
      sha256 = hash.digest('hex');
    }
    await target.sync();
  } finally {
    await target.close();
  }
  const stagedPath = join(stagingFolder, sha256);
  await rename(temporary, stagedPath);
  return { sha256, bytes, stagedPath };
}

/** Moves a staged file to its place unless the same content is there already. */
export async function placeOriginal(folder: LibraryFolder, staged: StagedOriginal): Promise<void> {
  const place = folder.originalPath(staged.sha256);
  const present = await stat(place).catch(() => null);
  // A file of another length under this hash can only be damage: the good copy takes its place.
  if (present?.size === staged.bytes) {
    await rm(staged.stagedPath, { force: true });
    return;
  }
  await mkdir(dirname(place), { recursive: true });
  await rename(staged.stagedPath, place);
}

/** Makes renames in these folders durable. Windows has no such call and needs none. */
export async function syncFolders(paths: Iterable<string>): Promise<void> {
  if (process.platform === 'win32') return;
  for (const path of new Set(paths)) {
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}

/** Runs `work` over the items, a few at a time, and stops starting new ones after a failure. */
export async function forEachConcurrently<T>(
  items: readonly T[],
  limit: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failed = false;
  const lane = async () => {
    while (next < items.length && !failed) {
      const index = next++;
      try {
        await work(items[index]!, index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const lanes = await Promise.allSettled(
    Array.from({ length: Math.min(limit, items.length) }, lane),
  );
  const failure = lanes.find((result) => result.status === 'rejected');
  if (failure) throw failure.reason;
}

async function digest(content: Uint8Array<ArrayBuffer>): Promise<string> {
  return Buffer.from(await webcrypto.subtle.digest('SHA-256', content)).toString('hex');
}

async function eachPiece(
  path: string,
  signal: AbortSignal | undefined,
  work: (piece: Uint8Array) => Promise<void>,
): Promise<void> {
  const handle = await open(path, 'r');
  try {
    const buffer = new Uint8Array(pieceBytes);
    for (;;) {
      signal?.throwIfAborted();
      const { bytesRead } = await handle.read(buffer, 0, pieceBytes);
      if (bytesRead === 0) return;
      await work(buffer.subarray(0, bytesRead));
    }
  } finally {
    await handle.close();
  }
}
