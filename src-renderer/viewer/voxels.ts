import type { DataType } from '../../src-shared/contract/series.ts';
import type { Vec3 } from '../../src-shared/geometry/volume-geometry.ts';

export type Voxels = Uint8Array<ArrayBuffer> | Int16Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Float32Array<ArrayBuffer>;

const views = {
  uint8: Uint8Array<ArrayBuffer>,
  int16: Int16Array<ArrayBuffer>,
  uint16: Uint16Array<ArrayBuffer>,
  float32: Float32Array<ArrayBuffer>,
} as const;

/** Voxels over the same bytes; all machines this runs on are little-endian, as the bytes are. */
export const voxelView = (type: DataType, bytes: ArrayBuffer): Voxels => new views[type](bytes);

/** Value(s) of one voxel: one number, or red, green and blue. x-fastest, colours interleaved. */
export function valuesAt(voxels: Voxels, sizeVx: Readonly<Vec3>, channels: 1 | 3, [i, j, k]: Readonly<Vec3>): number[] {
  const at = (i + sizeVx[0] * (j + sizeVx[1] * k)) * channels;
  return Array.from(voxels.subarray(at, at + channels));
}
