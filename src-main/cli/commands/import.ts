import type { ImportProgress, ImportSummary } from '../../../src-shared/contract/imports.ts';
import type { SeriesSummary } from '../../../src-shared/contract/series.ts';
import type { CommandContext, Outcome } from '../command.ts';
import { exitCodeOf, exitCodes, failWithError, type ExitCode } from '../exit-codes.ts';
import { withLibrary } from '../open-library.ts';
import { errorText, issueText, text } from '../texts.ts';

/** `import PATH…`: every file is accounted for in the answer. */
export function importPaths(context: CommandContext, paths: string[]): Promise<Outcome> {
  return withLibrary(context.libraryDir, { create: true }, async ({ imports }) => {
    const started = imports.startPaths(paths);
    if (!started.ok) throw failWithError(started.error);
    const { importId } = started.value;
    const cancel = () => void imports.cancel(importId);
    if (context.signal.aborted) cancel();
    context.signal.addEventListener('abort', cancel, { once: true });
    for await (const progress of imports.progress(importId)) {
      if (progress.filesTotal > 0) context.progress(inWords(progress));
    }
    const summary = await imports.finished(importId);
    return {
      exitCode: exitCodeOfImport(summary),
      lines: linesOf(summary),
      document: { ...summary },
    };
  });
}

function inWords({
  phase,
  filesDone,
  filesTotal,
  seriesDone,
  seriesTotal,
  current,
}: ImportProgress): string {
  if (phase === 'looking') return text('import-looking', { done: filesDone, total: filesTotal });
  if (phase === 'reading-headers')
    return text('import-reading', { done: filesDone, total: filesTotal });
  const done = Math.min(seriesDone + 1, seriesTotal);
  return text('import-decoding', { done, total: seriesTotal, current });
}

const isRefusal = ({ issue }: ImportSummary['refused'][number]) => issue.severity === 'refused';

function exitCodeOfImport(summary: ImportSummary): ExitCode {
  if (summary.state === 'cancelled') return exitCodes.interrupted;
  if (summary.error) return exitCodeOf(summary.error.code as Parameters<typeof exitCodeOf>[0]);
  const nothing = summary.accepted.length + summary.alreadyPresent.length === 0;
  return nothing || summary.refused.some(isRefusal) ? exitCodes.refused : exitCodes.done;
}

function linesOf(summary: ImportSummary): string[] {
  const refused = summary.refused.filter(isRefusal);
  const noted = summary.refused.length - refused.length;
  const lines: string[] = [];
  const section = (title: string, entries: string[]) => {
    if (entries.length > 0) lines.push(title, ...entries.map((entry) => `  ${entry}`));
  };
  section(
    text('import-accepted', { count: summary.accepted.length }),
    summary.accepted.flatMap(seriesLines),
  );
  section(
    text('import-present', { count: summary.alreadyPresent.length }),
    summary.alreadyPresent.map((series) => seriesLine(series)),
  );
  section(
    text('import-refused', { count: refused.length }),
    refused.map(({ path, issue }) => `${path}: ${issueText(issue)}`),
  );
  if (noted > 0) lines.push(text('import-noted', { count: noted }));
  if (summary.state === 'cancelled') lines.push(text('import-cancelled'));
  if (summary.error) {
    const { code, params, detail } = summary.error;
    lines.push(errorText({ code, params, detail } as Parameters<typeof errorText>[0]));
  }
  if (summary.accepted.length + summary.alreadyPresent.length === 0)
    lines.push(text('nothing-imported'));
  return lines;
}

/** A series in one line; the same everywhere in the command line. */
export function seriesLine({
  id,
  modality,
  sizeVx,
  spacingMm,
  description,
}: SeriesSummary): string {
  const size = sizeVx.join(' × ');
  const spacing = spacingMm
    ? ` ${spacingMm.map((mm) => Number(mm.toFixed(3))).join(' × ')} mm`
    : '';
  return `${id}  ${modality}  ${size}${spacing}  ${description}`;
}

/** A series and what is to be known of it. */
export const seriesLines = (series: SeriesSummary): string[] => [
  seriesLine(series),
  ...series.issues.map((issue) => `    ${issueText(issue)}`),
];
