import { inSliceAxes, sliceSizePx, sliceSpacingMm } from '../../src-shared/geometry/planes.ts';
import type { SliceAxis, SliceFrame } from '../../src-shared/geometry/planes.ts';
import { axisNumber } from '../../src-shared/geometry/planes.ts';
import type { Vec3, VolumeGeometry } from '../../src-shared/geometry/volume-geometry.ts';

export type Point = readonly [number, number];

/** What part of a slice a pane shows. */
export interface PaneView {
  /** The point of the slice at the centre of the pane, in slice pixels (edge coordinates, as boxes). */
  centrePx: Point;
  /** Screen (CSS) pixels for one millimetre. */
  cssPerMm: number;
}

/** All that fixes how slice pixels land on the screen. */
export interface PaneLayout {
  frame: SliceFrame;
  /** Slice size and spacing along the in-slice axes (see `inSliceAxes`). */
  slicePx: Point;
  spacingMm: Point;
  /** Size of the pane in CSS pixels. */
  paneCss: Point;
  view: PaneView;
}

/** x' = a·x + c·y + e, y' = b·x + d·y + f: the order of DOMMatrix and canvas. */
export type Affine = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

export function applyAffine([a, b, c, d, e, f]: Affine, [x, y]: Point): Point {
  return [a * x + c * y + e, b * x + d * y + f];
}

export function invertAffine([a, b, c, d, e, f]: Affine): Affine {
  const det = a * d - b * c;
  return [d / det, -b / det, -c / det, a / det, (c * f - d * e) / det, (b * e - a * f) / det];
}

/** True when the picture's right runs along the slice's second in-slice axis. */
function axesSwapped(frame: SliceFrame): boolean {
  return frame.right.axis !== inSliceAxes(frame.axis)[0];
}

/** Slice pixels (edge coordinates) → CSS pixels of the pane. */
export function sliceToPane(layout: PaneLayout): Affine {
  const { frame, spacingMm, paneCss, view } = layout;
  const swapped = axesSwapped(frame);
  const rightSign = frame.right.flipped ? -1 : 1;
  const downSign = frame.down.flipped ? -1 : 1;
  const [cx, cy] = view.centrePx;
  const sx = spacingMm[0] * view.cssPerMm;
  const sy = spacingMm[1] * view.cssPerMm;
  const [midX, midY] = [paneCss[0] / 2, paneCss[1] / 2];
  return swapped
    ? [0, downSign * sx, rightSign * sy, 0, midX - rightSign * sy * cy, midY - downSign * sx * cx]
    : [rightSign * sx, 0, 0, downSign * sy, midX - rightSign * sx * cx, midY - downSign * sy * cy];
}

/** CSS pixels of the pane → slice pixels (edge coordinates). */
export const paneToSlice = (layout: PaneLayout): Affine => invertAffine(sliceToPane(layout));

/** Shown extent of the whole slice in millimetres, [right, down]. */
function extentMm(frame: SliceFrame, slicePx: Point, spacingMm: Point): Point {
  const x = slicePx[0] * spacingMm[0];
  const y = slicePx[1] * spacingMm[1];
  return axesSwapped(frame) ? [y, x] : [x, y];
}

/** The view that shows the whole slice, centred, as large as the pane allows. */
export function fitView(
  frame: SliceFrame,
  slicePx: Point,
  spacingMm: Point,
  paneCss: Point,
): PaneView {
  const [width, height] = extentMm(frame, slicePx, spacingMm);
  const cssPerMm = Math.min(paneCss[0] / width, paneCss[1] / height);
  return {
    centrePx: [slicePx[0] / 2, slicePx[1] / 2],
    cssPerMm: Number.isFinite(cssPerMm) && cssPerMm > 0 ? cssPerMm : 1,
  };
}

/** Zooms by `factor` so that the slice point under `atCss` stays under it. */
export function zoomAbout(layout: PaneLayout, atCss: Point, factor: number): PaneView {
  const fit = fitView(layout.frame, layout.slicePx, layout.spacingMm, layout.paneCss).cssPerMm;
  const cssPerMm = Math.min(Math.max(layout.view.cssPerMm * factor, fit / 8), fit * 128);
  const fixed = applyAffine(paneToSlice(layout), atCss);
  const ratio = layout.view.cssPerMm / cssPerMm;
  const [cx, cy] = layout.view.centrePx;
  return {
    centrePx: [fixed[0] + (cx - fixed[0]) * ratio, fixed[1] + (cy - fixed[1]) * ratio],
    cssPerMm,
  };
}

/** Moves the picture by a distance on the screen. */
export function panBy(layout: PaneLayout, byCss: Point): PaneView {
  const inverse = paneToSlice(layout);
  const [cx, cy] = layout.view.centrePx;
  return {
    centrePx: [
      cx - (inverse[0] * byCss[0] + inverse[2] * byCss[1]),
      cy - (inverse[1] * byCss[0] + inverse[3] * byCss[1]),
    ],
    cssPerMm: layout.view.cssPerMm,
  };
}

/** Slice pixel (edge coordinates) and slice number → continuous voxel index (integers are centres). */
export function slicePointToIndex(axis: SliceAxis, sliceIndex: number, [x, y]: Point): Vec3 {
  const [ax, ay] = inSliceAxes(axis);
  const index: Vec3 = [0, 0, 0];
  index[axisNumber[axis]] = sliceIndex;
  index[ax] = x - 0.5;
  index[ay] = y - 0.5;
  return index;
}

/** Continuous voxel index → slice pixel (edge coordinates) on slices across `axis`. */
export function indexToSlicePoint(axis: SliceAxis, index: Readonly<Vec3>): Point {
  const [ax, ay] = inSliceAxes(axis);
  return [index[ax] + 0.5, index[ay] + 0.5];
}

/** The voxel that contains a point of the slice; null outside the volume. */
export function voxelAt(
  geometry: VolumeGeometry,
  axis: SliceAxis,
  sliceIndex: number,
  [x, y]: Point,
): Vec3 | null {
  const [width, height] = sliceSizePx(geometry, axis);
  if (!(x >= 0 && y >= 0 && x < width && y < height)) return null;
  const [ax, ay] = inSliceAxes(axis);
  const index: Vec3 = [0, 0, 0];
  index[axisNumber[axis]] = sliceIndex;
  index[ax] = Math.floor(x);
  index[ay] = Math.floor(y);
  return index;
}

export function paneLayout(
  geometry: VolumeGeometry,
  frame: SliceFrame,
  paneCss: Point,
  view: PaneView | null,
): PaneLayout {
  const slicePx = sliceSizePx(geometry, frame.axis);
  const spacingMm = sliceSpacingMm(geometry, frame.axis);
  return {
    frame,
    slicePx,
    spacingMm,
    paneCss,
    view: view ?? fitView(frame, slicePx, spacingMm, paneCss),
  };
}
