import { expect, it } from 'vitest';
import type { Vec3 } from '../../src-shared/geometry/volume-geometry.ts';
import type { PlacedMask, VoxelBlock } from './mask-composite.ts';
import { SegmentSurfaces } from './segment-surfaces.ts';
import type { Surface } from './surface.ts';

const geometry = {
  sizeVx: [64, 64, 64] as Vec3,
  spacingMm: [1, 1, 1] as Vec3,
  originMm: [0, 0, 0] as Vec3,
  direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
};
const square = (sliceIndex: number): PlacedMask => ({
  axis: 'k',
  sliceIndex,
  originPx: [0, 0],
  sizePx: [2, 2],
  bits: Uint8Array.of(1, 1, 1, 1),
});
const surface = { points: new Float32Array(0), normals: new Float32Array(0), polys: new Uint32Array(0) } as Surface;

function stage() {
  const shown = new Map<string, boolean>();
  const asked: { block: VoxelBlock; answer: () => Promise<void> }[] = [];
  const surfaces = new SegmentSurfaces(
    {
      setSurface: (id, _surface, _colour, visible) => shown.set(id, visible),
      removeSurface: (id) => shown.delete(id),
    },
    geometry,
    () => undefined,
    () => undefined,
    {
      make: (block) =>
        new Promise((resolve) => {
          asked.push({
            block,
            answer: async () => {
              resolve(surface);
              await new Promise((done) => setTimeout(done));
            },
          });
        }),
      dispose: () => undefined,
    },
  );
  return { shown, asked, surfaces };
}
const segment = (masks: PlacedMask[], visible = true) => ({ id: 's', colour: '#112233', visible, masks });

it('makes only the part anew that an edit touched, and keeps the old one until then', async () => {
  const { shown, asked, surfaces } = stage();
  const [low, high] = [square(2), square(30)];
  surfaces.show([segment([low, high])]);
  for (const one of asked) await one.answer();
  expect(shown.size).toBe(2);

  surfaces.show([segment([low, high, square(31)])]);
  expect(asked.length).toBe(3);
  expect(asked[2]!.block.originVx[2]).toBe(29);
  expect(shown.size).toBe(2);
  await asked[2]!.answer();
  expect(shown.size).toBe(2);
});

it('takes a part away at once when its masks are gone, and a segment with all its parts', async () => {
  const { shown, asked, surfaces } = stage();
  const [low, high] = [square(2), square(30)];
  surfaces.show([segment([low, high])]);
  for (const one of asked) await one.answer();
  expect(surfaces.show([segment([low])])).toBe(true);
  expect(shown.size).toBe(1);
  expect(surfaces.show([segment([low], false)])).toBe(true);
  expect([...shown.values()]).toEqual([false]);
  expect(surfaces.show([segment([low], false)])).toBe(false);
  surfaces.show([]);
  expect(shown.size).toBe(0);
});

it('does not show a surface that came too late', async () => {
  const { shown, asked, surfaces } = stage();
  surfaces.show([segment([square(2)])]);
  surfaces.show([segment([square(9)])]);
  await asked[0]!.answer();
  expect(shown.size).toBe(0);
  await asked[1]!.answer();
  expect(shown.size).toBe(1);
});
