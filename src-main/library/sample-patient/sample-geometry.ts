import type { VolumeGeometry } from '../../../src-shared/geometry/volume-geometry.ts';

/** The lattice of both time points: 384 mm across, 240 mm from the lung bases to the iliac crests. */
export const sampleGeometry: VolumeGeometry = {
  sizeVx: [256, 256, 80],
  spacingMm: [1.5, 1.5, 3],
  originMm: [-191.25, -191.25, -118.5],
  direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
};
