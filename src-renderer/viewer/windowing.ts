import type { OpenSeries } from '../../src-shared/contract/series.ts';
import { looksLikeCt, namedWindows } from '../../src-shared/window.ts';
import type { NamedWindow, Window } from '../../src-shared/window.ts';

/** A window one key away. `named` carries a translated name; `file` its number in the file. */
export type WindowPreset =
  | { kind: 'named'; name: NamedWindow; window: Window }
  | { kind: 'file'; number: number; window: Window }
  | { kind: 'percentile'; window: Window }
  | { kind: 'full'; window: Window };

type OpenValues = Pick<OpenSeries, 'valueRange' | 'percentileRange' | 'windows' | 'dataType'> & {
  series: Pick<OpenSeries['series'], 'modality' | 'channels'>;
};

function windowOfRange([low, high]: readonly [number, number]): Window {
  return { level: (low + high) / 2, width: Math.max(high - low, Number.MIN_VALUE) };
}

const inHounsfield = (open: OpenValues): boolean =>
  open.series.modality === 'CT' || looksLikeCt({ ...open.series, dataType: open.dataType, valueRange: open.valueRange });

/**
 * Windows for keys 1–8. CT: the named ones, then the file's and the full range; others: the file's,
 * the percentile window (0.5–99.5 % of the positive voxels) and the full range.
 */
export function windowPresets(open: OpenValues): WindowPreset[] {
  const full: WindowPreset = { kind: 'full', window: windowOfRange(fullRange(open)) };
  const file = open.windows.map(
    (window, n): WindowPreset => ({ kind: 'file', number: n + 1, window }),
  );
  if (inHounsfield(open)) {
    const names = Object.keys(namedWindows) as NamedWindow[];
    const named = names.map((name): WindowPreset => ({ kind: 'named', name, window: namedWindows[name] }));
    return [...named, ...file.slice(0, 1), full].slice(0, 8);
  }
  const percentile: WindowPreset[] = isPicture(open)
    ? []
    : [{ kind: 'percentile', window: windowOfRange(open.percentileRange) }];
  return [...file.slice(0, 6), ...percentile, full];
}

const isPicture = (open: OpenValues) => open.series.channels === 3 || open.dataType === 'uint8';

/** 8-bit pictures are shown as they are: 0 black, 255 white. */
function fullRange(open: OpenValues): readonly [number, number] {
  return isPicture(open) ? [0, 255] : open.valueRange;
}

/** The window a series opens with: the file's first, else soft tissue, percentile, or the picture as it is. */
export function initialWindow(open: OpenValues): Window {
  const first = open.windows[0];
  if (first) return first;
  const presets = windowPresets(open);
  const wanted = inHounsfield(open) ? 'named' : isPicture(open) ? 'full' : 'percentile';
  return (presets.find((p) => p.kind === wanted) ?? presets[0]!).window;
}

/**
 * The window after dragging by (right, down) CSS pixels from where the drag began: right widens,
 * down darkens (raises the level). Proportional to the width, so a narrow window moves finely.
 */
export function dragWindow(start: Window, [right, down]: readonly [number, number], smallestWidth: number): Window {
  const width = Math.max(start.width * Math.exp(right / 200), smallestWidth);
  return { level: start.level + (down * start.width) / 300, width };
}

/** Nothing finer than one stored value for whole numbers; a thousandth of the range otherwise. */
export function smallestWidth(open: Pick<OpenSeries, 'dataType' | 'valueRange'>): number {
  const span = open.valueRange[1] - open.valueRange[0];
  return open.dataType === 'float32' ? Math.max(span / 10_000, Number.MIN_VALUE) : 1;
}

export const sameWindow = (a: Window, b: Window): boolean =>
  Math.abs(a.level - b.level) <= 1e-6 * Math.max(1, Math.abs(a.level)) &&
  Math.abs(a.width - b.width) <= 1e-6 * b.width;
