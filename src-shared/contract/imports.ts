import { eventIterator, oc } from '@orpc/contract';
import { z } from 'zod';
import { refusedFileSchema } from '../import-issue.ts';
import { resultSchema } from '../result.ts';
import { seriesSummarySchema } from './series.ts';

/** What an import did. Every file given is accounted for: in a series, already present, an index, or refused. */
export const importSummarySchema = z.object({
  importId: z.string(),
  state: z.enum(['running', 'done', 'cancelled', 'failed']),
  startedAt: z.string(),
  seconds: z.number(),
  accepted: z.array(seriesSummarySchema),
  /** Series that were in the library already; nothing was stored again. */
  alreadyPresent: z.array(seriesSummarySchema),
  refused: z.array(refusedFileSchema),
  filesRead: z.number().int(),
  /** Set when state is failed: what stopped the import; what was finished before is kept. */
  error: z
    .object({
      code: z.string(),
      params: z.record(z.string(), z.union([z.string(), z.number()])),
      detail: z.string().optional(),
    })
    .optional(),
});
export type ImportSummary = z.infer<typeof importSummarySchema>;

export const importProgressSchema = z.object({
  importId: z.string(),
  phase: z.enum(['looking', 'reading-headers', 'decoding', 'storing', 'finished']),
  filesDone: z.number().int(),
  filesTotal: z.number().int(),
  seriesDone: z.number().int(),
  seriesTotal: z.number().int(),
  /** Name of the series or file being worked on. */
  current: z.string(),
  summary: importSummarySchema.optional(),
});
export type ImportProgress = z.infer<typeof importProgressSchema>;

export const importsContract = {
  /** Files and folders on this machine's disk (desktop, dialogs, command line). */
  startPaths: oc
    .input(z.object({ paths: z.array(z.string()).min(1) }))
    .output(resultSchema(z.object({ importId: z.string() }))),
  /** Opens a staging place for files that a browser uploads to `uploadUrl` + encoded relative path. */
  stage: oc.output(resultSchema(z.object({ importId: z.string(), uploadUrl: z.string() }))),
  /** Imports what was staged. */
  startStaged: oc
    .input(z.object({ importId: z.string() }))
    .output(resultSchema(z.object({ importId: z.string() }))),
  /** Progress events; the last one has the summary. */
  progress: oc.input(z.object({ importId: z.string() })).output(eventIterator(importProgressSchema)),
  /** Imports under way, also those that another window began, the oldest first. */
  running: oc.output(z.array(importProgressSchema)),
  cancel: oc.input(z.object({ importId: z.string() })).output(resultSchema(z.object({}))),
  /** Summaries of past imports, the newest first. */
  history: oc
    .input(z.object({ limit: z.number().int().positive().max(200).default(20) }))
    .output(z.array(importSummarySchema)),
};
