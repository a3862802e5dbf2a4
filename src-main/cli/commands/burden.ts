import type { BurdenCell, BurdenTable } from '../../../src-shared/contract/burden.ts';
import type { App } from '../../app.ts';
import { done, type CommandContext, type Outcome } from '../command.ts';
import { failWithError } from '../exit-codes.ts';
import { findPatientOrSeries, withLibrary } from '../open-library.ts';
import { text } from '../texts.ts';

/** `burden PATIENT|SERIES`: lesions of a patient over time points, or the segments of one series. */
export function burden(context: CommandContext, typed: string): Promise<Outcome> {
  return withLibrary(context.libraryDir, { create: false }, async (app) => {
    const found = findPatientOrSeries(app, typed);
    if ('series' in found) return seriesBurden(app, found.series.id);
    const table = app.burden.table(found.patient.id);
    if (!table.ok) throw failWithError(table.error);
    return done(tableLines(table.value), { ...table.value });
  });
}

async function seriesBurden(app: App, seriesId: string): Promise<Outcome> {
  const state = await app.segmentation.state(seriesId);
  if (!state.ok) throw failWithError(state.error);
  const { segments } = state.value;
  const lines = segments.map(({ name, statistics }) =>
    text('burden-segment', {
      name,
      volume:
        statistics.volumeMl === null
          ? text('burden-not-measurable')
          : millilitres(statistics.volumeMl),
      voxels: statistics.voxelCount,
    }),
  );
  return done(lines.length > 0 ? lines : [text('burden-none')], { seriesId, segments });
}

function tableLines({ timepoints, lesions }: BurdenTable): string[] {
  if (timepoints.length === 0) return [text('burden-none')];
  const rows = [
    ['', ...timepoints.map(({ date, description }) => date ?? (description || '–'))],
    ...lesions.map(({ name, cells }) => [name, ...cells.map(cellText)]),
    [
      text('burden-total'),
      ...timepoints.map((point) => withChange(point.totalMl, point.changePercent)),
    ],
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}

const cellText = (cell: BurdenCell | null) => {
  if (!cell) return '–';
  if (cell.volumeMl === null)
    return `${text('voxels', { count: cell.voxelCount })} (${cell.caution ?? ''})`;
  const caution = cell.caution ? ` (${cell.caution})` : '';
  return withChange(cell.volumeMl, cell.changePercent) + caution;
};

function withChange(ml: number | null, changePercent: number | null): string {
  if (ml === null) return text('burden-not-measurable');
  if (changePercent === null) return millilitres(ml);
  const sign = changePercent > 0 ? '+' : '';
  return `${millilitres(ml)} ${sign}${changePercent.toFixed(1)} %`;
}

const millilitres = (ml: number) => `${ml.toFixed(3)} ml`;
