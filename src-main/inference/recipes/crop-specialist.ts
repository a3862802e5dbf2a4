import quickselect from 'quickselect';
import type { BoxPx } from '../../../src-shared/geometry/box.ts';

/*
 * What a crop specialist sees for one box, and how its answer becomes a mask. The same formulas as
 * models/training/crop.py, with which the network was trained; both answer the golden cases alike.
 */

/** The constants of the recipe, from the manifest's `input`, `crop` and `output`. */
export interface CropRecipe {
  sizePx: number;
  outputSizePx: number;
  contextFactor: number;
  minimumSizePx: number;
  /** The shorter side of the crop is at least this fraction of the longer one. */
  minimumAspect: number;
  contrast: CropContrast;
  threshold: number;
}

/** How the resampled crop becomes the network's colours. */
export type CropContrast =
  | {
      kind: 'percentiles';
      percentiles: readonly [number, number];
      /** A crop whose percentiles lie closer than this, in view intensities, has no contrast and becomes 0. */
      minimumRange: number;
    }
  /** (value − mean) / std; the slice is in stored values. */
  | { kind: 'fixed'; mean: number; std: number };

/** One slice in view intensities 0…255 (stored values for a fixed contrast), row by row, channels interleaved. */
export interface ViewSlice {
  data: Float32Array;
  widthPx: number;
  heightPx: number;
  channels: 1 | 3;
}

/** Pixels `originPx` to `originPx + sizePx` of the slice; one byte (0/1) per pixel, row by row. */
export interface CropMask {
  originPx: [number, number];
  sizePx: [number, number];
  bits: Uint8Array;
  /** Of each pixel, 0…255 for 0…1. */
  probability: Uint8Array;
  /** Mean probability of the pixels in the mask; 0 when it is empty. */
  meanForegroundProbability: number;
}

/**
 * The rectangle (px edges, may leave the slice) that is stretched onto the network's input: each side of the box
 * scaled about its centre, not shorter than `minimumSizePx`, nor than `minimumAspect` times the other side.
 */
export function cropRectPx(boxPx: BoxPx, recipe: CropRecipe): BoxPx {
  const [x0, y0, x1, y1] = boxPx;
  let width = Math.max((x1 - x0) * recipe.contextFactor, recipe.minimumSizePx);
  let height = Math.max((y1 - y0) * recipe.contextFactor, recipe.minimumSizePx);
  const longer = Math.max(width, height);
  width = Math.max(width, longer * recipe.minimumAspect);
  height = Math.max(height, longer * recipe.minimumAspect);
  const centreX = (x0 + x1) / 2;
  const centreY = (y0 + y1) / 2;
  return [centreX - width / 2, centreY - height / 2, centreX + width / 2, centreY + height / 2];
}

/** Per output cell: the first pixel it draws on and the weight of that pixel and those after it. */
interface Taps {
  first: number;
  weights: Float64Array;
}

/**
 * Triangle filter from `length` pixels to `count` cells of [start, end]. Cell i is centred at
 * c = start + (i + 0.5)·step; pixel j weighs max(0, 1 − |j + 0.5 − c| / max(1, step)), divided by the sum over the
 * pixels that exist. A cell whose centre is outside [0, length) has no taps: it is outside the slice.
 */
function resampleTaps(start: number, end: number, count: number, length: number): (Taps | null)[] {
  const step = (end - start) / count;
  const support = Math.max(1, step);
  return Array.from({ length: count }, (_, cell) => {
    const centre = start + (cell + 0.5) * step;
    if (centre < 0 || centre >= length) return null;
    const first = Math.max(0, Math.ceil(centre - support - 0.5));
    const last = Math.min(length - 1, Math.floor(centre + support - 0.5));
    const weights = new Float64Array(last - first + 1);
    let total = 0;
    for (let pixel = first; pixel <= last; pixel += 1) {
      const weight = Math.max(0, 1 - Math.abs(pixel + 0.5 - centre) / support);
      weights[pixel - first] = weight;
      total += weight;
    }
    for (let index = 0; index < weights.length; index += 1) weights[index]! /= total;
    return { first, weights };
  });
}

