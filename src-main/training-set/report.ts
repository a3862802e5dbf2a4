import type { Vec3 } from '../../src-shared/geometry/volume-geometry.ts';
import type { ModelWindow } from '../../src-shared/window.ts';
import type { DroppedPiece } from './curation.ts';
import type { MapLabel } from './label-maps.ts';

/** Why a mask is not in the set. */
export type LeftOutReason = 'pending' | 'failed' | 'empty' | 'other-reader';

/** What to know before training on a case. */
export type Caution =
  | 'spacing-unknown'
  | 'not-measurable'
  /** Masks of the case were made with several model windows; the most frequent was taken. */
  | 'several-windows'
  /** A segment has masks on some of its slices only: its object may have been taken for several small ones. */
  | 'gaps-between-slices'
  /** Segments overlap: they are spread over several files with the same images. */
  | 'overlapping-segments'
  /** Pictures of this kind may show names or dates in their pixels; pixels are exported as they are. */
  | 'text-in-pixels-possible';

/** One npz file. */
export interface FileReport {
  name: string;
  bytes: number;
  sha256: string;
  /** Shape of `imgs`. */
  shape: number[];
  /** Slices (k) or frames of the series, in the order of the file. */
  sliceIndices: number[];
  labels: MapLabel[];
}

/** One series. */
export interface CaseReport {
  case: string;
  patient: string;
  modality: string;
  anatomy: string;
  kind: 'volume' | 'stack' | 'image';
  sizeVx: Vec3;
  spacingMm: Vec3 | null;
  modelWindow: ModelWindow;
  /** Stored intensities that became 0 and 255. */
  intensityRange: [number, number];
  /** Whether x and y run against the stored order, so that the patient is upright as models see it. */
  flippedXY: [boolean, boolean];
  files: FileReport[];
  dropped: ({ segment: number } & DroppedPiece)[];
  leftOut: { segment: number; axis: 'i' | 'j' | 'k'; sliceIndex: number; reason: LeftOutReason }[];
  cautions: Caution[];
}

/** A series that could not be read. */
export interface FailedCase {
  case: string;
  patient: string;
  error: { code: string };
}

/** `export.json` of a training set. Nothing in it leads back to a patient. */
export interface TrainingSetReport {
  format: 'medsam-workstation-training-set';
  version: 1;
  application: string;
  recipe: {
    minimumVoxels: number;
    minimumSlicePx: number;
    connectivity: { object: 26; slice: 8 };
    /** auto: each case's `modelWindow`. */
    modelWindow: ModelWindow | 'auto';
    onlyOneReader: boolean;
  };
  cases: CaseReport[];
  failed: FailedCase[];
  seriesWithoutMasks: number;
}

/** The dropped pieces and left-out masks of all cases as a table (RFC 4180). */
export function droppedCsv(cases: CaseReport[]): string {
  const head = 'case,segment,reason,axis,first_slice,last_slice,voxels,x0,y0,x1,y1';
  const rows = cases.flatMap((one) => [
    ...one.dropped.map((piece) =>
      [
        one.case,
        piece.segment,
        piece.rule === 'object' ? 'object-too-small' : 'slice-too-small',
        'k',
        piece.firstSlice,
        piece.lastSlice,
        piece.voxelCount,
        ...piece.boxPx,
      ].join(','),
    ),
    ...one.leftOut.map(({ segment, axis, sliceIndex, reason }) =>
      [one.case, segment, `mask-${reason}`, axis, sliceIndex, sliceIndex, '', '', '', '', ''].join(
        ',',
      ),
    ),
  ]);
  return [head, ...rows, ''].join('\r\n');
}
