import { sql } from 'drizzle-orm';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Db } from './database.ts';
import type { LibraryFolder } from './library-folder.ts';
import { seriesFiles } from './schema/index.ts';

export interface LibrarySize {
  path: string;
  totalBytes: number;
  originalsBytes: number;
  volumesBytes: number;
  databaseBytes: number;
  embeddingsBytes: number;
}

/** How much of the disk the library takes. */
export async function librarySize(db: Db, folder: LibraryFolder): Promise<LibrarySize> {
  // Originals by their records, since there may be millions of files; each content once.
  const originalsBytes = db.all<{ bytes: number }>(
    sql`SELECT coalesce(sum(bytes), 0) AS bytes FROM (SELECT DISTINCT ${seriesFiles.sha256}, ${seriesFiles.bytes} AS bytes FROM ${seriesFiles})`,
  )[0]!.bytes;
  const [volumesBytes, embeddingsBytes, database] = await Promise.all([
    bytesBelow(folder.volumes),
    bytesBelow(folder.embeddings),
    Promise.all(
      ['', '-wal', '-shm'].map((end) => bytesOf(join(folder.root, `library.sqlite${end}`))),
    ),
  ]);
  const databaseBytes = database.reduce((a, b) => a + b, 0);
  return {
    path: folder.root,
    totalBytes: originalsBytes + volumesBytes + databaseBytes + embeddingsBytes,
    originalsBytes,
    volumesBytes,
    databaseBytes,
    embeddingsBytes,
  };
}

async function bytesBelow(dir: string): Promise<number> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => []);
  let bytes = 0;
  for (const entry of entries)
    if (entry.isFile()) bytes += await bytesOf(join(entry.parentPath, entry.name));
  return bytes;
}

const bytesOf = async (path: string) => (await stat(path).catch(() => null))?.size ?? 0;
