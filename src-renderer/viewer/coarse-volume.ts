import type { Vec3 } from '../../src-shared/geometry/volume-geometry.ts';
import type { Voxels } from './voxels.ts';

/** The step along i, j, k at which a volume has at most `maxVoxels`; coarser axes are thinned last. */
export function coarseStep(sizeVx: Readonly<Vec3>, spacingMm: Readonly<Vec3>, maxVoxels: number): Vec3 {
  const step: Vec3 = [1, 1, 1];
  const count = () => sizeVx.reduce((n, size, a) => n * Math.ceil(size / step[a]!), 1);
  while (count() > maxVoxels) {
    const finest = ([0, 1, 2] as const).reduce((a, b) =>
      spacingMm[b] * step[b] < spacingMm[a] * step[a] - 1e-9 ? b : a,
    );
    step[finest] += 1;
  }
  return step;
}

/** Every `step`-th voxel, from the first on. For pictures only, never for numbers. */
export function thinned(voxels: Voxels, sizeVx: Readonly<Vec3>, step: Readonly<Vec3>): { voxels: Voxels; sizeVx: Vec3 } {
  const size = sizeVx.map((n, a) => Math.ceil(n / step[a]!)) as Vec3;
  const out = new (voxels.constructor as { new (n: number): Voxels })(size[0] * size[1] * size[2]);
  let at = 0;
  for (let k = 0; k < sizeVx[2]; k += step[2]) {
    for (let j = 0; j < sizeVx[1]; j += step[1]) {
      const row = sizeVx[0] * (j + sizeVx[1] * k);
      for (let i = 0; i < sizeVx[0]; i += step[0]) out[at++] = voxels[row + i]!;
    }
  }
  return { voxels: out, sizeVx: size };
}
