import { sliceLayout } from '../../../src-shared/geometry/planes.ts';
import type { SliceMask } from '../../../src-shared/contract/segmentation.ts';
import type { Vec3 } from '../../../src-shared/geometry/volume-geometry.ts';

/** All masks of one segment as one volume on the lattice of its series, x-fastest, one byte per voxel. */
export function maskVolume(
  sizeVx: Vec3,
  masks: readonly SliceMask[],
  bitsOf: (maskId: string) => Uint8Array | null,
): Uint8Array {
  const volume = new Uint8Array(sizeVx[0] * sizeVx[1] * sizeVx[2]);
  for (const mask of masks) {
    const bits = bitsOf(mask.id);
    if (!bits) continue;
    const { first, stepX, stepY } = sliceLayout(sizeVx, mask.axis, mask.sliceIndex);
    const [width, height] = mask.sizePx;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        if (bits[x + width * y] === 0) continue;
        volume[first + stepX * (mask.originPx[0] + x) + stepY * (mask.originPx[1] + y)] = 1;
      }
    }
  }
  return volume;
}
