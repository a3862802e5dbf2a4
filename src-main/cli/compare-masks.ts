import { largestCornerDistanceMm, sameGrid } from '../../src-shared/geometry/same-grid.ts';
import { diceCoefficient } from '../../src-shared/metrics/dice.ts';
import {
  hausdorff95Mm,
  normalisedSurfaceDice,
  surfaceDistances,
} from '../../src-shared/metrics/surface-distance.ts';
import { exitCodes, failWith } from './exit-codes.ts';
import type { LoadedImage } from './load-image.ts';

/** Agreement of one label. Numbers are NaN when both masks are empty there. */
export interface LabelAgreement {
  /** Null when each mask has one label only: then any non-zero value is inside. */
  label: number | null;
  dice: number;
  normalisedSurfaceDice: number;
  hausdorff95: number;
  referenceVoxels: number;
  maskVoxels: number;
}

export interface Agreement {
  /** Unit of tolerance and distances. */
  unit: 'mm' | 'px';
  /** Contours in a plane, or surfaces in space. */
  dimensions: 2 | 3;
  labels: LabelAgreement[];
}

/** Labels beyond which a file is taken for a picture: of a volume (anatomies have over a hundred), of a picture. */
const labelLimit = { volume: 150, picture: 32 };

/**
 * Whether two masks may be compared voxel by voxel. @throws CommandError when they may not
 */
export function checkComparable(reference: LoadedImage, mask: LoadedImage): void {
  const [a, b] = [reference.geometry, mask.geometry];
  if (a.sizeVx.some((n, axis) => n !== b.sizeVx[axis])) {
    const [referenceSize, maskSize] = [a.sizeVx.join(' × '), b.sizeVx.join(' × ')];
    const names = { reference: 'the reference', mask: 'the mask' };
    throw failWith(exitCodes.refused, 'masks-differ-in-size', {
      ...names,
      referenceSize,
      maskSize,
    });
  }
  if (reference.hasSpacing !== mask.hasSpacing)
    throw failWith(exitCodes.refused, 'masks-differ-in-spacing');
  if (!sameGrid(a, b)) {
    const distanceMm = Number(largestCornerDistanceMm(a, b).toPrecision(3));
    throw failWith(exitCodes.refused, 'masks-differ-in-place', { distanceMm });
  }
}

/** The distinct non-zero values of a mask, rising. @throws CommandError when it is no mask */
export function labelsOf(image: LoadedImage, path: string): number[] {
  if (image.channels !== 1) throw failWith(exitCodes.refused, 'mask-is-colour', { path });
  if (image.sourceFormat === 'jpeg') throw failWith(exitCodes.refused, 'mask-is-lossy', { path });
  const labels = new Set<number>();
  let last = 0;
  for (const value of image.voxels) {
    if (value === last) continue;
    last = value;
    if (value === 0) continue;
    if (!Number.isInteger(value)) throw failWith(exitCodes.refused, 'mask-not-whole', { path });
    labels.add(value);
  }
  if (labels.size > (image.hasSpacing ? labelLimit.volume : labelLimit.picture)) {
    throw failWith(exitCodes.refused, 'mask-many-labels', { path, count: labels.size });
  }
  return [...labels].sort((a, b) => a - b);
}

/**
 * DSC and NSD of a mask against a reference on the same grid, for each label when either has
 * several. Distances in mm, or in pixels where the files give no spacing.
 */
export function compareMasks(
  reference: LoadedImage,
  mask: LoadedImage,
  labels: { reference: number[]; mask: number[] },
  tolerance: number,
): Agreement {
  const several = labels.reference.length > 1 || labels.mask.length > 1;
  const compared = several
    ? [...new Set([...labels.reference, ...labels.mask])].sort((a, b) => a - b)
    : [null];
  const { sizeVx, spacingMm } = reference.geometry;
  const dimensions = sizeVx[2] > 1 ? 3 : 2;
  const size = sizeVx.slice(0, dimensions);
  const spacing = reference.hasSpacing ? spacingMm.slice(0, dimensions) : size.map(() => 1);
  return {
    unit: reference.hasSpacing ? 'mm' : 'px',
    dimensions,
    labels: compared.map((label) => {
      const [a, b] = [insideOf(reference, label), insideOf(mask, label)];
      const distances = surfaceDistances(a, b, size, spacing);
      return {
        label,
        dice: diceCoefficient(a, b),
        normalisedSurfaceDice: normalisedSurfaceDice(distances, tolerance),
        hausdorff95: hausdorff95Mm(distances),
        referenceVoxels: a.reduce((sum, inside) => sum + inside, 0),
        maskVoxels: b.reduce((sum, inside) => sum + inside, 0),
      };
    }),
  };
}

function insideOf({ voxels }: LoadedImage, label: number | null): Uint8Array {
  const inside = new Uint8Array(voxels.length);
  for (let n = 0; n < voxels.length; n++) {
    const value = voxels[n]!;
    if (label === null ? value !== 0 : value === label) inside[n] = 1;
  }
  return inside;
}

/** Mean over labels that say something (not empty in both); NaN without any. */
export function meanOf(labels: LabelAgreement[], number: 'dice' | 'normalisedSurfaceDice'): number {
  const values = labels.map((label) => label[number]).filter((value) => !Number.isNaN(value));
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
