import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SliceMask } from '../../src-shared/contract/segmentation.ts';
import { composeBlock } from './mask-composite.ts';
import type { PlacedMask } from './mask-composite.ts';
import { groupPlaced, touchingParts } from './segment-masks.ts';

const square = (sliceIndex: number, x = 0, y = 0, size = 4): PlacedMask => ({
  axis: 'k',
  sliceIndex,
  originPx: [x, y],
  sizePx: [size, size],
  bits: new Uint8Array(size * size).fill(1),
});
const record = (id: string, segmentId: string) => ({ id, segmentId }) as SliceMask;

describe('masks by segment', () => {
  const bits = new Map(['a', 'b', 'c'].map((id, n) => [id, square(n)]));
  const masks = [record('a', 'one'), record('b', 'two'), record('c', 'two')];

  it('are those whose bits are here, without the one in hand', () => {
    const groups = groupPlaced([...masks, record('d', 'one')], bits, 'b');
    expect([...groups]).toEqual([
      ['one', [bits.get('a')]],
      ['two', [bits.get('c')]],
    ]);
  });

  it('stay the same list for a segment in which nothing changed', () => {
    const before = groupPlaced(masks, bits, null);
    const after = groupPlaced(masks, new Map(bits), 'c', before);
    expect(after.get('one')).toBe(before.get('one'));
    expect(after.get('two')).not.toBe(before.get('two'));
  });
});

describe('parts of a segment that have a surface of their own', () => {
  it('are those that do not touch', () => {
    const [a, b, far, aside] = [square(3), square(4, 2, 2), square(6), square(3, 5, 0)];
    expect(touchingParts([a, far, b, aside])).toEqual([[a, b, aside], [far]]);
    expect(touchingParts([square(1, 0, 0, 0)])).toEqual([]);
  });

  it('have all voxels of the segment, each once, and an empty voxel between them', () => {
    const any = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 20 })),
      { minLength: 1, maxLength: 12 },
    );
    fc.assert(
      fc.property(any, (places) => {
        const masks = places.map(([k, x, y]) => square(k, x, y, 3));
        const parts = touchingParts(masks);
        expect(parts.flat().length).toBe(masks.length);
        const voxels = parts.map((part) => composeBlock(part)!.count);
        expect(voxels.reduce((a, b) => a + b, 0)).toBe(composeBlock(masks)!.count);
      }),
    );
  });
});
