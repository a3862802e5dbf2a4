import { z } from 'zod';
import { cross, dot, type Vec3, type VolumeGeometry } from './volume-geometry.ts';

/** The voxel axis that a slice is perpendicular to. Slices always lie on the stored lattice. */
export const sliceAxisSchema = z.enum(['i', 'j', 'k']);
export type SliceAxis = z.infer<typeof sliceAxisSchema>;

export const planeSchema = z.enum(['axial', 'coronal', 'sagittal']);
export type Plane = z.infer<typeof planeSchema>;

export const axisNumber: Record<SliceAxis, 0 | 1 | 2> = { i: 0, j: 1, k: 2 };
const axisNames = ['i', 'j', 'k'] as const;

/**
 * The two in-slice voxel axes of a slice, [x, y], always in ascending order: a slice across k is
 * (i, j), across j is (i, k), across i is (j, k). Boxes and masks of a slice use these axes,
 * unflipped: pixel x of `boxPx` is the voxel index along the first of them.
 */
export function inSliceAxes(axis: SliceAxis): [0 | 1 | 2, 0 | 1 | 2] {
  return axis === 'k' ? [0, 1] : axis === 'j' ? [0, 2] : [1, 2];
}

/** Size [width, height] of a slice in voxels. */
export function sliceSizePx(geometry: VolumeGeometry, axis: SliceAxis): [number, number] {
  const [x, y] = inSliceAxes(axis);
  return [geometry.sizeVx[x], geometry.sizeVx[y]];
}

/** Pixel spacing [x, y] of a slice in mm. */
export function sliceSpacingMm(geometry: VolumeGeometry, axis: SliceAxis): [number, number] {
  const [x, y] = inSliceAxes(axis);
  return [geometry.spacingMm[x], geometry.spacingMm[y]];
}

/** Number of slices across an axis. */
export function sliceCount(geometry: VolumeGeometry, axis: SliceAxis): number {
  return geometry.sizeVx[axisNumber[axis]];
}

/** Area of one pixel of a slice in mm² (of the parallelogram where axes are skewed). */
export function pixelAreaMm2(geometry: VolumeGeometry, axis: SliceAxis): number {
  const [x, y] = inSliceAxes(axis);
  const normal = cross(axisDirection(geometry, x), axisDirection(geometry, y));
  return Math.hypot(...normal) * geometry.spacingMm[x] * geometry.spacingMm[y];
}

/**
 * Where the pixels of a slice lie among the voxels of a volume: pixel (x, y) is voxel
 * `first + x * stepX + y * stepY`.
 */
export function sliceLayout(
  sizeVx: Vec3,
  axis: SliceAxis,
  sliceIndex: number,
): { first: number; stepX: number; stepY: number } {
  const step: Vec3 = [1, sizeVx[0], sizeVx[0] * sizeVx[1]];
  const [x, y] = inSliceAxes(axis);
  return { first: sliceIndex * step[axisNumber[axis]], stepX: step[x], stepY: step[y] };
}

export interface SliceFrame {
  plane: Plane;
  axis: SliceAxis;
  /** Voxel axis shown left → right, and whether it runs against the stored order. */
  right: { axis: 0 | 1 | 2; flipped: boolean };
  /** Voxel axis shown top → bottom, and whether it runs against the stored order. */
  down: { axis: 0 | 1 | 2; flipped: boolean };
  /** Patient directions at the four edges of the picture, e.g. R, L, A, P or "RA" when oblique. */
  labels: { left: string; right: string; top: string; bottom: string };
}

/** What each radiological plane shows: the patient's direction to the right and down (LPS). */
const radiological: Record<Plane, { normal: Vec3; right: Vec3; down: Vec3 }> = {
  axial: { normal: [0, 0, 1], right: [1, 0, 0], down: [0, 1, 0] },
  coronal: { normal: [0, 1, 0], right: [1, 0, 0], down: [0, 0, -1] },
  sagittal: { normal: [1, 0, 0], right: [0, 1, 0], down: [0, 0, -1] },
};

const axisDirection = (g: VolumeGeometry, a: number): Vec3 => [
  g.direction[a]!,
  g.direction[a + 3]!,
  g.direction[a + 6]!,
];

/**
 * For each radiological plane, the lattice slices nearest to it and how to show them upright
 * (patient's right on the left of the picture, anterior or superior on top). Oblique volumes keep
 * their lattice: the three planes are a one-to-one match of voxel axes to anatomical axes that
 * maximises the sum of cosines, so that no axis is used twice.
 */
export function sliceFrames(g: VolumeGeometry): Record<Plane, SliceFrame> {
  const planes = ['axial', 'coronal', 'sagittal'] as const;
  const orders = [
    [0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0],
  ] as const; // prettier-ignore
  const score = (order: readonly number[]) =>
    planes.reduce(
      (sum, plane, n) =>
        sum + Math.abs(dot(radiological[plane].normal, axisDirection(g, order[n]!))),
      0,
    );
  const best = orders.reduce((a, b) => (score(b) > score(a) + 1e-9 ? b : a));
  const frame = (plane: Plane, normalAxis: 0 | 1 | 2): SliceFrame => {
    const view = radiological[plane];
    const rest = ([0, 1, 2] as const).filter((a) => a !== normalAxis) as [0 | 1 | 2, 0 | 1 | 2];
    const straight =
      Math.abs(dot(view.right, axisDirection(g, rest[0]))) +
      Math.abs(dot(view.down, axisDirection(g, rest[1])));
    const swapped =
      Math.abs(dot(view.right, axisDirection(g, rest[1]))) +
      Math.abs(dot(view.down, axisDirection(g, rest[0])));
    const [rightAxis, downAxis] = swapped > straight + 1e-9 ? [rest[1], rest[0]] : rest;
    const right = { axis: rightAxis, flipped: dot(view.right, axisDirection(g, rightAxis)) < 0 };
    const down = { axis: downAxis, flipped: dot(view.down, axisDirection(g, downAxis)) < 0 };
    const rightward = scale(axisDirection(g, rightAxis), right.flipped ? -1 : 1);
    const downward = scale(axisDirection(g, downAxis), down.flipped ? -1 : 1);
    return {
      plane,
      axis: axisNames[normalAxis],
      right,
      down,
      labels: {
        left: directionLabel(scale(rightward, -1)),
        right: directionLabel(rightward),
        top: directionLabel(scale(downward, -1)),
        bottom: directionLabel(downward),
      },
    };
  };
  return {
    axial: frame('axial', best[0]),
    coronal: frame('coronal', best[1]),
    sagittal: frame('sagittal', best[2]),
  };
}

const scale = (v: Vec3, s: number): Vec3 => [v[0] * s, v[1] * s, v[2] * s];

/**
 * Letters of a world direction, the largest component first: "L", "PS", … A component is named
 * when it is at least 0.2588 (15° out of plane), so that near-orthogonal volumes show one letter.
 */
export function directionLabel(direction: Vec3): string {
  const letters = [
    ['R', 'L'],
    ['A', 'P'],
    ['I', 'S'],
  ] as const;
  return direction
    .map((value, n) => ({ size: Math.abs(value), letter: letters[n]![value < 0 ? 0 : 1] }))
    .filter((part) => part.size >= 0.2588)
    .sort((a, b) => b.size - a.size)
    .map((part) => part.letter)
    .join('');
}
