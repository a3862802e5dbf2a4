import { distancesAt, nearestSites } from './distance-transform.ts';
import { contourLengths, surfelAreas } from './surface-elements.ts';

/**
 * Distances between the surfaces (3-D) or contours (2-D) of two masks, after the conventions of
 * DeepMind's surface-distance, which MedSAM's paper cites: surface elements lie on the lattice
 * shifted by half an element, each carries its marching-cubes area or contour length, and
 * distances are exact and anisotropic.
 */
export interface SurfaceDistances {
  /** Distance in mm of each surface element of the reference to the prediction; Infinity when that is empty. */
  referenceToPredictionMm: Float64Array;
  /** mm² (mm in 2-D) of the same elements. */
  referenceSizes: Float64Array;
  predictionToReferenceMm: Float64Array;
  predictionSizes: Float64Array;
}

/**
 * @param reference mask of `size` elements, first axis fastest, inside where not 0
 * @param prediction mask on the same grid
 * @param size two (contours) or three (surfaces) axes
 * @param spacingMm in the order of `size`; use 1 per axis for distances in pixels
 * @throws RangeError when grids and axes do not fit
 */
export function surfaceDistances(
  reference: Uint8Array,
  prediction: Uint8Array,
  size: readonly number[],
  spacingMm: readonly number[],
): SurfaceDistances {
  const elements = size.reduce((product, n) => product * n, 1);
  if (
    (size.length !== 2 && size.length !== 3) ||
    spacingMm.length !== size.length ||
    reference.length !== elements ||
    prediction.length !== elements
  ) {
    throw new RangeError(
      `Masks of ${reference.length} and ${prediction.length} elements do not fit a grid of ${size.join('×')}` +
        ` with ${spacingMm.length} spacings.`,
    );
  }
  if (!spacingMm.every((spacing) => Number.isFinite(spacing) && spacing > 0)) {
    throw new RangeError(`Spacing must be positive: ${spacingMm.join(', ')}.`);
  }
  const bounds = boundingBox(reference, prediction, size);
  if (bounds === null) {
    const none = () => new Float64Array(0);
    return {
      referenceToPredictionMm: none(),
      referenceSizes: none(),
      predictionToReferenceMm: none(),
      predictionSizes: none(),
    };
  }
  const lattice = bounds.map(([low, high]) => high - low + 2);
  const sizes =
    size.length === 2
      ? contourLengths(spacingMm as [number, number])
      : surfelAreas(spacingMm as [number, number, number]);
  const a = surfaceElements(neighbourCodes(reference, size, bounds, lattice), sizes);
  const b = surfaceElements(neighbourCodes(prediction, size, bounds, lattice), sizes);
  const distances = (from: Surface, to: Surface) =>
    distancesAt(from.elements, nearestSites(to.isSurface, lattice, spacingMm), lattice, spacingMm);
  return {
    referenceToPredictionMm: distances(a, b),
    referenceSizes: a.sizes,
    predictionToReferenceMm: distances(b, a),
    predictionSizes: b.sizes,
  };
}

type Bounds = [low: number, high: number][];

/** Inclusive bounds of both masks together, per axis; null when both are empty. */
function boundingBox(a: Uint8Array, b: Uint8Array, size: readonly number[]): Bounds | null {
  const [nx, ny, nz] = [size[0]!, size[1]!, size[2] ?? 1];
  const bounds: Bounds = [nx, ny, nz].map((n) => [n, -1]);
  let n = 0;
  for (let z = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      for (let x = 0; x < nx; x++, n++) {
        if (a[n] === 0 && b[n] === 0) continue;
        [x, y, z].forEach((at, axis) => {
          const range = bounds[axis]!;
          if (at < range[0]) range[0] = at;
          if (at > range[1]) range[1] = at;
        });
      }
    }
  }
  return bounds[0]![1] < 0 ? null : bounds.slice(0, size.length);
}

