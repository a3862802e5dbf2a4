import { expect, it } from 'vitest';
import { axisNumber, sliceFrames } from '../../src-shared/geometry/planes.ts';
import { indexToWorld } from '../../src-shared/geometry/volume-geometry.ts';
import type { Vec3 } from '../../src-shared/geometry/volume-geometry.ts';
import { stepDown } from './scroll-order.ts';

it('leads to the feet, the back and the left, however the volume is stored', () => {
  for (const direction of [
    [1, 0, 0, 0, 1, 0, 0, 0, 1],
    [-1, 0, 0, 0, -1, 0, 0, 0, -1],
    [0, 0, -1, 1, 0, 0, 0, -1, 0],
    [0, 1, 0, 0, 0, -1, -1, 0, 0],
  ]) {
    const geometry = { sizeVx: [9, 9, 9] as Vec3, spacingMm: [1, 2, 3] as Vec3, originMm: [5, 6, 7] as Vec3, direction };
    const frames = sliceFrames(geometry);
    for (const [plane, part, sign] of [['axial', 2, -1], ['coronal', 1, 1], ['sagittal', 0, 1]] as const) {
      const index: Vec3 = [4, 4, 4];
      const before = indexToWorld(geometry, index)[part];
      index[axisNumber[frames[plane].axis]] += stepDown(geometry, frames[plane]);
      expect((indexToWorld(geometry, index)[part] - before) * sign).toBeGreaterThan(0);
    }
  } // prettier-ignore
});
