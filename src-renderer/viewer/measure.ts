import type { SliceAxis } from '../../src-shared/geometry/planes.ts';
import { indexToWorld } from '../../src-shared/geometry/volume-geometry.ts';
import type { VolumeGeometry } from '../../src-shared/geometry/volume-geometry.ts';
import { slicePointToIndex } from './pane-transform.ts';
import type { Point } from './pane-transform.ts';

/** Distance in mm between two points of a slice (edge coordinates), measured in the patient. */
export function rulerLengthMm(geometry: VolumeGeometry, axis: SliceAxis, a: Point, b: Point): number {
  const p = indexToWorld(geometry, slicePointToIndex(axis, 0, a));
  const q = indexToWorld(geometry, slicePointToIndex(axis, 0, b));
  return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
}

/** Distance in pixels, for pictures without spacing. */
export const rulerLengthPx = (a: Point, b: Point): number => Math.hypot(a[0] - b[0], a[1] - b[1]);

/** The longest round length (1, 2 or 5 times a power of ten) not longer than `maxLength`. */
export function roundLength(maxLength: number): number {
  const power = 10 ** Math.floor(Math.log10(maxLength));
  const lead = maxLength / power;
  return (lead >= 5 ? 5 : lead >= 2 ? 2 : 1) * power;
}
