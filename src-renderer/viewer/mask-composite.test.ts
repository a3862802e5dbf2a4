import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { axisNumber, inSliceAxes } from '../../src-shared/geometry/planes.ts';
import type { SliceAxis } from '../../src-shared/geometry/planes.ts';
import { composeBlock, composeSlice, voxelsToMl } from './mask-composite.ts';
import type { PlacedMask } from './mask-composite.ts';

const mask = (axis: SliceAxis, sliceIndex: number, x: number, y: number, rows: string[]): PlacedMask => ({
  axis,
  sliceIndex,
  originPx: [x, y],
  sizePx: [rows[0]!.length, rows.length],
  bits: Uint8Array.from(rows.join(''), Number),
});

/** All voxels of masks, as "i,j,k". */
function voxelsOf(masks: readonly PlacedMask[]): Set<string> {
  const set = new Set<string>();
  for (const m of masks) {
    const [ax, ay] = inSliceAxes(m.axis);
    m.bits.forEach((bit, n) => {
      if (!bit) return;
      const v = [0, 0, 0];
      v[axisNumber[m.axis]] = m.sliceIndex;
      v[ax] = m.originPx[0] + (n % m.sizePx[0]);
      v[ay] = m.originPx[1] + Math.floor(n / m.sizePx[0]);
      set.add(v.join());
    });
  }
  return set;
}

const anyMask = fc
  .record({
    axis: fc.constantFrom<SliceAxis>('i', 'j', 'k'),
    sliceIndex: fc.integer({ min: 0, max: 7 }),
    x: fc.integer({ min: 0, max: 5 }),
    y: fc.integer({ min: 0, max: 5 }),
    width: fc.integer({ min: 0, max: 4 }),
    height: fc.integer({ min: 0, max: 4 }),
    fill: fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 16, maxLength: 16 }),
  })
  .map(({ axis, sliceIndex, x, y, width, height, fill }): PlacedMask => ({
    axis,
    sliceIndex,
    originPx: [x, y],
    sizePx: [width, height],
    bits: Uint8Array.from(fill.slice(0, width * height)),
  }));

describe('masks on a slice', () => {
  it('unites masks of the same slice, a shared pixel once', () => {
    const slice = composeSlice(
      [mask('k', 4, 10, 20, ['11', '11']), mask('k', 4, 11, 21, ['11', '11']), mask('k', 5, 10, 20, ['1'])],
      'k',
      4,
    )!;
    expect(slice.originPx).toEqual([10, 20]);
    expect(slice.sizePx).toEqual([3, 3]);
    expect([...slice.bits]).toEqual([1, 1, 0, 1, 1, 1, 0, 1, 1]);
    expect(slice.count).toBe(7);
  });

  it('shows a mask of a crossing plane as its line on the slice', () => {
    // Across j at j = 50: x is i, y is k.
    const coronal = mask('j', 50, 10, 4, ['110', '011']);
    const axial = composeSlice([coronal], 'k', 5)!;
    expect(axial).toMatchObject({ originPx: [10, 50], sizePx: [3, 1], count: 2 });
    expect([...axial.bits]).toEqual([0, 1, 1]);
    const sagittal = composeSlice([coronal], 'i', 11)!;
    expect(sagittal).toMatchObject({ originPx: [50, 4], sizePx: [1, 2], count: 2 });
    expect(composeSlice([coronal], 'k', 6)).toBeNull();
  });

  it('shows exactly the voxels of all masks, on every slice of every axis', () => {
    fc.assert(
      fc.property(fc.array(anyMask, { maxLength: 6 }), (masks) => {
        const expected = voxelsOf(masks);
        for (const axis of ['i', 'j', 'k'] as const) {
          const shown = new Set<string>();
          for (let n = 0; n < 10; n++) {
            const slice = composeSlice(masks, axis, n);
            if (slice) for (const v of voxelsOf([{ axis, sliceIndex: n, ...slice }])) shown.add(v);
          }
          expect(shown).toEqual(expected);
        }
      }),
    );
  });
});

describe('masks as a block of voxels', () => {
  it('holds exactly the voxels of all masks inside its margin', () => {
    fc.assert(
      fc.property(fc.array(anyMask, { maxLength: 6 }), fc.integer({ min: 0, max: 2 }), (masks, margin) => {
        const expected = voxelsOf(masks);
        const block = composeBlock(masks, margin);
        if (expected.size === 0) return void expect(block).toBeNull();
        const found = new Set<string>();
        block!.bits.forEach((bit, n) => {
          if (!bit) return;
          const [w, h] = block!.sizeVx;
          const local = [n % w, Math.floor(n / w) % h, Math.floor(n / (w * h))];
          found.add(local.map((v, a) => v + block!.originVx[a]!).join());
          if (margin > 0) for (const [a, v] of local.entries()) {
            expect(v).toBeGreaterThanOrEqual(margin);
            expect(v).toBeLessThan(block!.sizeVx[a]! - margin);
          }
        });
        expect(found).toEqual(expected);
        expect(block!.count).toBe(expected.size);
      }),
    );
  });

  it('counts millilitres', () => {
    const geometry = { sizeVx: [9, 9, 9], spacingMm: [0.5, 0.5, 4], originMm: [0, 0, 0], direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] };
    expect(voxelsToMl(geometry as never, 2500)).toBeCloseTo(2.5, 12);
  });
});
