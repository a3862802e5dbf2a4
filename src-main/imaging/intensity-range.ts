import type { Voxels } from './types.ts';

export interface IntensityRange {
  /** Smallest and largest finite value; [0, 0] when there is none. */
  valueRange: [number, number];
  /**
   * 0.5 % and 99.5 % of the strictly positive finite voxels, with numpy's linear interpolation
   * (`numpy.percentile(x[x > 0], [0.5, 99.5])`); the value range when no voxel is positive.
   */
  percentileRange: [number, number];
}

const lowQuantile = 0.005;
const highQuantile = 0.995;

/**
 * Value range and percentile range of all voxels. Exact for every type and without sorting or
 * copying: integers by a histogram of their values, float32 by two histograms of their bits
 * (positive floats have the order of their bit patterns).
 */
export function intensityRange(voxels: Voxels): IntensityRange {
  return voxels instanceof Float32Array ? rangeOfFloats(voxels) : rangeOfIntegers(voxels);
}

function rangeOfIntegers(voxels: Uint8Array | Int16Array | Uint16Array): IntensityRange {
  if (voxels.length === 0) return { valueRange: [0, 0], percentileRange: [0, 0] };
  const shift = voxels instanceof Int16Array ? 32768 : 0;
  const counts = new Float64Array(voxels instanceof Uint8Array ? 256 : 65536);
  for (let n = 0; n < voxels.length; n++) counts[voxels[n]! + shift]!++;
  const first = counts.findIndex((count) => count > 0) - shift;
  const last = counts.findLastIndex((count) => count > 0) - shift;
  const valueRange: [number, number] = [first, last];
  const start = shift + 1;
  let positives = 0;
  for (let bin = start; bin < counts.length; bin++) positives += counts[bin]!;
  if (positives === 0) return { valueRange, percentileRange: valueRange };
  const valueAt = (rank: number) => {
    let below = 0;
    for (let bin = start; bin < counts.length; bin++) {
      below += counts[bin]!;
      if (rank < below) return bin - shift;
    }
    return last;
  };
  return { valueRange, percentileRange: bothQuantiles(positives, valueAt) };
}

function rangeOfFloats(voxels: Float32Array): IntensityRange {
  const bits = new Uint32Array(voxels.buffer, voxels.byteOffset, voxels.length);
  const coarse = new Float64Array(65536);
  let low = Infinity;
  let high = -Infinity;
  let positives = 0;
  for (let n = 0; n < voxels.length; n++) {
    const value = voxels[n]!;
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
    if (value > 0) {
      positives++;
      coarse[bits[n]! >>> 16]!++;
    }
  }
  const valueRange: [number, number] = low <= high ? [low, high] : [0, 0];
  if (positives === 0) return { valueRange, percentileRange: valueRange };

  const fineByCoarseBin = new Map<number, Float64Array>();
  const coarseBinOf = (rank: number) => {
    let below = 0;
    let bin = 0;
    while (rank >= below + coarse[bin]!) below += coarse[bin++]!;
    return { bin, below };
  };
  for (const rank of ranksNeeded(positives)) {
    fineByCoarseBin.set(coarseBinOf(rank).bin, new Float64Array(65536));
  }
  for (let n = 0; n < voxels.length; n++) {
    const pattern = bits[n]!;
    const fine = fineByCoarseBin.get(pattern >>> 16);
    // Infinity shares its coarse bin with no finite value but with NaNs, which are no values.
    if (fine && Number.isFinite(voxels[n]!)) fine[pattern & 0xffff]!++;
  }
  const view = new DataView(new ArrayBuffer(4));
  const valueAt = (rank: number) => {
    const { bin, below } = coarseBinOf(rank);
    const fine = fineByCoarseBin.get(bin)!;
    let seen = below;
    let low16 = 0;
    while (rank >= seen + fine[low16]!) seen += fine[low16++]!;
    view.setUint32(0, bin * 65536 + low16);
    return view.getFloat32(0);
  };
  return { valueRange, percentileRange: bothQuantiles(positives, valueAt) };
}

/** The ranks around both quantiles: position q·(n − 1) and its neighbour. */
function ranksNeeded(count: number): number[] {
  return [lowQuantile, highQuantile].flatMap((q) => {
    const position = q * (count - 1);
    return [Math.floor(position), Math.ceil(position)];
  });
}

function bothQuantiles(count: number, valueAt: (rank: number) => number): [number, number] {
  const quantile = (q: number) => {
    const position = q * (count - 1);
    const below = valueAt(Math.floor(position));
    const above = valueAt(Math.ceil(position));
    return below + (above - below) * (position - Math.floor(position));
  };
  return [quantile(lowQuantile), quantile(highQuantile)];
}