/** The slice over `rect` as [channel][row][column] of `size`² cells; cells outside the slice are 0. */
function resample(
  slice: ViewSlice,
  columns: (Taps | null)[],
  rows: (Taps | null)[],
  size: number,
): Float64Array {
  const { data, widthPx, channels } = slice;
  const result = new Float64Array(channels * size * size);
  const used = rows.filter((taps) => taps !== null);
  if (used.length === 0) return result;
  const firstRow = Math.min(...used.map((taps) => taps.first));
  const pastRow = Math.max(...used.map((taps) => taps.first + taps.weights.length));
  const narrowed = new Float64Array((pastRow - firstRow) * size);
  for (let channel = 0; channel < channels; channel += 1) {
    narrowed.fill(0);
    for (let y = firstRow; y < pastRow; y += 1) {
      for (let cell = 0; cell < size; cell += 1) {
        const taps = columns[cell];
        if (!taps) continue;
        const { first, weights } = taps;
        let sum = 0;
        let at = (y * widthPx + first) * channels + channel;
        for (let index = 0; index < weights.length; index += 1) {
          sum += weights[index]! * data[at]!;
          at += channels;
        }
        narrowed[(y - firstRow) * size + cell] = sum;
      }
    }
    rows.forEach((taps, row) => {
      if (!taps) return;
      const to = (channel * size + row) * size;
      taps.weights.forEach((weight, index) => {
        const from = (taps.first + index - firstRow) * size;
        for (let cell = 0; cell < size; cell += 1)
          result[to + cell]! += weight * narrowed[from + cell]!;
      });
    });
  }
  return result;
}

/**
 * Percentile with linear interpolation between ranks (numpy's default). `values` come back in another order: to sort
 * them would take as long as everything else here.
 */
function percentileOf(values: number[], percent: number): number {
  const position = ((values.length - 1) * percent) / 100;
  const lower = Math.floor(position);
  const upper = Math.min(lower + 1, values.length - 1);
  quickselect(values, lower);
  quickselect(values, upper, lower + 1);
  return values[lower]! + (values[upper]! - values[lower]!) * (position - lower);
}

/** Fraction of each of `count` cells of [start, end] that [low, high] covers. */
function coverage(
  low: number,
  high: number,
  start: number,
  end: number,
  count: number,
): Float64Array {
  const step = (end - start) / count;
  return Float64Array.from({ length: count }, (_, cell) => {
    const from = start + cell * step;
    const to = start + (cell + 1) * step;
    return Math.max(0, Math.min(high, to) - Math.max(low, from)) / (to - from);
  });
}

/**
 * The network's input for one box: float32 [5, S, S] of red, green, blue (grey three times), box, inside.
 * The colours are the triangle-resampled crop with its percentiles, taken over the cells inside the slice and all
 * channels, stretched to 0…1, or as a fixed contrast scales them; outside the slice and in crops without contrast they
 * are 0. `boxPx` needs x0 < x1, y0 < y1.
 */
export function cropToInput(
  slice: ViewSlice,
  boxPx: BoxPx,
  recipe: CropRecipe,
): { input: Float32Array; cropRectPx: BoxPx } {
  const size = recipe.sizePx;
  const cells = size * size;
  const rect = cropRectPx(boxPx, recipe);
  const columns = resampleTaps(rect[0], rect[2], size, slice.widthPx);
  const rows = resampleTaps(rect[1], rect[3], size, slice.heightPx);
  const crop = resample(slice, columns, rows, size);

  const input = new Float32Array(5 * cells);
  const boxColumns = coverage(boxPx[0], boxPx[2], rect[0], rect[2], size);
  const boxRows = coverage(boxPx[1], boxPx[3], rect[1], rect[3], size);
  const inside: number[] = [];
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) {
      const cell = row * size + column;
      input[3 * cells + cell] = boxRows[row]! * boxColumns[column]!;
      if (rows[row] && columns[column]) {
        input[4 * cells + cell] = 1;
        inside.push(cell);
      }
    }
  }
  const { contrast } = recipe;
  if (contrast.kind === 'percentiles')
    stretchContrast(crop, inside, slice.channels, contrast, input);
  else scaleFixed(crop, inside, slice.channels, contrast, input);
  return { input, cropRectPx: rect };
}

