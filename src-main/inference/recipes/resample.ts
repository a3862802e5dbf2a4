/*
 * Separable resampling of one channel, row by row, in double precision. Pixel i covers [i, i + 1); the n pixels of a
 * side become N, and output k is centred at x = (k + 0.5)·n/N − 0.5.
 */

/** A picture of one channel. */
export interface Plane {
  data: Float64Array;
  widthPx: number;
  heightPx: number;
}

/** Output cell k is the sum of weights[k·taps + t] · input[index[k·taps + t]]. */
interface Weights {
  taps: number;
  index: Int32Array;
  weights: Float64Array;
}

export type ResampleFilter = 'cubic-spline' | 'triangle' | 'area';

/**
 * - `cubic-spline`: what skimage's `resize(order=3, anti_aliasing=True, preserve_range=True)` with its default border
 *   does (MedSAM's inference script): a Gaussian where it shrinks, prefiltered cubic B-spline with mirrored borders,
 *   cut to the range of the input.
 * - `triangle`: PIL's bilinear, support widened where it shrinks (SAM).
 * - `area`: OpenCV's INTER_AREA: mean over the covered part of the pixels; where a side grows, linear between pixels
 *   with the pixels' own area kept flat.
 */
export function resample(
  plane: Plane,
  widthPx: number,
  heightPx: number,
  filter: ResampleFilter,
): Plane {
  return resampled(plane, widthPx, heightPx, { filter, between: same, range: rangeOf([plane]) });
}

/**
 * The same for the channels of a picture of whole greys 0…255, which become whole again as the recipe says: `truncated`
 * (numpy's `astype(uint8)`), or `rounded` as the filter's own library does for 8-bit pictures: Pillow after each
 * direction, OpenCV at the end.
 */
export function resampleGreys(
  channels: Plane[],
  widthPx: number,
  heightPx: number,
  filter: ResampleFilter,
  whole: 'truncated' | 'rounded',
): Plane[] {
  // scikit-image cuts to the range of the whole picture, not of the channel.
  const range = rangeOf(channels);
  const pillow = whole === 'rounded' && filter === 'triangle';
  return channels.map((plane) => {
    if (whole === 'rounded' && filter === 'area' && grows(plane, widthPx, heightPx)) {
      return enlargedGreys(plane, widthPx, heightPx);
    }
    const between = pillow ? roundedGrey : same;
    const result = resampled(plane, widthPx, heightPx, { filter, between, range });
    // OpenCV rounds halves up where both sides are halved, and elsewhere to even as the processor does.
    const halved = plane.widthPx === 2 * widthPx && plane.heightPx === 2 * heightPx;
    const rounded = pillow || halved ? roundedGrey : roundedToEven;
    for (let at = 0; at < result.data.length; at += 1) {
      const value = result.data[at]!;
      // A sum of weights may miss a whole number by the last bits, which must not cost a whole grey.
      result.data[at] = whole === 'truncated' ? Math.trunc(value + 1e-9) : rounded(value);
    }
    return result;
  });
}

const same = (value: number) => value;

function rangeOf(planes: Plane[]): [number, number] {
  let [least, most] = [Infinity, -Infinity];
  for (const { data } of planes) {
    for (const value of data) {
      if (value < least) least = value;
      if (value > most) most = value;
    }
  }
  return [least, most];
}

const grows = (plane: Plane, widthPx: number, heightPx: number) =>
  widthPx > plane.widthPx || heightPx > plane.heightPx;

const roundedGrey = (value: number) => Math.round(Math.round(value * 1e9) / 1e9);

function roundedToEven(value: number): number {
  const half = Math.round(value * 2e9) / 2e9;
  const below = Math.floor(half);
  if (half - below !== 0.5) return Math.round(half);
  return below % 2 === 0 ? below : below + 1;
}

function resampled(
  plane: Plane,
  widthPx: number,
  heightPx: number,
  how: {
    filter: ResampleFilter;
    between: (value: number) => number;
    range: readonly [number, number];
  },
): Plane {
  const { filter, between, range } = how;
  if (filter === 'cubic-spline') return splineResample(plane, widthPx, heightPx, range);
  const weightsOf =
    filter === 'triangle'
      ? triangleWeights
      : grows(plane, widthPx, heightPx)
        ? flatWeights
        : areaWeights;
  const columns = weightsOf(plane.widthPx, widthPx);
  const rows = weightsOf(plane.heightPx, heightPx);
  return separable(plane, columns, rows, widthPx, heightPx, between);
}

function splineResample(
  plane: Plane,
  widthPx: number,
  heightPx: number,
  [least, most]: readonly [number, number],
): Plane {
  const smooth = gaussian(plane, plane.widthPx / widthPx, plane.heightPx / heightPx);
  splinePrefilter(smooth);
  const columns = splineWeights(plane.widthPx, widthPx);
  const rows = splineWeights(plane.heightPx, heightPx);
  const result = separable(smooth, columns, rows, widthPx, heightPx);
  for (let at = 0; at < result.data.length; at += 1) {
    const value = result.data[at]!;
    if (value < least) result.data[at] = least;
    else if (value > most) result.data[at] = most;
  }
  return result;
}

