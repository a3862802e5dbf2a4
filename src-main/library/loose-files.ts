import { eq, inArray } from 'drizzle-orm';
import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Db, writeTransaction } from './database.ts';
import type { LibraryFolder } from './library-folder.ts';
import { imports, looseFiles, series, seriesFiles } from './schema/index.ts';

const batch = 100;

/** Notes files that an import is about to move into place (`importId`) or that a deletion has freed (null). */
export function noteLooseFiles(tx: Db, importId: string | null, paths: readonly string[]): void {
  for (let n = 0; n < paths.length; n += 1000) {
    const rows = paths.slice(n, n + 1000).map((path) => ({ path, importId }));
    tx.insert(looseFiles).values(rows).run();
  }
}

/** Forgets what an import noted: the series that needs the files is now recorded. */
export function settleLooseFiles(tx: Db, importId: string): void {
  tx.delete(looseFiles).where(eq(looseFiles.importId, importId)).run();
}

/**
 * Deletes noted files that no series needs, except those of imports that still run. The look and
 * the deletion share the write lock with everyone who notes files, so a file that another import
 * is about to rely on is either gone before that import looks for it, or left alone.
 */
export function sweepLooseFiles(db: Db, folder: LibraryFolder): void {
  for (;;) {
    const left = writeTransaction(db, (tx) => {
      const living = new Set(
        tx.select({ id: imports.id }).from(imports)
          .where(inArray(imports.state, ['running', 'staging'])).all().map((row) => row.id), // prettier-ignore
      );
      const rows = tx.select().from(looseFiles).orderBy(looseFiles.id).all();
      const dead = rows.filter((row) => row.importId === null || !living.has(row.importId));
      const held = new Set(rows.filter((row) => !dead.includes(row)).map((row) => row.path));
      const now = dead.slice(0, batch);
      for (const row of now) {
        if (!held.has(row.path) && !isReferenced(tx, row.path)) {
          rmSync(join(folder.root, row.path), { force: true });
        }
      }
      tx.delete(looseFiles).where(inArray(looseFiles.id, now.map((row) => row.id))).run(); // prettier-ignore
      return dead.length - now.length;
    });
    if (left <= 0) return;
  }
}

function isReferenced(tx: Db, path: string): boolean {
  const name = basename(path).replace(/\.(raw|png)$/, '');
  const row = path.startsWith('originals/')
    ? tx
        .select({ id: seriesFiles.id })
        .from(seriesFiles)
        .where(eq(seriesFiles.sha256, name))
        .limit(1)
        .get()
    : tx.select({ id: series.id }).from(series).where(eq(series.id, name)).limit(1).get();
  return row !== undefined;
}
