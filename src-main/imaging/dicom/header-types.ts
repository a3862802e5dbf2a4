import type { Vec3 } from '../../../src-shared/geometry/volume-geometry.ts';
import type { Window } from '../../../src-shared/window.ts';
import type { InputFile } from '../types.ts';

/** Unit world directions (LPS) of the row (growing column index, x) and the column (growing row index, y). */
export interface Orientation {
  row: Vec3;
  column: Vec3;
}

/** Where the pixel spacing of a frame comes from. */
export type SpacingSource =
  /** Pixel Spacing: in the patient. */
  | 'pixel'
  /** Imager Pixel Spacing: at the detector, so the patient is shown magnified. */
  | 'imager'
  /** Imager Pixel Spacing divided by the Estimated Radiographic Magnification Factor. */
  | 'imager-magnification'
  /** One calibration shared by all ultrasound regions. */
  | 'ultrasound-region'
  | 'none';

/** Values that tell apart frames of one series at one place (time points, echoes, b-values …). */
export const splitNames = [
  'temporalPosition',
  'cardiacPhase',
  'bValue',
  'gradientDirection',
  'echo',
  'imageType',
  'kernel',
  'acquisition',
  'acquisitionTime',
  'triggerTime',
  'stack',
  'contentTime',
] as const;
export type SplitName = (typeof splitNames)[number];

export interface FrameHeader {
  positionMm: Vec3 | null;
  orientation: Orientation | null;
  /** [x, y]: between columns, between rows. DICOM writes the row spacing first. */
  pixelSpacingMm: [number, number] | null;
  spacingSource: SpacingSource;
  sliceThicknessMm: number | null;
  rescale: { slope: number; intercept: number } | null;
  windows: Window[];
  split: Record<SplitName, string>;
}

export interface PixelLayout {
  rows: number;
  columns: number;
  samplesPerPixel: number;
  photometric: string;
  bitsAllocated: number;
  bitsStored: number;
  highBit: number;
  signed: boolean;
  planar: boolean;
  frameCount: number;
  transferSyntaxUid: string;
}

export interface PixelDataPlace {
  /** In the bytes of the dataset (see `ParsedDataset.bytes`). */
  offset: number;
  /** Length of the value in bytes; null when encapsulated. */
  length: number | null;
}

/** The header of one file that holds an image. */
export interface ImageHeader {
  file: InputFile;
  layout: PixelLayout;
  frames: FrameHeader[];
  sopClassUid: string;
  sopInstanceUid: string;
  patient: { name: string; code: string; birthDate: string | null; sex: string };
  study: {
    uid: string;
    date: string | null;
    time: string;
    description: string;
    accessionNumber: string;
  };
  seriesUid: string;
  modality: string;
  seriesNumber: number | null;
  seriesDescription: string;
  bodyPart: string;
  frameOfReferenceUid: string | null;
  instanceNumber: number | null;
  localizer: boolean;
  lossy: boolean;
  hasModalityLut: boolean;
  rescaleType: string;
  valueUnit: string;
  /** SHA-256 of the header bytes; only where identifiers are blank and something must stand in for them. */
  digest: string | null;
}

/** One frame of one file, the unit that series are made of. */
export interface FrameRef {
  header: ImageHeader;
  frameIndex: number;
  frame: FrameHeader;
}
