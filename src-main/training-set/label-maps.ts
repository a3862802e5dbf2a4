import { slicesOf, type SegmentGrid } from './curation.ts';

/** One label map of a series: slices (k) that have labels, each a whole slice of bytes. */
export interface LabelMap {
  slices: Map<number, Uint8Array>;
  /** The segment of label n + 1, by its place in the series' list (from 1). */
  segments: number[];
}

/** What a file has of one label. */
export interface MapLabel {
  label: number;
  segment: number;
  voxels: number;
  slices: number;
}

/** A byte holds so many labels beside 0. */
const mostLabels = 255;

/**
 * Puts a segment into the label maps of a series' slices of `widthPx` × `heightPx`. A voxel of a
 * label map has one label, and segments may overlap (a lesion in its organ): a segment goes into the
 * first map in which it covers nobody, else into a new one, so that no mask loses a voxel to another.
 */
export function addSegment(
  maps: LabelMap[],
  { segment, grid }: { segment: number; grid: SegmentGrid },
  widthPx: number,
  heightPx: number,
): void {
  const slices = slicesOf(grid);
  if (slices.length === 0) return;
  let map = maps.find(
    (one) => one.segments.length < mostLabels && isFree(one, grid, slices, widthPx),
  );
  if (!map) {
    map = { slices: new Map(), segments: [] };
    maps.push(map);
  }
  map.segments.push(segment);
  const label = map.segments.length;
  for (const k of slices) {
    const plane = map.slices.get(k) ?? new Uint8Array(widthPx * heightPx);
    map.slices.set(k, plane);
    visitSlice(grid, k, widthPx, (pixel) => {
      plane[pixel] = label;
      return true;
    });
  }
}

/** The labels that the given slices of a map have, with their sizes. */
export function labelsOf(map: LabelMap, slices: number[]): MapLabel[] {
  const found = map.segments.map((segment, n) => ({ label: n + 1, segment, voxels: 0, slices: 0 }));
  for (const k of slices) {
    const counts = new Uint32Array(mostLabels + 1);
    for (const label of map.slices.get(k)!) counts[label]!++;
    for (const one of found) {
      one.voxels += counts[one.label]!;
      one.slices += Number(counts[one.label]! > 0);
    }
  }
  return found.filter(({ voxels }) => voxels > 0);
}

function isFree(map: LabelMap, grid: SegmentGrid, slices: number[], widthPx: number): boolean {
  return slices.every((k) => {
    const plane = map.slices.get(k);
    return !plane || visitSlice(grid, k, widthPx, (pixel) => plane[pixel] === 0);
  });
}

/** Calls `visit` with the slice's pixel of every voxel of the grid on slice k, until one answers false. */
function visitSlice(
  { originVx, sizeVx, voxels }: SegmentGrid,
  k: number,
  widthPx: number,
  visit: (pixel: number) => boolean,
): boolean {
  const [nx, ny] = sizeVx;
  const start = (k - originVx[2]) * nx * ny;
  for (let y = 0; y < ny; y++) {
    for (let x = 0; x < nx; x++) {
      if (voxels[start + y * nx + x] === 0) continue;
      if (!visit((originVx[1] + y) * widthPx + originVx[0] + x)) return false;
    }
  }
  return true;
}
