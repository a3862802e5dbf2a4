import type { VolumeGeometry } from '../../src-shared/geometry/volume-geometry.ts';
import type { BoxMask } from '../inference/types.ts';
import type { ImageToWrite } from '../interchange/write-image.ts';

/** The joined mask of several boxes on slices across k. */
export interface MaskCanvas {
  /** One byte (0 or 1) per voxel of the geometry's lattice, x-fastest. */
  voxels: Uint8Array;
  add(sliceIndex: number, mask: Pick<BoxMask, 'originPx' | 'sizePx' | 'bits'>): void;
  voxelCount(): number;
  /** `inside` is the value of the mask: 255 for pictures, 1 for volumes. */
  image(inside: number): ImageToWrite;
}

export function createMaskCanvas(geometry: VolumeGeometry): MaskCanvas {
  const [width, height, slices] = geometry.sizeVx;
  const voxels = new Uint8Array(width * height * slices);
  return {
    voxels,
    add(sliceIndex, { originPx, sizePx, bits }) {
      for (let y = 0; y < sizePx[1]; y++) {
        const row = (sliceIndex * height + originPx[1] + y) * width + originPx[0];
        for (let x = 0; x < sizePx[0]; x++) {
          if (bits[y * sizePx[0] + x] !== 0) voxels[row + x] = 1;
        }
      }
    },
    voxelCount: () => voxels.reduce((sum, inside) => sum + inside, 0),
    image: (inside) => ({
      geometry,
      channels: 1,
      voxels: inside === 1 ? voxels : voxels.map((v) => v * inside),
    }),
  };
}
