import type { Vec3, VolumeGeometry } from '../../../src-shared/geometry/volume-geometry.ts';
import type { Voxels } from '../types.ts';
import { inPlaneOffsetPx } from './tilt.ts';

/**
 * Moves every slice of a sheared stack (gantry tilt) to its true place on the orthogonal grid of
 * `geometry`, by linear interpolation within the slice. Where no slice reaches, the smallest value
 * of the volume is written (air). Slices are not mixed with one another.
 */
export function resampleTilt(
  voxels: Voxels,
  [columns, rows]: [number, number],
  geometry: VolumeGeometry,
  positionsMm: readonly (Vec3 | null)[],
): Voxels {
  const [width, height, depth] = geometry.sizeVx;
  const Kind = voxels.constructor as new (length: number) => Voxels;
  const out = new Kind(width * height * depth);
  const round = voxels instanceof Float32Array ? (v: number) => v : Math.round;
  out.fill(smallest(voxels));
  for (let k = 0; k < depth; k++) {
    const [ox, oy] = inPlaneOffsetPx(geometry, positionsMm[k]!);
    const slice = voxels.subarray(k * columns * rows, (k + 1) * columns * rows);
    for (let y = Math.ceil(oy - 1e-6); y <= oy + rows - 1 + 1e-6; y++) {
      const [y0, y1, fy] = between(y - oy, rows);
      for (let x = Math.ceil(ox - 1e-6); x <= ox + columns - 1 + 1e-6; x++) {
        const [x0, x1, fx] = between(x - ox, columns);
        const top = slice[y0 * columns + x0]! * (1 - fx) + slice[y0 * columns + x1]! * fx;
        const bottom = slice[y1 * columns + x0]! * (1 - fx) + slice[y1 * columns + x1]! * fx;
        out[x + width * (y + height * k)] = round(top * (1 - fy) + bottom * fy);
      }
    }
  }
  return out;
}

/** The two pixels around a place and the weight of the second; at the rim, the rim pixel twice. */
function between(at: number, size: number): [number, number, number] {
  const clamped = Math.min(Math.max(at, 0), size - 1);
  const low = Math.floor(clamped);
  return [low, Math.min(low + 1, size - 1), clamped - low];
}

function smallest(voxels: Voxels): number {
  let low = Infinity;
  for (const value of voxels) if (value < low) low = value;
  return Number.isFinite(low) ? low : 0;
}
