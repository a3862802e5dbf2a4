import { dot } from '../../../src-shared/geometry/volume-geometry.ts';
import type { ImportIssue } from '../../../src-shared/import-issue.ts';
import { splitNames, type FrameRef, type SplitName } from './header-types.ts';
import { byInstance, compareValues, sortedAlong } from './sort.ts';
import { closeTo } from './pixel-spacing.ts';
import { isSinglePicture } from './sop-classes.ts';
import { spacingBlocks } from './spacing-blocks.ts';
import { note, rounded, warning } from './validate-geometry.ts';
import { normalOf, sameOrientation } from './vectors.ts';

/** Frames that belong together, and why they were set apart from the rest of their series. */
export interface FrameGroup {
  frames: FrameRef[];
  issues: ImportIssue[];
}

/** Scanners repeat orientations to four digits or more; half a degree is another plane. */
const sameOrientationDegrees = 0.5;

/** Splits the frames of one series into groups that can each be one volume, stack or picture. */
export function splitSeries(frames: readonly FrameRef[]): FrameGroup[] {
  return splitByFormat(frames)
    .flatMap((group) =>
      isPositioned(group.frames) ? splitByOrientation(group) : splitPictures(group),
    )
    .flatMap((group) => (isPositioned(group.frames) ? splitByPosition(group) : [group]))
    .flatMap((group) => (isPositioned(group.frames) ? splitBySpacing(group) : [group]));
}

export const isPositioned = (frames: readonly FrameRef[]): boolean =>
  frames.every(({ frame }) => frame.positionMm !== null && frame.orientation !== null);

/** Size, colour, pixel spacing, localizer or not, placed in space or not. */
function splitByFormat(frames: readonly FrameRef[]): FrameGroup[] {
  const groups: FrameRef[][] = [];
  for (const ref of [...frames].sort(byInstance)) {
    const home = groups.find((group) => sameFormat(group[0]!, ref));
    if (home) home.push(ref);
    else groups.push([ref]);
  }
  if (groups.length === 1) return [{ frames: groups[0]!, issues: [] }];
  const sizes = new Set(groups.map((group) => sizeText(group[0]!)));
  return groups.map((group) => ({
    frames: group,
    issues: [
      sizes.size > 1
        ? note('mixed-sizes-split', { sizes: [...sizes].join(', '), parts: groups.length })
        : note('mixed-formats-split', { parts: groups.length }),
    ],
  }));
}

const sizeText = ({ header, frame }: FrameRef) => {
  const spacing = frame.pixelSpacingMm?.map((mm) => Number(mm.toFixed(3))).join('×');
  return `${header.layout.columns}×${header.layout.rows}${spacing ? ` (${spacing} mm)` : ''}`;
};

function sameFormat(a: FrameRef, b: FrameRef): boolean {
  const [x, y] = [a.header, b.header];
  return (
    x.layout.rows === y.layout.rows &&
    x.layout.columns === y.layout.columns &&
    isColour(a) === isColour(b) &&
    x.layout.bitsAllocated === y.layout.bitsAllocated &&
    x.localizer === y.localizer &&
    (a.frame.positionMm === null) === (b.frame.positionMm === null) &&
    (a.frame.orientation === null) === (b.frame.orientation === null) &&
    a.frame.spacingSource === b.frame.spacingSource &&
    sameSpacing(a.frame.pixelSpacingMm, b.frame.pixelSpacingMm)
  );
}

const isColour = ({ header }: FrameRef) => !header.layout.photometric.startsWith('MONOCHROME');

function sameSpacing(a: [number, number] | null, b: [number, number] | null): boolean {
  return a && b ? closeTo(a, b) : a === b;
}

/**
 * Several orientations are several volumes (the three planes of a scout). Where nearly every slice
 * has its own (radial or looping acquisitions), they stay one stack to scroll through.
 */
function splitByOrientation(group: FrameGroup): FrameGroup[] {
  const parts: FrameRef[][] = [];
  for (const ref of group.frames) {
    const home = parts.find((part) =>
      sameOrientation(part[0]!.frame.orientation!, ref.frame.orientation!, sameOrientationDegrees),
    );
    if (home) home.push(ref);
    else parts.push([ref]);
  }
  if (parts.length === 1) return [group];
  if (parts.length > 3 && group.frames.length / parts.length < 3) {
    return [
      {
        frames: group.frames,
        issues: [...group.issues, warning('mixed-orientations', { count: parts.length })],
      },
    ];
  }
  return parts.map((frames) => ({
    frames,
    issues: [...group.issues, note('mixed-orientations-split', { parts: parts.length })],
  }));
}

export const isOneOrientation = (group: FrameGroup): boolean =>
  !group.issues.some((issue) => issue.code === 'mixed-orientations');

