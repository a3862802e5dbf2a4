import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { intensityRange } from './intensity-range.ts';

/** numpy.percentile(x[x > 0], [0.5, 99.5]) by its definition. */
function byDefinition(values: Iterable<number>): [number, number] | null {
  const sorted = [...values].filter((v) => v > 0 && Number.isFinite(v)).sort((a, b) => a - b);
  if (sorted.length === 0) return null;
  const at = (q: number) => {
    const position = q * (sorted.length - 1);
    const below = sorted[Math.floor(position)]!;
    return below + (sorted[Math.ceil(position)]! - below) * (position - Math.floor(position));
  };
  return [at(0.005), at(0.995)];
}

describe('intensityRange', () => {
  it('gives numpy’s numbers for 1…1000', () => {
    const voxels = Int16Array.from({ length: 1000 }, (_, n) => n + 1);
    const { valueRange, percentileRange } = intensityRange(voxels);
    expect(valueRange).toEqual([1, 1000]);
    // numpy.percentile(numpy.arange(1, 1001), [0.5, 99.5])
    expect(percentileRange[0]).toBeCloseTo(5.995, 10);
    expect(percentileRange[1]).toBeCloseTo(995.005, 10);
  });

  it('takes strictly positive voxels only', () => {
    const voxels = Int16Array.of(-1000, 0, 0, 0, 7, 7, 7);
    expect(intensityRange(voxels)).toEqual({ valueRange: [-1000, 7], percentileRange: [7, 7] });
  });

  it('falls back to the value range when nothing is positive', () => {
    expect(intensityRange(Int16Array.of(-5, -1, 0)).percentileRange).toEqual([-5, 0]);
    expect(intensityRange(Float32Array.of(-5, -1)).percentileRange).toEqual([-5, -1]);
  });

  it('leaves out NaN and infinities', () => {
    const range = intensityRange(Float32Array.of(NaN, 1, 2, Infinity, -Infinity));
    expect(range.valueRange).toEqual([1, 2]);
    expect(range.percentileRange[1]).toBeCloseTo(1.995, 6);
  });

  it('agrees with sorting for every type', () => {
    const check = (voxels: Uint8Array | Int16Array | Uint16Array | Float32Array) => {
      const range = intensityRange(voxels);
      const expected = byDefinition(voxels) ?? range.valueRange;
      expect(range.percentileRange[0]).toBeCloseTo(expected[0], 9);
      expect(range.percentileRange[1]).toBeCloseTo(expected[1], 9);
    };
    fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 400 }), check));
    fc.assert(fc.property(fc.int16Array({ minLength: 1, maxLength: 400 }), check));
    fc.assert(fc.property(fc.uint16Array({ minLength: 1, maxLength: 400 }), check));
    fc.assert(
      fc.property(fc.float32Array({ minLength: 1, maxLength: 400, min: -1e4, max: 1e4 }), check),
    );
  });
});
