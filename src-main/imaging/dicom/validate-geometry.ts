import {
  dot,
  type Vec3,
  type VolumeGeometry,
} from '../../../src-shared/geometry/volume-geometry.ts';
import type { ImportIssue } from '../../../src-shared/import-issue.ts';
import type { SeriesKind } from '../../../src-shared/contract/series.ts';
import type { FrameRef, Orientation } from './header-types.ts';
import { tiltedGrid } from './tilt.ts';
import { addScaled, median, normalOf, subtract } from './vectors.ts';

export interface GeometryFinding {
  kind: SeriesKind;
  geometry: VolumeGeometry;
  issues: ImportIssue[];
}

/**
 * Positions are decimal strings, often with two or three digits: below this the unevenness is
 * rounding. 1 % keeps the error of a volume below what any reader's contour varies by.
 */
const evenMm = 0.01;
const evenFraction = 0.01;
/**
 * Up to here (positions rounded to 0.1 mm in slices of 2 mm) no gap is off by more than a twentieth:
 * the mean spacing is used, and said.
 */
const averagedFraction = 0.05;
/** Axes count as perpendicular when their cosine is below this (0.06 degrees). */
const perpendicularCosine = 1e-3;

/**
 * Judges slices that are sorted along the normal of their common orientation and have distinct
 * positions. A volume is only what lies evenly spaced on a straight line; a steady in-plane drift
 * (gantry tilt) is undone by shearing. Everything else opens as a stack without measurements.
 */
export function validateGeometry(
  frames: readonly FrameRef[],
  spacingMm: [number, number],
): GeometryFinding {
  const first = frames[0]!;
  const orientation = first.frame.orientation!;
  const normal = normalOf(orientation);
  const positions = frames.map((ref) => ref.frame.positionMm!);
  const distances = positions.map((position) => dot(position, normal));
  const gaps = distances.slice(1).map((distance, n) => distance - distances[n]!);
  const issues: ImportIssue[] = [];
  const thickness = median(frames.map((ref) => ref.frame.sliceThicknessMm ?? 0));
  const typicalGap = gaps.length > 0 ? median(gaps) : thickness || 1;

  const lattice = (kMm: number, count = frames.length): VolumeGeometry => ({
    sizeVx: [first.header.layout.columns, first.header.layout.rows, count],
    spacingMm: [spacingMm[0], spacingMm[1], kMm],
    originMm: positions[0]!,
    direction: directionMatrix(orientation, normal),
  });
  const asStack = (): GeometryFinding => ({ kind: 'stack', geometry: lattice(typicalGap), issues });

  if (Math.abs(dot(orientation.row, orientation.column)) > perpendicularCosine) {
    issues.push(warning('non-orthogonal-axes', {}));
    return asStack();
  }
  if (frames.length === 1) {
    issues.push(note('single-slice', {}));
    return { kind: 'image', geometry: lattice(thickness || 1), issues };
  }

  const drift = inPlaneDrift(positions, normal, distances);
  const unevenness = Math.max(...gaps.map((gap) => Math.abs(gap - typicalGap)));
  const mean = (distances.at(-1)! - distances[0]!) / gaps.length;
  if (unevenness > Math.max(evenMm, evenFraction * typicalGap)) {
    const missing = missingSlices(gaps, typicalGap);
    if (missing) issues.push(warning('missing-slices', missing));
    else if (unevenness > averagedFraction * typicalGap) issues.push(irregular(gaps));
    else
      issues.push(
        corrected('uneven-spacing-averaged', { ...spread(gaps), spacingMm: rounded(mean) }),
      );
  }
  const uneven = issues.some((issue) => issue.notMeasurable);
  const halfPixel = Math.min(...spacingMm) / 2;
  if (drift.total > halfPixel) {
    const tiltDegrees = rounded((Math.atan2(drift.perMm, 1) * 180) / Math.PI, 1);
    if (uneven || drift.unsteady > halfPixel) {
      issues.push(warning('gantry-tilt', { tiltDegrees }));
    } else {
      issues.push(corrected('gantry-tilt-corrected', { tiltDegrees }));
      noteThickness(issues, thickness, mean);
      return { kind: 'volume', geometry: tiltedGrid(lattice(mean), positions), issues };
    }
  }
  if (issues.some((issue) => issue.notMeasurable)) return asStack();
  noteThickness(issues, thickness, mean);
  return { kind: 'volume', geometry: lattice(mean), issues };
}

/**
 * How far the slices wander within their plane: `total` is the largest offset of a slice from the
 * first, `unsteady` the largest distance from a straight line through first and last.
 */
function inPlaneDrift(positions: readonly Vec3[], normal: Vec3, distances: readonly number[]) {
  const origin = positions[0]!;
  const lateral = positions.map((position, n) =>
    addScaled(subtract(position, origin), normal, distances[0]! - distances[n]!),
  );
  const length = distances.at(-1)! - distances[0]!;
  const end = lateral.at(-1)!;
  const total = Math.max(...lateral.map((v) => Math.hypot(...v)));
  const unsteady = Math.max(
    ...lateral.map((v, n) => {
      const fraction = (distances[n]! - distances[0]!) / length;
      return Math.hypot(...addScaled(v, end, -fraction));
    }),
  );
  return { total, unsteady, perMm: Math.hypot(...end) / length };
}

/** Gaps that are whole multiples of the typical one: so many slices are missing, and where. */
function missingSlices(gaps: readonly number[], typicalGap: number) {
  let count = 0;
  const places: string[] = [];
  for (const [n, gap] of gaps.entries()) {
    const steps = Math.round(gap / typicalGap);
    if (
      steps < 1 ||
      Math.abs(gap - steps * typicalGap) > Math.max(2 * evenMm, averagedFraction * typicalGap)
    )
      return null;
    if (steps > 1) {
      count += steps - 1;
      places.push(`${n + 1}–${n + 2}`);
    }
  }
  return count > 0 ? { count, places: places.join(', ') } : null;
}

function noteThickness(issues: ImportIssue[], thickness: number, spacing: number) {
  if (thickness <= 0 || Math.abs(thickness - spacing) <= Math.max(0.05, 0.02 * spacing)) return;
  const params = { thicknessMm: rounded(thickness), spacingMm: rounded(spacing) };
  // More unseen than seen: volumes still follow from the distance, but a reader must know.
  if (spacing > 2 * thickness) {
    issues.push({ code: 'gaps-between-slices', severity: 'warning', notMeasurable: false, params });
  } else issues.push(note('slice-thickness-differs', params));
}

const spread = (gaps: readonly number[]) => ({
  minMm: rounded(Math.min(...gaps)),
  maxMm: rounded(Math.max(...gaps)),
});
const irregular = (gaps: readonly number[]) => warning('irregular-spacing', spread(gaps));

export function directionMatrix({ row, column }: Orientation, normal: Vec3): number[] {
  return [row[0], column[0], normal[0], row[1], column[1], normal[1], row[2], column[2], normal[2]];
}

type Params = ImportIssue['params'];
export const warning = (code: ImportIssue['code'], params: Params): ImportIssue => ({
  code,
  severity: 'warning',
  notMeasurable: true,
  params,
});
export const note = (code: ImportIssue['code'], params: Params): ImportIssue => ({
  code,
  severity: 'note',
  notMeasurable: false,
  params,
});
export const corrected = (code: ImportIssue['code'], params: Params): ImportIssue => ({
  code,
  severity: 'corrected',
  notMeasurable: false,
  params,
});

export const rounded = (value: number, digits = 3): number => Number(value.toFixed(digits));
