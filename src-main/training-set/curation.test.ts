import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Vec3 } from '../../src-shared/geometry/volume-geometry.ts';
import golden from '../../tests/golden/curation.json' with { type: 'json' };
import { connectedComponents } from './components.ts';
import { curate, segmentGrid, slicesOf } from './curation.ts';

const bitsOf = (text: string) => Uint8Array.from(text, Number);

test.each(golden.map((one, n) => ({ n, ...one })))(
  'drops what SciPy drops, case $n',
  ({ sizeVx, voxels, kept, minimumVoxels, minimumSlicePx, droppedObjects, droppedPieces }) => {
    const grid = { originVx: [0, 0, 0] as Vec3, sizeVx: sizeVx as Vec3, voxels: bitsOf(voxels) };
    const dropped = curate(grid, { minimumVoxels, minimumSlicePx });
    expect([...grid.voxels]).toEqual([...bitsOf(kept)]);
    const sizes = (rule: string) =>
      dropped
        .filter((piece) => piece.rule === rule)
        .map(({ voxelCount }) => voxelCount)
        .toSorted((a, b) => a - b);
    expect(sizes('object')).toEqual(droppedObjects);
    expect(sizes('slice')).toEqual(droppedPieces);
  },
);

const grids = fc
  .tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 5 }))
  .chain(([x, y, z]) =>
    fc.record({
      sizeVx: fc.constant([x, y, z] as Vec3),
      voxels: fc.uint8Array({ min: 0, max: 1, minLength: x * y * z, maxLength: x * y * z }),
    }),
  ); // prettier-ignore

test('components are those of a flood fill, in space and on slices', () => {
  fc.assert(
    fc.property(grids, fc.constantFrom('volume' as const, 'slice' as const), (grid, within) => {
      const found = connectedComponents(grid.voxels, grid.sizeVx, within);
      expect(found.map(({ voxelCount }) => voxelCount)).toEqual(
        floodFill(grid.voxels, grid.sizeVx, within === 'volume'),
      );
    }),
  );
});

test('every voxel is kept or in one dropped piece, and what is kept is large enough', () => {
  fc.assert(
    fc.property(grids, fc.nat(12), fc.nat(6), (grid, minimumVoxels, minimumSlicePx) => {
      const before = grid.voxels.reduce((sum, v) => sum + v, 0);
      const one = { ...grid, originVx: [3, 4, 5] as Vec3, voxels: grid.voxels.slice() };
      const dropped = curate(one, { minimumVoxels, minimumSlicePx });
      const after = one.voxels.reduce((sum, v) => sum + v, 0);
      expect(after + dropped.reduce((sum, { voxelCount }) => sum + voxelCount, 0)).toBe(before);
      for (const { voxelCount } of connectedComponents(one.voxels, one.sizeVx, 'slice')) {
        expect(voxelCount).toBeGreaterThanOrEqual(minimumSlicePx);
      }
      expect(curate(one, { minimumVoxels: null, minimumSlicePx })).toEqual([]);
    }),
  );
});

test('masks of all three axes become the voxels that they cover, in place', () => {
  const pixels = Uint8Array.of(1, 0, 1, 1);
  const grid = segmentGrid([
    { axis: 'k', sliceIndex: 7, originPx: [10, 20], sizePx: [2, 2], pixels },
    { axis: 'j', sliceIndex: 21, originPx: [10, 7], sizePx: [2, 2], pixels },
    { axis: 'i', sliceIndex: 12, originPx: [20, 8], sizePx: [2, 2], pixels },
  ]);
  expect(grid).toMatchObject({ originVx: [10, 20, 7], sizeVx: [3, 2, 3] });
  expect(slicesOf(grid)).toEqual([7, 8, 9]);
  const set = [...grid.voxels.keys()]
    .filter((n) => grid.voxels[n] === 1)
    .map((n) => [10 + (n % 3), 20 + (Math.floor(n / 3) % 2), 7 + Math.floor(n / 6)].join());
  expect(set.toSorted()).toEqual(
    ['10,20,7', '10,21,7', '11,21,7', '10,21,8', '11,21,8', '12,20,8', '12,20,9', '12,21,9'].toSorted(),
  ); // prettier-ignore
});

/** Sizes of components in the order of first voxels, by the plainest means. */
function floodFill(voxels: Uint8Array, [nx, ny, nz]: Vec3, acrossSlices: boolean): number[] {
  const left = voxels.slice();
  const sizes: number[] = [];
  for (let start = 0; start < left.length; start++) {
    if (left[start] === 0) continue;
    left[start] = 0;
    let size = 0;
    const open = [start];
    while (open.length > 0) {
      const at = open.pop()!;
      size++;
      const [x, y, z] = [at % nx, Math.floor(at / nx) % ny, Math.floor(at / nx / ny)];
      for (const dz of acrossSlices ? [-1, 0, 1] : [0]) {
        for (const dy of [-1, 0, 1]) {
          for (const dx of [-1, 0, 1]) {
            const [i, j, k] = [x + dx, y + dy, z + dz];
            if (i < 0 || j < 0 || k < 0 || i >= nx || j >= ny || k >= nz) continue;
            const next = i + nx * (j + ny * k);
            if (left[next] === 1) open.push(next);
            left[next] = 0;
          }
        }
      }
    }
    sizes.push(size);
  }
  return sizes;
}