/**
 * Enlarging with `area` as OpenCV does for 8-bit pictures, in whole numbers: weights of 11 bits, and what is cut off on
 * the way down (`VResizeLinear` in its resize.cpp).
 */
function enlargedGreys(plane: Plane, widthPx: number, heightPx: number): Plane {
  const columns = flatWeights(plane.widthPx, widthPx);
  const rows = flatWeights(plane.heightPx, heightPx);
  const fixed = ({ weights }: Weights) =>
    Int32Array.from(weights, (weight) => roundedToEven(weight * 2048));
  const [across, down] = [fixed(columns), fixed(rows)];
  const wide = new Int32Array(widthPx * plane.heightPx);
  for (let y = 0; y < plane.heightPx; y += 1) {
    const line = y * plane.widthPx;
    for (let x = 0; x < widthPx; x += 1) {
      const [left, right] = [columns.index[2 * x]!, columns.index[2 * x + 1]!];
      wide[y * widthPx + x] =
        plane.data[line + left]! * across[2 * x]! + plane.data[line + right]! * across[2 * x + 1]!;
    }
  }
  const data = new Float64Array(widthPx * heightPx);
  for (let y = 0; y < heightPx; y += 1) {
    const [above, below] = [rows.index[2 * y]! * widthPx, rows.index[2 * y + 1]! * widthPx];
    const [first, second] = [down[2 * y]!, down[2 * y + 1]!];
    for (let x = 0; x < widthPx; x += 1) {
      const upper = ((wide[above + x]! >> 4) * first) >> 16;
      const lower = ((wide[below + x]! >> 4) * second) >> 16;
      data[y * widthPx + x] = (upper + lower + 2) >> 2;
    }
  }
  return { data, widthPx, heightPx };
}

/** Index reflected about the centres of the first and last pixel: … 2 1 | 0 1 2 … */
function mirrored(index: number, count: number): number {
  if (count === 1) return 0;
  const period = 2 * (count - 1);
  const within = ((index % period) + period) % period;
  return within < count ? within : period - within;
}

/** skimage's anti-aliasing: sigma = max(0, (factor − 1) / 2) per axis, cut at 4 sigma (scipy's gaussian_filter). */
function gaussian(plane: Plane, factorX: number, factorY: number): Plane {
  const { widthPx, heightPx } = plane;
  const columns = gaussianWeights(widthPx, (factorX - 1) / 2);
  const rows = gaussianWeights(heightPx, (factorY - 1) / 2);
  if (!columns && !rows) return { ...plane, data: plane.data.slice() };
  return separable(
    plane,
    columns ?? identityWeights(widthPx),
    rows ?? identityWeights(heightPx),
    widthPx,
    heightPx,
  );
}

function gaussianWeights(count: number, sigma: number): Weights | null {
  if (sigma <= 0) return null;
  const radius = Math.floor(4 * sigma + 0.5);
  const kernel = Float64Array.from({ length: 2 * radius + 1 }, (_, at) =>
    Math.exp(-0.5 * ((at - radius) / sigma) ** 2),
  );
  const total = kernel.reduce((sum, value) => sum + value, 0);
  const weights = emptyWeights(count, kernel.length);
  for (let k = 0; k < count; k += 1) {
    kernel.forEach((value, tap) => {
      weights.index[k * kernel.length + tap] = mirrored(k + tap - radius, count);
      weights.weights[k * kernel.length + tap] = value / total;
    });
  }
  return weights;
}

const emptyWeights = (count: number, taps: number): Weights => ({
  taps,
  index: new Int32Array(count * taps),
  weights: new Float64Array(count * taps),
});

function identityWeights(count: number): Weights {
  const weights = emptyWeights(count, 1);
  for (let k = 0; k < count; k += 1) {
    weights.index[k] = k;
    weights.weights[k] = 1;
  }
  return weights;
}

/** The pole of the cubic B-spline's inverse filter. */
const POLE = Math.sqrt(3) - 2;

/** Samples → B-spline coefficients in place, mirrored borders (Unser, IEEE Signal Processing Magazine 16(6), 1999). */
function splinePrefilter({ data, widthPx, heightPx }: Plane): void {
  for (let y = 0; y < heightPx; y += 1)
    prefilterLines(data.subarray(y * widthPx, (y + 1) * widthPx), widthPx, 1, 1);
  // All columns at once, a row at a time, in the order of memory.
  prefilterLines(data, heightPx, widthPx, widthPx);
}

