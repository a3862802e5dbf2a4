import type { DataType, SeriesKind, SeriesSummary } from '../../src-shared/contract/series.ts';
import type { VolumeGeometry } from '../../src-shared/geometry/volume-geometry.ts';
import type { ImportIssue, RefusedFile } from '../../src-shared/import-issue.ts';
import type { Window } from '../../src-shared/window.ts';
import type { PictureOrientation } from './formats/picture-orientation.ts';

/** Where the bytes of one input file are: on disk, after archives were unpacked to a temporary folder. */
export interface InputFile {
  /** A readable path on disk. */
  path: string;
  /** The path as the person knows it; `a.zip!/b.dcm` inside an archive. */
  shownPath: string;
}

/** What header reading found to be one series. Plain data: it crosses the worker's boundary. */
export interface PlannedSeries {
  sourceFormat: SeriesSummary['sourceFormat'];
  patient: { name: string; code: string; birthDate: string | null; sex: string };
  study: {
    /** DICOM Study Instance UID, or a stable identity made from the file for other formats. */
    uid: string;
    date: string | null;
    description: string;
    accessionNumber: string;
  };
  /** Series Instance UID plus a suffix when one series was split (`…#2`); stable between imports. */
  uid: string;
  modality: string;
  number: number | null;
  description: string;
  bodyPart: string;
  frameOfReferenceUid: string | null;
  kind: SeriesKind;
  /** In slice order. Frames of one file are `frame` 0…n−1; files with one frame have frame 0. */
  slices: PlannedSlice[];
  /** Every original to be kept, each once (for MHD + raw: both). */
  files: InputFile[];
  /** Known from the headers; decoding may add more. */
  issues: ImportIssue[];
  /** Geometry as far as headers tell; null: decoding decides (formats read by a library). */
  geometry: VolumeGeometry | null;
  hasSpacing: boolean;
  measurable: boolean;
  windows: Window[];
  valueUnit: string;
  /** How a photograph is turned upright (see picture-orientation.ts); absent: it is as stored. */
  pictureOrientation?: PictureOrientation;
}

export interface PlannedSlice {
  fileIndex: number;
  frame: number;
}

export interface ImportPlan {
  series: PlannedSeries[];
  refused: RefusedFile[];
  filesRead: number;
}

export type Voxels = Uint8Array | Int16Array | Uint16Array | Float32Array;

/** A decoded volume; voxels x-fastest, RGB interleaved when `channels` is 3 (then uint8). */
export interface DecodedVolume {
  kind: SeriesKind;
  geometry: VolumeGeometry;
  hasSpacing: boolean;
  measurable: boolean;
  dataType: DataType;
  channels: 1 | 3;
  voxels: Voxels;
  valueRange: [number, number];
  /** 0.5 % and 99.5 % (linear) of the strictly positive voxels; the value range when there are none. */
  percentileRange: [number, number];
  windows: Window[];
  issues: ImportIssue[];
}