/** The code of the 2×2(×2) neighbours at every point of the half-shifted lattice round the bounds. */
function neighbourCodes(
  mask: Uint8Array,
  size: readonly number[],
  bounds: Bounds,
  lattice: readonly number[],
): Uint8Array {
  const [nx, ny] = [size[0]!, size[1]!];
  const [mx, my] = [lattice[0]!, lattice[1]!];
  const [[x0, x1], [y0, y1]] = [bounds[0]!, bounds[1]!];
  const [z0, z1] = bounds[2] ?? [0, 0];
  const upper = size.length === 3 ? [0, 1] : [1];
  const codes = new Uint8Array(lattice.reduce((product, n) => product * n, 1));
  for (let z = z0; z <= z1; z++) {
    for (let y = y0; y <= y1; y++) {
      for (let x = x0; x <= x1; x++) {
        if (mask[x + nx * (y + ny * z)] === 0) continue;
        // An element is the upper neighbour of the lattice point below it and the lower one of
        // the point above it. In 2-D there is one layer, counted in bits 0–3.
        for (const uz of upper) {
          const layer = size.length === 3 ? z - z0 + 1 - uz : 0;
          for (let uy = 0; uy < 2; uy++) {
            for (let ux = 0; ux < 2; ux++) {
              const point = x - x0 + 1 - ux + mx * (y - y0 + 1 - uy + my * layer);
              codes[point]! |= 1 << (ux + 2 * uy + (size.length === 3 ? 4 * uz : 0));
            }
          }
        }
      }
    }
  }
  return codes;
}

interface Surface {
  isSurface: Uint8Array;
  elements: Int32Array;
  sizes: Float64Array;
}

/** Lattice points whose neighbours are partly inside, with their share of the surface. */
function surfaceElements(codes: Uint8Array, sizeOfCode: Float64Array): Surface {
  const full = sizeOfCode.length - 1;
  const isSurface = codes.map((code) => (code !== 0 && code !== full ? 1 : 0));
  let count = 0;
  for (const surface of isSurface) count += surface;
  const elements = new Int32Array(count);
  const sizes = new Float64Array(count);
  let next = 0;
  for (let n = 0; n < codes.length; n++) {
    if (!isSurface[n]) continue;
    elements[next] = n;
    sizes[next++] = sizeOfCode[codes[n]!]!;
  }
  return { isSurface, elements, sizes };
}

const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);

/**
 * Normalised surface Dice at a tolerance: the part of both surfaces within `toleranceMm` (≤) of
 * the other. NaN when both masks are empty, 0 when one is.
 */
export function normalisedSurfaceDice(d: SurfaceDistances, toleranceMm: number): number {
  const within = (distances: Float64Array, sizes: Float64Array) =>
    distances.reduce(
      (total, distance, n) => (distance <= toleranceMm ? total + sizes[n]! : total),
      0,
    );
  return (
    (within(d.referenceToPredictionMm, d.referenceSizes) +
      within(d.predictionToReferenceMm, d.predictionSizes)) /
    (sum(d.referenceSizes) + sum(d.predictionSizes))
  );
}

/**
 * The greater of the two directed, size-weighted percentiles of distance, in mm: the distance of
 * the first element (from the nearest) at which the cumulated share of the surface reaches
 * `percent`. Infinity when either mask is empty. Not the percentile over unweighted elements that
 * other packages call HD95.
 */
export function robustHausdorffMm(d: SurfaceDistances, percent: number): number {
  const directed = (distances: Float64Array, sizes: Float64Array) => {
    if (distances.length === 0) return Infinity;
    const order = Uint32Array.from(distances.keys()).sort(
      (a, b) => distances[a]! - distances[b]! || 0,
    );
    const total = sum(sizes);
    let cumulated = 0;
    for (const n of order) {
      cumulated += sizes[n]!;
      // Symmetric shapes reach a share exactly; rounding of the sum must not decide then.
      if (cumulated / total >= percent / 100 - 1e-12) return distances[n]!;
    }
    return distances[order[order.length - 1]!]!;
  };
  return Math.max(
    directed(d.referenceToPredictionMm, d.referenceSizes),
    directed(d.predictionToReferenceMm, d.predictionSizes),
  );
}

/** 95 % Hausdorff distance in mm; see {@link robustHausdorffMm}. */
export const hausdorff95Mm = (d: SurfaceDistances): number => robustHausdorffMm(d, 95);

/**
 * Size-weighted mean distances in mm, one per direction and not averaged. NaN for the direction
 * that starts at an empty mask, Infinity for the one that ends there.
 */
export function averageSurfaceDistancesMm(d: SurfaceDistances): {
  referenceToPrediction: number;
  predictionToReference: number;
} {
  const mean = (distances: Float64Array, sizes: Float64Array) =>
    distances.reduce((total, distance, n) => total + distance * sizes[n]!, 0) / sum(sizes);
  return {
    referenceToPrediction: mean(d.referenceToPredictionMm, d.referenceSizes),
    predictionToReference: mean(d.predictionToReferenceMm, d.predictionSizes),
  };
}
