import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { exitCodes, failWith } from './exit-codes.ts';
import type { TypedBox } from './options.ts';
import { text } from './texts.ts';

/** One row of a batch, or what is wrong with it. `row` is counted from 1 without the heading. */
export type BatchRow =
  | { row: number; ok: true; image: string; out: string; box: TypedBox }
  | { row: number; ok: false; image: string; out: string; problem: string };

const columns = ['image', 'slice', 'x0', 'y0', 'x1', 'y1', 'out'] as const;
type Column = (typeof columns)[number];

/**
 * The rows of a batch file (CSV with a heading, UTF-8). `slice` may be empty or absent for pictures.
 * @throws CommandError when the file as a whole cannot be used
 */
export async function readBatch(path: string): Promise<BatchRow[]> {
  let records: Record<string, string>[];
  try {
    const content = await readFile(path, 'utf8');
    records = z.array(z.record(z.string(), z.string())).parse(
      parse(content, {
        columns: (heading: string[]) => heading.map((name) => name.trim().toLowerCase()),
        bom: true,
        trim: true,
        skip_empty_lines: true,
        relax_column_count_less: true,
      }),
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw failWith(exitCodes.refused, 'batch-unreadable', { path, reason });
  }
  const first = records[0];
  if (!first) throw failWith(exitCodes.refused, 'batch-empty', { path });
  const missing = columns.filter((column) => column !== 'slice' && !(column in first));
  if (missing.length > 0) {
    throw failWith(exitCodes.refused, 'batch-columns', { path, names: missing.join(', ') });
  }
  return records.map((record, n) => rowOf(record as Partial<Record<Column, string>>, n + 1));
}

function rowOf(record: Partial<Record<Column, string>>, row: number): BatchRow {
  const { image = '', out = '' } = record;
  const bad = (problem: string): BatchRow => ({ row, ok: false, image, out, problem });
  for (const column of ['image', 'out', 'x0', 'y0', 'x1', 'y1'] as const) {
    if (!record[column]) return bad(text('batch-row-empty', { column }));
  }
  const numbers = (['x0', 'y0', 'x1', 'y1'] as const).map((column) => ({
    column,
    value: Number(record[column]),
  }));
  const wrong = numbers.find(({ value }) => !Number.isFinite(value));
  if (wrong) {
    return bad(text('batch-row-number', { column: wrong.column, text: record[wrong.column]! }));
  }
  const slice = record.slice ? Number(record.slice) : null;
  if (slice !== null && !(Number.isInteger(slice) && slice >= 0)) {
    return bad(text('batch-row-number', { column: 'slice', text: record.slice! }));
  }
  const boxPx = numbers.map(({ value }) => value) as TypedBox['boxPx'];
  return { row, ok: true, image, out, box: { boxPx, slice, text: boxPx.join(',') } };
}
