import { eq, inArray } from 'drizzle-orm';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ImportSummary } from '../../src-shared/contract/imports.ts';
import { isProcess } from '../living-process.ts';
import { type Db, writeTransaction } from './database.ts';
import type { LibraryFolder } from './library-folder.ts';
import { sweepLooseFiles } from './loose-files.ts';
import { imports, looseFiles } from './schema/index.ts';

/** An import whose process has not been heard of for this long is dead, whoever has its number now. */
const silenceMs = 120_000;

/**
 * Clears away what imports left that did not end (a crash, a kill, a power cut): their staging
 * folders and every file that no series needs. Imports of other living processes are left alone.
 * Returns how many imports were found dead.
 */
export function recoverLibrary(db: Db, folder: LibraryFolder, now = Date.now()): number {
  const dead = writeTransaction(db, (tx) => {
    const open = tx
      .select()
      .from(imports)
      .where(inArray(imports.state, ['running', 'staging']))
      .all();
    const rows = open.filter((row) => !isLiving(row, now));
    for (const row of rows) {
      const summary: ImportSummary = {
        ...(row.summary ?? {
          accepted: [],
          alreadyPresent: [],
          refused: [],
          filesRead: 0,
          seconds: 0,
        }),
        importId: row.id,
        startedAt: row.startedAt,
        state: 'failed',
        error: { code: 'import-interrupted', params: {} },
      };
      // An empty staging place that was never started is no import to tell of.
      if (row.state === 'staging') tx.delete(imports).where(eq(imports.id, row.id)).run();
      else tx.update(imports).set({ state: 'failed', summary }).where(eq(imports.id, row.id)).run();
      tx.update(looseFiles).set({ importId: null }).where(eq(looseFiles.importId, row.id)).run();
    }
    return rows.length;
  });
  clearStaging(db, folder);
  sweepLooseFiles(db, folder);
  return dead;
}

function clearStaging(db: Db, folder: LibraryFolder): void {
  // Folders first: an import is recorded before its folder is made, so none that starts now is missed.
  const names = readdirSync(folder.staging);
  const open = db
    .select({ id: imports.id })
    .from(imports)
    .where(inArray(imports.state, ['running', 'staging']))
    .all();
  const living = new Set(open.map((row) => row.id));
  for (const name of names) {
    const owner = /^(?:decode|model)-(\d+)-/.exec(name)?.[1];
    const inUse = owner ? isProcess(Number(owner)) : living.has(name);
    if (!inUse) rmSync(join(folder.staging, name), { recursive: true, force: true });
  }
}

function isLiving(row: { processId: number; heartbeatAt: string }, now: number): boolean {
  return now - Date.parse(row.heartbeatAt) < silenceMs && isProcess(row.processId);
}
