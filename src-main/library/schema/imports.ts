import { index, integer, real, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import type { ImportSummary } from '../../../src-shared/contract/imports.ts';

/** Imports, running and past. A running one belongs to a process, which keeps `heartbeatAt` fresh. */
export const imports = sqliteTable(
  'imports',
  {
    id: text('id').primaryKey(),
    state: text('state').$type<'staging' | ImportSummary['state']>().notNull(),
    startedAt: text('started_at').notNull(),
    seconds: real('seconds').notNull().default(0),
    processId: integer('process_id').notNull(),
    heartbeatAt: text('heartbeat_at').notNull(),
    /** Set when the import has ended. */
    summary: text('summary', { mode: 'json' }).$type<ImportSummary>(),
  },
  (t) => [index('imports_started_at').on(t.startedAt), index('imports_state').on(t.state)],
);

/**
 * Files that may lie in the library folder without a record that needs them: noted before an
 * import moves them into place and when a deletion frees them, forgotten in the transaction that
 * makes a series visible or when the file is gone. What is still here after a crash is swept.
 */
export const looseFiles = sqliteTable(
  'loose_files',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    /** Path below the library folder, with forward slashes. */
    path: text('path').notNull(),
    /** The import that is placing the file; null when it only waits for deletion. */
    importId: text('import_id'),
  },
  (t) => [index('loose_files_path').on(t.path), index('loose_files_import').on(t.importId)],
);
