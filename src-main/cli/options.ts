import {
  executionProviderSchema,
  modelFamilySchema,
  type ModelFamily,
} from '../../src-shared/contract/models.ts';
import { usableBox, type BoxPx } from '../../src-shared/geometry/box.ts';
import type { Vec3 } from '../../src-shared/geometry/volume-geometry.ts';
import { namedWindows, type ModelWindow, type NamedWindow } from '../../src-shared/window.ts';
import type { WantedProvider } from '../inference/providers.ts';
import { exitCodes, failWith } from './exit-codes.ts';

/** A box as it was typed; `slice` null when none was given. */
export interface TypedBox {
  boxPx: BoxPx;
  slice: number | null;
  /** As typed, without the slice, to speak of it. */
  text: string;
}

/** `x0,y0,x1,y1[@slice]` @throws CommandError */
export function parseBox(typed: string): TypedBox {
  const match = /^\s*([^@]+?)\s*(?:@\s*(\d+)\s*)?$/.exec(typed);
  const numbers =
    match?.[1]!.split(',').map((part) => (part.trim() === '' ? NaN : Number(part))) ?? [];
  if (!match || numbers.length !== 4 || !numbers.every(Number.isFinite)) {
    throw failWith(exitCodes.usage, 'wrong-box', { text: typed });
  }
  return {
    boxPx: numbers as BoxPx,
    slice: match[2] === undefined ? null : Number(match[2]),
    text: match[1]!,
  };
}

/** The slice of a box, and the box cut to the image. @throws CommandError */
export function placedBox({ boxPx, slice, text }: TypedBox, [width, height, slices]: Vec3) {
  const last = slices - 1;
  if (slice === null && slices > 1) {
    throw failWith(exitCodes.usage, 'slice-missing', { box: text, slices, last });
  }
  const sliceIndex = slice ?? 0;
  if (sliceIndex > last)
    throw failWith(exitCodes.usage, 'slice-outside', { slice: sliceIndex, last });
  const usable = usableBox(boxPx, [width, height]);
  if (!usable.ok) throw failWith(exitCodes.usage, usable.reason, { box: text, width, height });
  return { sliceIndex, boxPx: usable.boxPx };
}

export const windowNames = Object.keys(namedWindows);

/** A named window, `percentile`, `identity`, or `LEVEL,WIDTH`. @throws CommandError */
export function parseWindow(typed: string): ModelWindow {
  if (typed in namedWindows) return { kind: 'named', name: typed as NamedWindow };
  if (typed === 'percentile' || typed === 'identity') return { kind: typed };
  const [level, width, ...more] = typed.split(',').map(Number);
  if (more.length > 0 || !Number.isFinite(level) || !(width! > 0)) {
    throw failWith(exitCodes.usage, 'wrong-window', { text: typed, names: windowNames.join(', ') });
  }
  return { kind: 'custom', window: { level: level!, width: width! } };
}

export const familyNames = modelFamilySchema.options;

/** @throws CommandError */
export function parseFamily(typed: string): ModelFamily {
  const family = modelFamilySchema.safeParse(typed);
  if (family.success) return family.data;
  const names = familyNames.join(', ');
  throw failWith(exitCodes.usage, 'wrong-family', { text: typed, names });
}

/** @throws CommandError */
export function parseTolerance(typed: string): number {
  const value = Number(typed);
  if (!Number.isFinite(value) || value <= 0) {
    throw failWith(exitCodes.usage, 'wrong-tolerance', { text: typed });
  }
  return value;
}

/** @throws CommandError */
export function parseProvider(typed: string): WantedProvider {
  const provider = executionProviderSchema.safeParse(typed);
  if (provider.success) return provider.data;
  if (typed === 'auto') return 'auto';
  const names = ['auto', ...executionProviderSchema.options].join(', ');
  throw failWith(exitCodes.usage, 'wrong-provider', { text: typed, names });
}

/** @throws CommandError */
export function parseSeriesNumber(typed: string): number {
  const value = Number(typed);
  if (!Number.isInteger(value) || value < 1) {
    throw failWith(exitCodes.usage, 'wrong-series-number', { text: typed });
  }
  return value;
}
