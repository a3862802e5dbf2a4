import type { ImportIssue } from '../../../src-shared/import-issue.ts';
import type { VolumeGeometry } from '../../../src-shared/geometry/volume-geometry.ts';
import type { InputFile } from '../types.ts';

/** Types of voxels that NIfTI, NRRD and MetaImage files hold and that are read. */
export const elementBytes = {
  uint8: 1,
  int8: 1,
  uint16: 2,
  int16: 2,
  uint32: 4,
  int32: 4,
  uint64: 8,
  int64: 8,
  float32: 4,
  float64: 8,
} as const;
export type ElementType = keyof typeof elementBytes;

/** A stretch of voxel bytes in one file. Parts follow each other in storage order. */
export interface VoxelPart {
  file: InputFile;
  /** Where the (compressed) data start in the file; −1: they are the last `byteLength` bytes. */
  fileOffset: number;
  compression: 'none' | 'gzip' | 'zlib';
  /** Bytes to leave out after decompression (the header of a `.nii.gz`). */
  skipBytes: number;
  /** Decompressed bytes of voxels in this part. */
  byteLength: number;
}

/** What the header of a NIfTI, NRRD or MetaImage file says. */
export interface RawImage {
  format: 'nifti' | 'nrrd' | 'meta';
  /** Voxels along i, j, k; 1 where the file has no such axis. */
  sizeVx: [number, number, number];
  spatialDimensions: 2 | 3;
  timePoints: number;
  /** Time is the fastest axis (every voxel's time course together), not the slowest. */
  timeIsFastest: boolean;
  /** 3: RGB, 4: RGBA, interleaved. */
  components: 1 | 3 | 4;
  elementType: ElementType;
  littleEndian: boolean;
  /** value = stored · slope + intercept */
  scale: { slope: number; intercept: number };
  geometry: VolumeGeometry;
  hasSpacing: boolean;
  measurable: boolean;
  issues: ImportIssue[];
  /** DICOM modality if the header names one, else OT. */
  modality: string;
  parts: VoxelPart[];
  /** The header first, then its companions. */
  files: InputFile[];
}

export const voxelCountOf = (image: RawImage): number =>
  image.sizeVx[0] * image.sizeVx[1] * image.sizeVx[2];

/** Bytes of all time points. */
export const byteLengthOf = (
  image: Pick<RawImage, 'sizeVx' | 'timePoints' | 'components' | 'elementType'>,
): number =>
  image.sizeVx[0] *
  image.sizeVx[1] *
  image.sizeVx[2] *
  image.timePoints *
  image.components *
  elementBytes[image.elementType];
