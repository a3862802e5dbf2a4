import { sql } from 'drizzle-orm';
import type { LibraryDatabase } from './database.ts';
import type { LibraryChanges } from './library-changes.ts';
import { patients } from './schema/index.ts';

/**
 * Tells of changes that another process (the command line beside the window) makes to what the
 * library lists. SQLite says cheaply that someone else has written; only then is the list looked at.
 * Returns how to stop.
 */
export function watchOtherProcesses(
  { db, sqlite }: LibraryDatabase,
  changes: LibraryChanges,
  everyMs = 2000,
): () => void {
  const writes = () => sqlite.pragma('data_version', { simple: true }) as number;
  const contents = () =>
    JSON.stringify(
      db
        .select({
          patients: sql<number>`count(*)`,
          series: sql<number>`sum(${patients.seriesCount})`,
          bytes: sql<number>`sum(${patients.storedBytes})`,
          latest: sql<string>`max(${patients.importedAt})`,
        })
        .from(patients)
        .get(),
    );
  let seenWrites = writes();
  let seenContents = contents();
  const timer = setInterval(() => {
    try {
      const now = writes();
      if (now === seenWrites) return;
      seenWrites = now;
      const listed = contents();
      if (listed === seenContents) return;
      seenContents = listed;
      changes.publish({ kind: 'changed', patientIds: [] });
    } catch {
      // Locked for longer than the timeout: the next look will tell.
    }
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}
