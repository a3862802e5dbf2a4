import type { Vec3 } from '../../../src-shared/geometry/volume-geometry.ts';
import { cross } from '../../../src-shared/geometry/volume-geometry.ts';
import type { Window } from '../../../src-shared/window.ts';
import type { Attributes } from './attributes.ts';
import type { FrameHeader, Orientation, PixelLayout, SplitName } from './header-types.ts';
import { pixelSpacing } from './pixel-spacing.ts';

/** The attributes of one frame: its own functional groups, then the shared ones, then the file's. */
interface FrameSources {
  root: Attributes;
  perFrame: Attributes | null;
  shared: Attributes | null;
}

/** One header per frame; frames of a plain multi-frame file share one object. */
export function frameHeaders(root: Attributes, layout: PixelLayout): FrameHeader[] {
  const shared = root.item('52009229');
  const perFrame = root.items('52009230');
  if (shared || perFrame.length > 0) {
    return Array.from({ length: layout.frameCount }, (_, n) =>
      frameHeader({ root, shared, perFrame: perFrame[n] ?? null }),
    );
  }
  const only = frameHeader({ root, shared: null, perFrame: null });
  if (layout.frameCount === 1) return [only];
  return nuclearFrames(root, only, layout) ?? Array<FrameHeader>(layout.frameCount).fill(only);
}

function frameHeader(sources: FrameSources): FrameHeader {
  const { root } = sources;
  /** The macro of a functional group sequence, or the root for files without functional groups. */
  const macro = (tag: string) =>
    sources.perFrame?.item(tag) ??
    sources.shared?.item(tag) ??
    (sources.perFrame || sources.shared ? null : root);
  const position = macro('00209113');
  const orientation = macro('00209116');
  const measures = macro('00289110');
  const transformation = macro('00289145') ?? root;
  const voi = macro('00289132') ?? root;
  return {
    positionMm: position ? triple(position.decimals('00200032')) : null,
    orientation: orientation ? parseOrientation(orientation.decimals('00200037')) : null,
    ...pixelSpacing(root, measures),
    sliceThicknessMm: positiveOrNull((measures ?? root).decimal('00180050')),
    rescale: rescaleOf(transformation),
    windows: windowsOf(voi),
    split: splitValues(root, macro),
  };
}

export function triple(values: number[]): Vec3 | null {
  return values.length === 3 && values.every(Number.isFinite) ? (values as Vec3) : null;
}

/**
 * Image Orientation (Patient) as two unit vectors. Null when it is no orientation at all (six
 * numbers are missing, or a vector is zero); vectors that are not perpendicular are kept as they are.
 */
export function parseOrientation(values: number[]): Orientation | null {
  if (values.length !== 6 || !values.every(Number.isFinite)) return null;
  const row = unit(values.slice(0, 3) as Vec3);
  const column = unit(values.slice(3) as Vec3);
  if (!row || !column) return null;
  return Math.hypot(...cross(row, column)) < 0.1 ? null : { row, column };
}

function unit(v: Vec3): Vec3 | null {
  const length = Math.hypot(...v);
  return length < 1e-6 ? null : [v[0] / length, v[1] / length, v[2] / length];
}

const positiveOrNull = (value: number | null) => (value !== null && value > 0 ? value : null);

function rescaleOf(a: Attributes): FrameHeader['rescale'] {
  const slope = a.decimal('00281053');
  const intercept = a.decimal('00281052');
  if (slope === null && intercept === null) return null;
  // A slope of zero would erase the picture; it stands for "not filled in".
  return { slope: slope === null || slope === 0 ? 1 : slope, intercept: intercept ?? 0 };
}

/** Window centre and width pairs that make sense: widths must be positive (PS3.3 C.11.2.1.2). */
function windowsOf(a: Attributes): Window[] {
  const levels = a.decimals('00281050');
  const widths = a.decimals('00281051');
  return levels.flatMap((level, n) => {
    const width = widths[n];
    return Number.isFinite(level) && width !== undefined && Number.isFinite(width) && width > 0
      ? [{ level, width }]
      : [];
  });
}

function splitValues(
  root: Attributes,
  macro: (tag: string) => Attributes | null,
): Record<SplitName, string> {
  const content = macro('00209111');
  const diffusion = macro('00189117');
  const echo = macro('00189114');
  const cardiac = macro('00189118');
  const frameType = macro('00189226') ?? macro('00189329') ?? macro('00189751') ?? null;
  const number = (value: number | null | undefined) =>
    value === null || value === undefined ? '' : String(value);
  return {
    temporalPosition: number(content?.integer('00209128')) || number(root.decimal('00200100')),
    cardiacPhase: number(cardiac?.double('00209241')),
    bValue: number(diffusion?.double('00189087') ?? siemensBValue(root)),
    gradientDirection: (diffusion?.item('00189076') ?? root).doubles('00189089').join('\\'),
    echo:
      number(echo?.double('00189082')) ||
      [root.text('00180086'), root.text('00180081')].filter(Boolean).join('/'),
    imageType: frameType?.text('00089007') || root.text('00080008'),
    kernel: root.text('00181210'),
    acquisition: root.text('00200012'),
    acquisitionTime: content?.text('00189074') || root.text('0008002a') || root.text('00080032'),
    triggerTime: root.text('00181060'),
    stack: content?.text('00209056') ?? '',
    contentTime: root.text('00080033'),
  };
}

/** The b-value where Siemens wrote it before the standard had a place for it. */
function siemensBValue(root: Attributes): number | null {
  return /SIEMENS/i.test(root.text('00190010')) ? root.decimal('0019100c') : null;
}

/**
 * Frames of a reconstructed nuclear medicine volume: position and orientation of the first frame
 * are in the detector's item, the rest follow at Spacing Between Slices (PS3.3 C.8.4.15).
 */
function nuclearFrames(
  root: Attributes,
  only: FrameHeader,
  layout: PixelLayout,
): FrameHeader[] | null {
  const imageType = root.texts('00080008').map((part) => part.toUpperCase());
  if (root.text('00080060') !== 'NM' || !imageType.includes('RECON TOMO')) return null;
  const detector = root.item('00540022');
  const position = triple(detector?.decimals('00200032') ?? []) ?? only.positionMm;
  const orientation = parseOrientation(detector?.decimals('00200037') ?? []) ?? only.orientation;
  const step = root.decimal('00180088');
  if (!position || !orientation || step === null || step === 0) return null;
  const normal = cross(orientation.row, orientation.column);
  return Array.from({ length: layout.frameCount }, (_, n) => ({
    ...only,
    orientation,
    positionMm: position.map((p, c) => p + n * step * normal[c]!) as Vec3,
  }));
}
