import { axisNumber } from '../../src-shared/geometry/planes.ts';
import type { Plane, SliceFrame } from '../../src-shared/geometry/planes.ts';
import type { VolumeGeometry } from '../../src-shared/geometry/volume-geometry.ts';

/** Where "down" leads in each plane, as on a reading station: to the feet, the back, the left (LPS). */
const downwards: Record<Plane, { part: 0 | 1 | 2; sign: 1 | -1 }> = {
  axial: { part: 2, sign: -1 },
  coronal: { part: 1, sign: 1 },
  sagittal: { part: 0, sign: 1 },
};

/** The change of the slice index (+1 or −1) that one step down means, however the volume is stored. */
export function stepDown(geometry: VolumeGeometry, frame: SliceFrame): 1 | -1 {
  const { part, sign } = downwards[frame.plane];
  const along = geometry.direction[3 * part + axisNumber[frame.axis]]!;
  return along * sign < 0 ? -1 : 1;
}