/** Filters `lines` neighbouring lines of `count` samples, the samples of one line `stride` apart. */
function prefilterLines(data: Float64Array, count: number, stride: number, lines: number): void {
  if (count === 1) return;
  const gain = (1 - POLE) * (1 - 1 / POLE);
  for (let at = 0; at < data.length; at += 1) data[at]! *= gain;
  const last = count - 1;
  const end = last * stride;
  // The causal filter starts with the sum of the whole mirrored signal; terms below the last bit are left out.
  const powers = (k: number) => POLE ** k + POLE ** (2 * last - k);
  for (let line = 0; line < lines; line += 1) {
    let start = data[line]! + POLE ** last * data[end + line]!;
    for (let k = 1; k < last && k < 60; k += 1) start += powers(k) * data[k * stride + line]!;
    data[line] = start / (1 - POLE ** (2 * last));
  }
  for (let at = stride; at < count * stride; at += stride) {
    for (let line = at; line < at + lines; line += 1) data[line]! += POLE * data[line - stride]!;
  }
  for (let line = end; line < end + lines; line += 1) {
    data[line] = (POLE / (POLE * POLE - 1)) * (data[line]! + POLE * data[line - stride]!);
  }
  for (let at = end - stride; at >= 0; at -= stride) {
    for (let line = at; line < at + lines; line += 1)
      data[line] = POLE * (data[line + stride]! - data[line]!);
  }
}

function splineWeights(from: number, to: number): Weights {
  const weights = emptyWeights(to, 4);
  for (let k = 0; k < to; k += 1) {
    const x = ((k + 0.5) * from) / to - 0.5;
    const first = Math.floor(x) - 1;
    for (let tap = 0; tap < 4; tap += 1) {
      const t = Math.abs(x - (first + tap));
      weights.index[k * 4 + tap] = mirrored(first + tap, from);
      weights.weights[k * 4 + tap] =
        t < 1 ? 2 / 3 - t * t + t ** 3 / 2 : t < 2 ? (2 - t) ** 3 / 6 : 0;
    }
  }
  return weights;
}

function triangleWeights(from: number, to: number): Weights {
  const scale = Math.max(1, from / to);
  const taps = Math.ceil(scale) * 2 + 1;
  return normalised(from, to, taps, (centre, pixel) =>
    Math.max(0, 1 - Math.abs(pixel + 0.5 - centre) / scale),
  );
}

function areaWeights(from: number, to: number): Weights {
  const step = from / to;
  return normalised(from, to, Math.ceil(step) + 2, (centre, pixel) =>
    Math.max(0, Math.min(centre + step / 2, pixel + 1) - Math.max(centre - step / 2, pixel)),
  );
}

/**
 * OpenCV's INTER_AREA where a side grows: the value of the pixel that the cell begins in, and linearly towards the next
 * one over the part of the cell that reaches into it.
 */
function flatWeights(from: number, to: number): Weights {
  const weights = emptyWeights(to, 2);
  for (let k = 0; k < to; k += 1) {
    const first = Math.min(from - 1, Math.floor((k * from) / to));
    const reach = k + 1 - ((first + 1) * to) / from;
    const fraction = first >= from - 1 || reach <= 0 ? 0 : reach - Math.floor(reach);
    weights.index.set([first, Math.min(from - 1, first + 1)], k * 2);
    weights.weights.set([1 - fraction, fraction], k * 2);
  }
  return weights;
}

/** Weights of the pixels about each centre, divided by their sum over the pixels that exist. */
function normalised(
  from: number,
  to: number,
  taps: number,
  weigh: (centre: number, pixel: number) => number,
): Weights {
  const weights = emptyWeights(to, taps);
  for (let k = 0; k < to; k += 1) {
    const centre = ((k + 0.5) * from) / to;
    const first = Math.floor(centre - taps / 2);
    let total = 0;
    for (let tap = 0; tap < taps; tap += 1) {
      const pixel = first + tap;
      const weight = pixel >= 0 && pixel < from ? weigh(centre, pixel) : 0;
      weights.index[k * taps + tap] = Math.min(from - 1, Math.max(0, pixel));
      weights.weights[k * taps + tap] = weight;
      total += weight;
    }
    for (let tap = 0; tap < taps; tap += 1) weights.weights[k * taps + tap]! /= total;
  }
  return weights;
}

function separable(
  plane: Plane,
  columns: Weights,
  rows: Weights,
  widthPx: number,
  heightPx: number,
  between: (value: number) => number = (value) => value,
): Plane {
  const narrowed = new Float64Array(widthPx * plane.heightPx);
  for (let y = 0; y < plane.heightPx; y += 1) {
    const line = y * plane.widthPx;
    for (let x = 0; x < widthPx; x += 1) {
      let sum = 0;
      for (let at = x * columns.taps; at < (x + 1) * columns.taps; at += 1) {
        sum += columns.weights[at]! * plane.data[line + columns.index[at]!]!;
      }
      narrowed[y * widthPx + x] = between(sum);
    }
  }
  const data = new Float64Array(widthPx * heightPx);
  for (let y = 0; y < heightPx; y += 1) {
    for (let tap = y * rows.taps; tap < (y + 1) * rows.taps; tap += 1) {
      const weight = rows.weights[tap]!;
      if (weight === 0) continue;
      const from = rows.index[tap]! * widthPx;
      for (let x = 0; x < widthPx; x += 1) data[y * widthPx + x]! += weight * narrowed[from + x]!;
    }
  }
  return { data, widthPx, heightPx };
}
