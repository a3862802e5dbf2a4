import type { ImportIssue } from '../../../src-shared/import-issue.ts';
import {
  cross,
  dot,
  type Vec3,
  type VolumeGeometry,
} from '../../../src-shared/geometry/volume-geometry.ts';
import { note, warning } from '../refused-input.ts';

/** World step in LPS mm for one voxel along i, j, k; null where the header does not say. */
export interface LatticeSteps {
  sizeVx: Vec3;
  steps: [Vec3 | null, Vec3 | null, Vec3 | null];
  originMm: Vec3;
}

export interface Lattice {
  geometry: VolumeGeometry;
  /** False when an in-plane step is missing or zero: then spacing is 1 as a stand-in. */
  hasSpacing: boolean;
  /** False when volumes cannot be trusted. */
  measurable: boolean;
  issues: ImportIssue[];
}

/** cos of the angle between axes (0.6°) up to which they count as perpendicular: rounded headers. */
const skewForbidsMeasuring = 1e-2;

/**
 * Splits voxel steps into spacing and direction. Negative spacings have become part of the steps
 * before (a step of −2 mm is 2 mm the other way), so spacing is always positive. Skewed axes are
 * kept as they are. Missing and zero steps get a unit step across the others.
 */
export function latticeFromSteps({ sizeVx, steps, originMm }: LatticeSteps): Lattice {
  const issues: ImportIssue[] = [];
  const length = (v: Vec3 | null) => (v ? Math.hypot(...v) : 0);
  const usable = steps.map((step) => {
    const size = length(step);
    return Number.isFinite(size) && size > 1e-9;
  });
  const units = completeFrame(steps.map((step, n) => (usable[n] ? unit(step!) : null)));
  const hasSpacing = usable[0]! && usable[1]! && (usable[2]! || sizeVx[2] === 1);
  let measurable = hasSpacing;
  if (!hasSpacing) issues.push(warning('no-pixel-spacing', {}, { notMeasurable: true }));
  else if (usable[2] && sizeVx[2] === 1) {
    issues.push(note('single-slice', { thicknessMm: Number(length(steps[2]).toFixed(3)) }));
  }
  const skew = Math.max(
    Math.abs(dot(units[0], units[1])),
    Math.abs(dot(units[1], units[2])),
    Math.abs(dot(units[0], units[2])),
  );
  if (skew > skewForbidsMeasuring) {
    measurable = false;
    issues.push(warning('non-orthogonal-axes', {}, { notMeasurable: true }));
  }
  return {
    geometry: {
      sizeVx,
      spacingMm: [0, 1, 2].map((n) => (usable[n] && hasSpacing ? length(steps[n]!) : 1)) as Vec3,
      originMm,
      direction: [0, 1, 2].flatMap((row) => units.map((u) => u[row]!)),
    },
    hasSpacing,
    measurable,
    issues,
  };
}

const unit = (v: Vec3): Vec3 => {
  const size = Math.hypot(...v);
  return [v[0] / size, v[1] / size, v[2] / size];
};

/** Fills missing axes so that the three are independent; all of them anew when they are not. */
function completeFrame(units: (Vec3 | null)[]): [Vec3, Vec3, Vec3] {
  const missing = [0, 1, 2].filter((n) => !units[n]);
  if (missing.length === 1) {
    const n = missing[0]!;
    const normal = cross(units[(n + 1) % 3]!, units[(n + 2) % 3]!);
    if (Math.hypot(...normal) > 1e-6) units[n] = unit(normal);
  }
  const [i, j, k] = units;
  const identity: [Vec3, Vec3, Vec3] = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]; // prettier-ignore
  if (!i || !j || !k || Math.abs(dot(i, cross(j, k))) < 1e-6) return identity;
  return [i, j, k];
}

/** The lattice of pictures that say nothing of millimetres. */
export function latticeWithoutSpacing(sizeVx: Vec3): VolumeGeometry {
  return {
    sizeVx,
    spacingMm: [1, 1, 1],
    originMm: [0, 0, 0],
    direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  };
}
