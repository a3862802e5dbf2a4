import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inSliceAxes, sliceLayout, type SliceAxis } from '../../src-shared/geometry/planes.ts';
import type { Vec3 } from '../../src-shared/geometry/volume-geometry.ts';
import type { Voxels } from '../imaging/types.ts';
import {
  countUnion,
  describeSums,
  joinSums,
  sumUnion,
  visitUnion,
  type PlacedMask,
} from './union.ts';

function numbersOf(masks: PlacedMask[], sizeVx: Vec3, voxels: Voxels) {
  const sums = sumUnion(masks, sizeVx, voxels);
  return { voxelCount: sums.voxelCount, ...describeSums(sums) };
}

/** The masks of a ball on all slices across an axis. */
function ballMasks(sizeVx: Vec3, centre: Vec3, radius: number, axis: SliceAxis): PlacedMask[] {
  const [x, y] = inSliceAxes(axis);
  const across = ({ i: 0, j: 1, k: 2 } as const)[axis];
  return Array.from({ length: sizeVx[across] }, (_, sliceIndex) => {
    const pixels = new Uint8Array(sizeVx[x] * sizeVx[y]);
    for (let n = 0; n < pixels.length; n++) {
      const at: Vec3 = [0, 0, 0];
      at[x] = n % sizeVx[x];
      at[y] = Math.floor(n / sizeVx[x]);
      at[across] = sliceIndex;
      pixels[n] = Number(Math.hypot(...at.map((v, a) => v - centre[a]!)) <= radius);
    }
    return {
      axis,
      sliceIndex,
      originPx: [0, 0] as [number, number],
      sizePx: [sizeVx[x], sizeVx[y]] as [number, number],
      pixels,
    };
  });
}

describe('union of masks', () => {
  const size: Vec3 = [50, 46, 48];
  const centre: Vec3 = [24, 22, 23];

  it('of a digitised ball has its volume', () => {
    const count = countUnion(ballMasks(size, centre, 20, 'k'), size);
    expect(count / ((4 / 3) * Math.PI * 20 ** 3)).toBeCloseTo(1, 2);
  });

  it('counts a voxel once however many planes cover it', () => {
    const one = countUnion(ballMasks(size, centre, 15, 'k'), size);
    const all = (['i', 'j', 'k'] as const).flatMap((axis) => ballMasks(size, centre, 15, axis));
    expect(countUnion(all, size)).toBe(one);
  });

  it('is the same set as marking every voxel of every mask', () => {
    const sizeVx: Vec3 = [5, 4, 3];
    const mask = fc
      .constantFrom<SliceAxis>('i', 'j', 'k')
      .chain((axis) => {
        const [x, y] = inSliceAxes(axis);
        const across = ({ i: 0, j: 1, k: 2 } as const)[axis];
        return fc.record({
          axis: fc.constant(axis),
          sliceIndex: fc.integer({ min: 0, max: sizeVx[across] - 1 }),
          corner: fc.tuple(
            fc.integer({ min: 0, max: sizeVx[x] - 1 }),
            fc.integer({ min: 0, max: sizeVx[y] - 1 }),
          ),
          far: fc.tuple(
            fc.integer({ min: 0, max: sizeVx[x] }),
            fc.integer({ min: 0, max: sizeVx[y] }),
          ),
          noise: fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 20, maxLength: 20 }),
        });
      })
      .map(({ axis, sliceIndex, corner, far, noise }): PlacedMask => {
        const sizePx: [number, number] = [
          Math.max(0, far[0] - corner[0]),
          Math.max(0, far[1] - corner[1]),
        ];
        return {
          axis,
          sliceIndex,
          originPx: corner,
          sizePx,
          pixels: Uint8Array.from(noise.slice(0, sizePx[0] * sizePx[1])),
        };
      });
    fc.assert(
      fc.property(fc.array(mask, { maxLength: 6 }), (masks) => {
        const expected = new Set<number>();
        for (const m of masks) {
          const { first, stepX, stepY } = sliceLayout(sizeVx, m.axis, m.sliceIndex);
          m.pixels.forEach((bit, n) => {
            if (!bit) return;
            const x = m.originPx[0] + (n % m.sizePx[0]);
            const y = m.originPx[1] + Math.floor(n / m.sizePx[0]);
            expected.add(first + x * stepX + y * stepY);
          });
        }
        const visited: number[] = [];
        visitUnion(masks, sizeVx, (voxel) => visited.push(voxel));
        expect(visited.length).toBe(expected.size);
        expect(new Set(visited)).toEqual(expected);
      }),
    );
  });

  it('describes stored values with the n − 1 deviation', () => {
    const sizeVx: Vec3 = [4, 1, 1];
    const mask: PlacedMask = {
      axis: 'k',
      sliceIndex: 0,
      originPx: [0, 0],
      sizePx: [4, 1],
      pixels: Uint8Array.from([1, 1, 0, 1]),
    };
    const result = numbersOf([mask, mask], sizeVx, Int16Array.from([2, 4, 1000, 9]));
    expect(result.voxelCount).toBe(3);
    expect(result.meanValue).toBeCloseTo(5, 12);
    expect(result.sdValue).toBeCloseTo(Math.sqrt(13), 12);
  });

  it('has no mean without voxels and no deviation of one', () => {
    const sizeVx: Vec3 = [2, 1, 1];
    const voxels = Float32Array.from([7, Number.NaN]);
    expect(numbersOf([], sizeVx, voxels)).toEqual({
      voxelCount: 0,
      meanValue: null,
      sdValue: null,
    });
    const both: PlacedMask = {
      axis: 'k',
      sliceIndex: 0,
      originPx: [0, 0],
      sizePx: [2, 1],
      pixels: Uint8Array.from([1, 1]),
    };
    expect(numbersOf([both], sizeVx, voxels)).toEqual({
      voxelCount: 2,
      meanValue: 7,
      sdValue: null,
    });
  });

  it('has the same numbers slice by slice as all at once', () => {
    const size: Vec3 = [12, 11, 9];
    const voxels = Float32Array.from({ length: 12 * 11 * 9 }, (_, n) => 5e4 + Math.sin(n) * 30);
    voxels[12 * 11 * 4 + 12 * 5 + 5] = Number.NaN;
    const masks = ballMasks(size, [5, 5, 4], 4, 'k');
    const joined = masks.map((mask) => sumUnion([mask], size, voxels)).reduce(joinSums);
    const whole = sumUnion(masks, size, voxels);
    expect([joined.voxelCount, joined.values]).toEqual([whole.voxelCount, whole.values]);
    expect(joined.values).toBe(joined.voxelCount - 1);
    expect(joined.mean).toBeCloseTo(whole.mean, 8);
    expect(describeSums(joined).sdValue).toBeCloseTo(describeSums(whole).sdValue!, 8);
  });
});