/** Writes the three colour channels of `input`; cells that are not `inside` stay 0. */
function stretchContrast(
  crop: Float64Array,
  inside: number[],
  channels: 1 | 3,
  contrast: CropContrast & { kind: 'percentiles' },
  input: Float32Array,
): void {
  if (inside.length === 0) return;
  const cells = crop.length / channels;
  const values: number[] = [];
  for (let channel = 0; channel < channels; channel += 1) {
    for (const cell of inside) values.push(crop[channel * cells + cell]!);
  }
  const low = percentileOf(values, contrast.percentiles[0]);
  const range = percentileOf(values, contrast.percentiles[1]) - low;
  if (range < contrast.minimumRange) return;
  for (let channel = 0; channel < 3; channel += 1) {
    const from = channels === 3 ? channel * cells : 0;
    for (const cell of inside) {
      input[channel * cells + cell] = Math.min(1, Math.max(0, (crop[from + cell]! - low) / range));
    }
  }
}

/** As `stretchContrast`, with the same numbers for every crop. */
function scaleFixed(
  crop: Float64Array,
  inside: number[],
  channels: 1 | 3,
  { mean, std }: CropContrast & { kind: 'fixed' },
  input: Float32Array,
): void {
  const cells = crop.length / channels;
  for (let channel = 0; channel < 3; channel += 1) {
    const from = channels === 3 ? channel * cells : 0;
    for (const cell of inside) input[channel * cells + cell] = (crop[from + cell]! - mean) / std;
  }
}

/** Pixels whose centres are in [start, end) and in the slice, with the two cells each lies between. */
function bilinearTaps(start: number, end: number, count: number, length: number) {
  const first = Math.max(0, Math.ceil(start - 0.5));
  const past = Math.max(first, Math.min(length, Math.ceil(end - 0.5)));
  const lower = new Int32Array(past - first);
  const fraction = new Float64Array(past - first);
  for (let index = 0; index < lower.length; index += 1) {
    const position = ((first + index + 0.5 - start) / (end - start)) * count - 0.5;
    const held = Math.min(count - 1, Math.max(0, position));
    lower[index] = Math.min(count - 2, Math.floor(held));
    fraction[index] = held - lower[index]!;
  }
  return { first, lower, fraction };
}

/**
 * The mask for the network's logits [S', S'] over `rectPx`: sigmoid, then bilinear (half-pixel centres, edge cells
 * held) to the pixels whose centres are inside both the rectangle and the slice, then > threshold.
 */
export function logitsToMask(
  logits: Float32Array,
  rectPx: BoxPx,
  recipe: CropRecipe,
  widthPx: number,
  heightPx: number,
): CropMask {
  const size = recipe.outputSizePx;
  const probability = new Float64Array(logits.length);
  logits.forEach((logit, cell) => {
    probability[cell] = 1 / (1 + Math.exp(-logit));
  });
  const columns = bilinearTaps(rectPx[0], rectPx[2], size, widthPx);
  const rows = bilinearTaps(rectPx[1], rectPx[3], size, heightPx);
  const maskWidth = columns.lower.length;
  const maskHeight = rows.lower.length;
  const bits = new Uint8Array(maskWidth * maskHeight);
  const bytes = new Uint8Array(maskWidth * maskHeight);
  let sum = 0;
  let count = 0;
  for (let y = 0; y < maskHeight; y += 1) {
    const above = rows.lower[y]! * size;
    const down = rows.fraction[y]!;
    for (let x = 0; x < maskWidth; x += 1) {
      const at = above + columns.lower[x]!;
      const right = columns.fraction[x]!;
      const upper = probability[at]! * (1 - right) + probability[at + 1]! * right;
      const lower = probability[at + size]! * (1 - right) + probability[at + size + 1]! * right;
      const value = upper * (1 - down) + lower * down;
      bytes[y * maskWidth + x] = Math.round(value * 255);
      if (value > recipe.threshold) {
        bits[y * maskWidth + x] = 1;
        sum += value;
        count += 1;
      }
    }
  }
  return {
    originPx: [columns.first, rows.first],
    sizePx: [maskWidth, maskHeight],
    bits,
    probability: bytes,
    meanForegroundProbability: count > 0 ? sum / count : 0,
  };
}
