import type { DemoResult } from './run-demo.ts';

const fixed = (value: number, digits: number) => (Number.isNaN(value) ? '–' : value.toFixed(digits));
const signed = (value: number | null, digits: number) =>
  value === null ? '–' : `${value >= 0 ? '+' : '−'}${Math.abs(value).toFixed(digits)}`;

/** The demo's result as lines for a terminal. */
export function demoLines(result: DemoResult): string[] {
  const head = ['Time point', 'Lesion', 'Boxes', 'Known mL', 'Mask mL', 'Error %', 'DSC', 'Expected', 'Unsure', 'NSD 2 mm'];
  const rows = result.timepoints.flatMap(({ lesions }) =>
    lesions.map(({ row }) => [
      row.studyDate,
      row.name,
      String(row.boxes),
      fixed(row.knownMl, 2),
      fixed(row.measuredMl, 2),
      signed(row.errorPercent, 1),
      fixed(row.dice, 3),
      row.expectedDice === null ? '–' : fixed(row.expectedDice, 3),
      row.expectedDice === null ? '–' : String(row.lowConfidence),
      fixed(row.normalisedSurfaceDice, 3),
    ]),
  );
  const burden = [
    ['Burden', ...result.burden.timepoints.map(({ date }) => date ?? '–'), 'Change %'],
    ...result.burden.lesions.map(({ name, isNew, cells }) => [
      isNew ? `${name} (new)` : name,
      ...cells.map((cell) => (cell?.volumeMl == null ? '–' : cell.volumeMl.toFixed(2))),
      signed(cells.at(-1)?.changePercent ?? null, 1),
    ]),
    [
      'Total mL',
      ...result.burden.timepoints.map(({ totalMl }) => (totalMl === null ? '–' : totalMl.toFixed(2))),
      signed(result.burden.timepoints.at(-1)?.changePercent ?? null, 1),
    ],
  ];
  return [
    `Model: ${result.model}; one box on each axial slice of a lesion, 1 px outside its bounds; soft tissue window.`,
    '',
    ...aligned([head, ...rows], 2),
    '',
    `Mean DSC ${fixed(result.meanDice, 3)}, mean NSD ${fixed(result.meanNormalisedSurfaceDice, 3)}; ` +
      `volume error ${fixed(result.meanAbsoluteErrorPercent, 1)} % on average, ` +
      `${fixed(result.largestAbsoluteErrorPercent, 1)} % at most; decoder ${fixed(result.medianDecoderMs, 0)} ms (median).`,
    '',
    ...aligned(burden, 1),
  ];
}

/** Columns padded to one width: the first `words` to the left, numbers to the right. */
function aligned(rows: string[][], words: number): string[] {
  const widths = rows[0]!.map((_, n) => Math.max(...rows.map((row) => row[n]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((text, n) => (n < words ? text.padEnd(widths[n]!) : text.padStart(widths[n]!)))
      .join('  ')
      .trimEnd(),
  );
}
