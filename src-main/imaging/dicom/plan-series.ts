import type { ImportIssue } from '../../../src-shared/import-issue.ts';
import type { Window } from '../../../src-shared/window.ts';
import type { InputFile, PlannedSeries, PlannedSlice } from '../types.ts';
import type { VolumeGeometry } from '../../../src-shared/geometry/volume-geometry.ts';
import { invertsOnImport } from './monochrome1.ts';
import { isOneOrientation, isPositioned, type FrameGroup } from './group.ts';
import type { FrameRef } from './header-types.ts';
import { byInstance, compareValues, sortedAlong } from './sort.ts';
import { isCrossSectional } from './sop-classes.ts';
import {
  note,
  rounded,
  validateGeometry,
  warning,
  type GeometryFinding,
} from './validate-geometry.ts';
import { normalOf } from './vectors.ts';

/** What a whole series adds to each of its groups. */
export interface SeriesContext {
  uid: string;
  studyUid: string;
  issues: ImportIssue[];
}

/** Turns one group of frames into a planned series: order, geometry, what may be measured. */
export function planGroup(group: FrameGroup, context: SeriesContext): PlannedSeries {
  const frames = inOrder(group);
  const first = frames[0]!;
  const { header } = first;
  const spacing = first.frame.pixelSpacingMm;
  const finding = findGeometry(group, frames, spacing ?? [1, 1]);
  const issues = [
    ...context.issues,
    ...group.issues,
    ...spacingIssues(first),
    ...finding.issues,
    ...valueIssues(frames),
  ];
  const files: InputFile[] = [];
  const indexOf = new Map<InputFile, number>();
  const slices: PlannedSlice[] = frames.map((ref) => {
    let fileIndex = indexOf.get(ref.header.file);
    if (fileIndex === undefined) {
      fileIndex = files.push(ref.header.file) - 1;
      indexOf.set(ref.header.file, fileIndex);
    }
    return { fileIndex, frame: ref.frameIndex };
  });
  const hasSpacing = spacing !== null;
  return {
    sourceFormat: 'dicom',
    patient: header.patient,
    study: {
      uid: context.studyUid,
      date: header.study.date,
      description: header.study.description,
      accessionNumber: header.study.accessionNumber,
    },
    uid: context.uid,
    modality: header.modality,
    number: header.seriesNumber,
    description: header.seriesDescription,
    bodyPart: header.bodyPart,
    frameOfReferenceUid: header.frameOfReferenceUid,
    kind: finding.kind,
    slices,
    files,
    issues,
    geometry: finding.geometry,
    hasSpacing,
    // Millimetres may be used; that volumes need a volume follows from the kind.
    measurable: hasSpacing && !issues.some((issue) => issue.notMeasurable),
    windows: windowsOf(frames),
    // What was turned round is no longer in the unit.
    valueUnit: invertsOnImport(header) ? '' : header.valueUnit,
  };
}

function inOrder(group: FrameGroup): FrameRef[] {
  const { frames } = group;
  if (!isPositioned(frames) || !isOneOrientation(group)) return [...frames].sort(byInstance);
  if (group.issues.some((issue) => issue.code === 'one-position-stack'))
    return [...frames].sort(byTime);
  return sortedAlong(frames, normalOf(frames[0]!.frame.orientation!));
}

function byTime(a: FrameRef, b: FrameRef): number {
  const names = ['temporalPosition', 'cardiacPhase', 'triggerTime'] as const;
  for (const name of names) {
    const order = compareValues(a.frame.split[name], b.frame.split[name]);
    if (order !== 0) return order;
  }
  return byInstance(a, b);
}

function findGeometry(
  group: FrameGroup,
  frames: FrameRef[],
  spacingMm: [number, number],
): GeometryFinding {
  if (isPositioned(frames) && isOneOrientation(group)) {
    if (group.issues.some((issue) => issue.code === 'one-position-stack')) {
      const finding = validateGeometry(frames.slice(0, 1), spacingMm);
      const geometry = { ...finding.geometry, sizeVx: pictureSize(frames) };
      return {
        kind: 'stack',
        geometry,
        issues: finding.issues.filter((issue) => issue.code !== 'single-slice'),
      };
    }
    return validateGeometry(frames, spacingMm);
  }
  return {
    kind: frames.length > 1 ? 'stack' : 'image',
    geometry: flatGeometry(frames, spacingMm),
    issues: placeIssues(frames),
  };
}

function placeIssues(frames: FrameRef[]): ImportIssue[] {
  const { header, frame } = frames[0]!;
  if (!isCrossSectional(header.modality) || header.localizer) return [];
  if (frames.every((ref) => ref.frame.positionMm && ref.frame.orientation)) return [];
  const code = frame.positionMm && !frame.orientation ? 'no-orientation' : 'no-position';
  return frames.length > 1 ? [warning(code, {})] : [note(code, {})];
}

/** Pictures without a place: pixels side by side from the origin, one unit from slice to slice. */
const flatGeometry = (frames: FrameRef[], spacingMm: [number, number]): VolumeGeometry => ({
  sizeVx: pictureSize(frames),
  spacingMm: [spacingMm[0], spacingMm[1], 1],
  originMm: [0, 0, 0],
  direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
});

const pictureSize = (frames: FrameRef[]): [number, number, number] => {
  const { layout } = frames[0]!.header;
  return [layout.columns, layout.rows, frames.length];
};

function spacingIssues({ frame }: FrameRef): ImportIssue[] {
  const [x, y] = frame.pixelSpacingMm ?? [0, 0];
  const params = { xMm: rounded(x, 4), yMm: rounded(y, 4) };
  switch (frame.spacingSource) {
    case 'none':
      return [warning('no-pixel-spacing', {})];
    case 'imager':
      return [warning('spacing-from-imager', params)];
    case 'imager-magnification':
      return [note('spacing-from-magnification', params)];
    default:
      return [];
  }
}

function valueIssues(frames: FrameRef[]): ImportIssue[] {
  const issues: ImportIssue[] = [];
  const lossy = frames.filter((ref) => ref.header.lossy).length;
  if (lossy > 0) issues.push(note('lossy-compressed', { count: lossy }));
  const rescales = new Set(
    frames.map(({ frame }) => `${frame.rescale?.slope ?? 1} ${frame.rescale?.intercept ?? 0}`),
  );
  if (rescales.size > 1) issues.push(note('rescale-varies', { count: rescales.size }));
  return issues;
}

/** The windows of the middle slice, or of the nearest one that gives any; each once. */
function windowsOf(frames: FrameRef[]): Window[] {
  const middle = frames.length >> 1;
  const nearest = [...frames.keys()].sort(
    (a, b) => Math.abs(a - middle) - Math.abs(b - middle) || a - b,
  );
  const found =
    nearest.map((n) => frames[n]!.frame.windows).find((windows) => windows.length > 0) ?? [];
  return found.filter(
    (window, n) =>
      found.findIndex((other) => other.level === window.level && other.width === window.width) ===
      n,
  );
}