/**
 * Radiographs and photographs of one series are views of their own, and so is every film (a file of
 * several frames); other pictures stay a stack.
 */
function splitPictures(group: FrameGroup): FrameGroup[] {
  const parts = new Map<unknown, FrameRef[]>();
  for (const ref of group.frames) {
    const { header } = ref;
    const alone =
      header.layout.frameCount > 1 || isSinglePicture(header.sopClassUid, header.modality);
    const part = parts.get(alone ? header : null);
    if (part) part.push(ref);
    else parts.set(alone ? header : null, [ref]);
  }
  return [...parts.values()].map((frames) => ({ frames, issues: group.issues }));
}

/** Positions closer than this are one place: no scanner steps less, and digits round by less. */
const samePlaceMm = 0.005;

/** Several frames at one place are several volumes: time points, echoes, b-values, repetitions. */
function splitByPosition(group: FrameGroup): FrameGroup[] {
  if (!isOneOrientation(group)) return [group];
  const places = placesOf(group.frames);
  if (places.every((place) => place.length === 1)) return [group];
  if (places.length === 1) {
    // A film of one slice (cardiac phases, perfusion): a stack in time.
    return [
      {
        frames: group.frames,
        issues: [...group.issues, note('one-position-stack', { count: group.frames.length })],
      },
    ];
  }
  const split = bySplitValues(group.frames) ?? byOccurrence(places);
  return split.parts.map((frames) => ({
    frames,
    issues: [...group.issues, { ...note(split.code, { parts: split.parts.length, by: split.by }) }],
  }));
}

/** Blocks of slices with other spacing are volumes of their own: as one they could not be measured. */
function splitBySpacing(group: FrameGroup): FrameGroup[] {
  if (!isOneOrientation(group)) return [group];
  const blocks = spacingBlocks(group.frames);
  if (!blocks) return [group];
  const spacings = blocks.map(({ spacingMm }) => rounded(spacingMm, 2)).join(', ');
  return blocks.map(({ frames }) => ({
    frames,
    issues: [...group.issues, note('mixed-spacings-split', { spacings, parts: blocks.length })],
  }));
}

function placesOf(frames: readonly FrameRef[]): FrameRef[][] {
  const normal = normalOf(frames[0]!.frame.orientation!);
  const places: FrameRef[][] = [];
  let last = -Infinity;
  for (const ref of sortedAlong(frames, normal)) {
    const at = dot(ref.frame.positionMm!, normal);
    if (at - last > samePlaceMm) {
      places.push([ref]);
      last = at;
    } else places.at(-1)!.push(ref);
  }
  return places;
}

interface Split {
  parts: FrameRef[][];
  code: ImportIssue['code'];
  by: string;
}

const temporal = new Set<SplitName>([
  'temporalPosition',
  'cardiacPhase',
  'triggerTime',
  'acquisitionTime',
  'contentTime',
]);

/** The first attribute, or pair of attributes, whose values leave no place taken twice. */
function bySplitValues(frames: readonly FrameRef[]): Split | null {
  const useful = splitNames.filter(
    (name) => new Set(frames.map((ref) => ref.frame.split[name])).size > 1,
  );
  const pairs = useful.flatMap((a, n) => useful.slice(n + 1).map((b) => [a, b] as const));
  for (const names of [...useful.map((name) => [name] as const), ...pairs]) {
    const parts = groupedBy(frames, names);
    // Parts of a single slice would tear a volume apart (a time stamp of every slice).
    if (parts.length > frames.length / 2) continue;
    if (parts.every((part) => placesOf(part).every((place) => place.length === 1))) {
      const isTemporal = names.every((name) => temporal.has(name));
      return {
        parts,
        code: isTemporal ? 'temporal-frames-split' : 'duplicate-positions-split',
        by: names.join(' + '),
      };
    }
  }
  return null;
}

function groupedBy(frames: readonly FrameRef[], names: readonly SplitName[]): FrameRef[][] {
  const groups = new Map<string, FrameRef[]>();
  for (const ref of frames) {
    const key = names.map((name) => ref.frame.split[name]).join('\n');
    const group = groups.get(key);
    if (group) group.push(ref);
    else groups.set(key, [ref]);
  }
  return [...groups.values()].sort((a, b) => {
    for (const name of names) {
      const order = compareValues(a[0]!.frame.split[name], b[0]!.frame.split[name]);
      if (order !== 0) return order;
    }
    return 0;
  });
}

/** Nothing tells the frames apart: the first acquired at each place, the second, … */
function byOccurrence(places: FrameRef[][]): Split {
  const most = Math.max(...places.map((place) => place.length));
  const parts = Array.from({ length: most }, (_, n) =>
    places.flatMap((place) => [...place].sort(byInstance)[n] ?? []),
  );
  return { parts, code: 'duplicate-positions-split', by: 'order' };
}
