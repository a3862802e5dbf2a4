import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../tests/support/temporary-folder.ts';
import {
  indexToWorld,
  type Vec3,
  type VolumeGeometry,
} from '../../src-shared/geometry/volume-geometry.ts';
import { decodeSeries } from '../imaging/decode.ts';
import { planImport } from '../imaging/plan-import.ts';
import type { DecodedVolume, Voxels } from '../imaging/types.ts';
import { formatOfName, writeImage } from './write-image.ts';

async function readBack(path: string): Promise<DecodedVolume> {
  const plan = await planImport([path], { tempDir: temporaryFolder() });
  expect(plan.refused).toEqual([]);
  const decoded = await decodeSeries(plan.series[0]!);
  if (!decoded.ok) throw new Error(decoded.error.detail);
  return decoded.value;
}

/** Rotations from unit quaternions, half of them with a mirrored third axis. */
const directions = fc
  .tuple(
    fc.tuple(...Array.from({ length: 4 }, () => fc.double({ min: -1, max: 1, noNaN: true }))),
    fc.boolean(),
  )
  .filter(([q]) => Math.hypot(...q) > 0.1)
  .map(([q, mirrored]) => {
    const [a, b, c, d] = q.map((v) => v / Math.hypot(...q)) as [number, number, number, number];
    const s = mirrored ? -1 : 1;
    return [
      a * a + b * b - c * c - d * d, 2 * (b * c - a * d), s * 2 * (b * d + a * c),
      2 * (b * c + a * d), a * a + c * c - b * b - d * d, s * 2 * (c * d - a * b),
      2 * (b * d - a * c), 2 * (c * d + a * b), s * (a * a + d * d - b * b - c * c),
    ]; // prettier-ignore
  });

const geometries: fc.Arbitrary<VolumeGeometry> = fc.record({
  sizeVx: fc.tuple(
    fc.integer({ min: 2, max: 7 }),
    fc.integer({ min: 2, max: 7 }),
    fc.integer({ min: 2, max: 7 }),
  ),
  spacingMm: fc.tuple(
    ...([0, 1, 2].map(() => fc.double({ min: 0.2, max: 8, noNaN: true })) as [
      fc.Arbitrary<number>,
      fc.Arbitrary<number>,
      fc.Arbitrary<number>,
    ]),
  ),
  originMm: fc.tuple(
    ...([0, 1, 2].map(() => fc.double({ min: -900, max: 900, noNaN: true })) as [
      fc.Arbitrary<number>,
      fc.Arbitrary<number>,
      fc.Arbitrary<number>,
    ]),
  ),
  direction: directions,
});

const arrays = [Uint8Array, Int16Array, Uint16Array, Float32Array];

describe('writing images', () => {
  it.each(['volume.nii.gz', 'volume.nii', 'volume.nrrd', 'volume.mha'])(
    'keeps every voxel of %s in its place, whatever the orientation',
    async (name) => {
      const folder = temporaryFolder();
      await fc.assert(
        fc.asyncProperty(
          geometries,
          fc.constantFrom(...arrays),
          fc.integer({ min: 1, max: 99 }),
          async (geometry, Type, seed) => {
            const count = geometry.sizeVx[0] * geometry.sizeVx[1] * geometry.sizeVx[2];
            const voxels: Voxels = new Type(count).map((_, n) => (n * seed) % 251);
            const path = join(folder, name);
            expect((await writeImage(path, { geometry, channels: 1, voxels })).ok).toBe(true);
            const read = await readBack(path);
            expect(read.voxels).toEqual(voxels);
            const corners: Vec3[] = [[0, 0, 0], [geometry.sizeVx[0] - 1, 0, 0], [0, geometry.sizeVx[1] - 1, 0], geometry.sizeVx.map((n) => n - 1) as Vec3]; // prettier-ignore
            for (const corner of corners) {
              const [wanted, got] = [
                indexToWorld(geometry, corner),
                indexToWorld(read.geometry, corner),
              ];
              expect(Math.hypot(...wanted.map((v, n) => v - got[n]!))).toBeLessThan(1e-3);
            }
            for (const axis of [0, 1, 2]) {
              expect(read.geometry.spacingMm[axis]! / geometry.spacingMm[axis]!).toBeCloseTo(1, 5);
            }
            expect(read.measurable).toBe(true);
          },
        ),
        { numRuns: 8 },
      );
    },
  );

  const flat = (sizeVx: Vec3): VolumeGeometry => ({
    sizeVx,
    spacingMm: [1, 1, 1],
    originMm: [0, 0, 0],
    direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  });

  it('writes masks and colour pictures as PNG', async () => {
    const folder = temporaryFolder();
    const mask = Uint8Array.from({ length: 35 }, (_, n) => (n % 3 ? 0 : 255));
    await writeImage(join(folder, 'mask.png'), {
      geometry: flat([7, 5, 1]),
      channels: 1,
      voxels: mask,
    });
    expect(await readBack(join(folder, 'mask.png'))).toMatchObject({ channels: 1, voxels: mask });
    const colours = Uint8Array.from({ length: 105 }, (_, n) => n);
    await writeImage(join(folder, 'rgb.png'), {
      geometry: flat([7, 5, 1]),
      channels: 3,
      voxels: colours,
    });
    expect(await readBack(join(folder, 'rgb.png'))).toMatchObject({ channels: 3, voxels: colours });
  });

  it('does not straighten skewed axes without a word', async () => {
    const folder = temporaryFolder();
    const geometry = {
      ...flat([6, 6, 6]),
      direction: [1, 0.4, 0, 0, Math.sqrt(1 - 0.16), 0, 0, 0, 1],
    };
    const image = { geometry, channels: 1 as const, voxels: new Uint8Array(216) };
    expect(await writeImage(join(folder, 'a.nrrd'), image)).toMatchObject({ ok: true });
    expect((await readBack(join(folder, 'a.nrrd'))).geometry.direction[1]).toBeCloseTo(0.4, 6);
    expect(await writeImage(join(folder, 'a.nii.gz'), image)).toMatchObject({
      error: { code: 'geometry-not-kept' },
    });
    expect(readdirSync(folder)).toEqual(['a.nrrd']);
  });

  it('says what it cannot write, and leaves nothing behind', async () => {
    const folder = temporaryFolder();
    const voxels = new Uint8Array(8);
    const image = { geometry: flat([2, 2, 2]), channels: 1 as const, voxels };
    expect(await writeImage(join(folder, 'a.png'), image)).toMatchObject({
      error: { code: 'unsupported-format' },
    });
    expect(await writeImage(join(folder, 'a.jpg'), image)).toMatchObject({
      error: { code: 'unsupported-format' },
    });
    expect(await writeImage(join(folder, 'no/such/folder/a.mha'), image)).toMatchObject({
      error: { code: 'file-not-written' },
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    ['a.nii.gz', 'nifti'],
    ['A.NII', 'nifti'],
    ['a.b.nrrd', 'nrrd'],
    ['mask.png', 'png'],
    ['mask.dcm', null],
  ])('takes the format of %s from its name', (name, format) =>
    expect(formatOfName(name)).toBe(format),
  );
});
