import { basename } from 'node:path';
import { note, warning } from './refused-input.ts';
import { contentIdentity } from './content-identity.ts';
import { latticeWithoutSpacing } from './formats/affine.ts';
import type { RasterFormat } from './formats/raster.ts';
import { readRasterHeader } from './formats/raster.ts';
import { isTurned } from './formats/picture-orientation.ts';
import { isRawFormat, readRawHeader } from './formats/read-header.ts';
import type { RawImage } from './formats/raw-image.ts';
import { byteLengthOf } from './formats/raw-image.ts';
import { checkVoxelBytes } from './formats/voxel-bytes.ts';
import { RefusedInput } from './refused-input.ts';
import type { InputFile, PlannedSeries, PlannedSlice } from './types.ts';

export type ImageFormat = RawImage['format'] | RasterFormat;

/** Bytes of voxels beyond which one volume is not opened. */
const voxelBytesLimit = 8 * 2 ** 30;

/**
 * The series of one file that is not DICOM: one, or one per time point.
 * Reads the file once or twice (identity, completeness), never into memory as a whole.
 * @throws RefusedInput
 */
export async function planImage(
  file: InputFile,
  format: ImageFormat,
  { patientName, signal }: { patientName: string; signal?: AbortSignal },
): Promise<PlannedSeries[]> {
  if (isRawFormat(format)) return planRaw(file, format, patientName, signal);
  const { widthPx, heightPx, pages, orientation } = await readRasterHeader(file, format);
  const identity = await contentIdentity([file], signal);
  const series = common(file, format, patientName, identity);
  const turned = format === 'jpeg' && orientation !== 1;
  return [
    {
      ...series,
      kind: pages > 1 ? 'stack' : 'image',
      slices: framesFrom(0, pages),
      files: [file],
      geometry: latticeWithoutSpacing(
        turned && isTurned(orientation) ? [heightPx, widthPx, pages] : [widthPx, heightPx, pages],
      ),
      ...(turned ? { pictureOrientation: orientation } : {}),
      issues: orientation === 1 ? [] : [turned ? turnedUpright : leftAsStored(orientation)],
      hasSpacing: false,
      measurable: false,
    },
  ];
}

const turnedUpright = { ...note('picture-turned', {}), severity: 'corrected' as const };
/** TIFF readers follow this tag by halves; what came out cannot be told from here. */
const leftAsStored = (orientation: number) => warning('picture-not-turned', { orientation });

async function planRaw(
  file: InputFile,
  format: RawImage['format'],
  patientName: string,
  signal: AbortSignal | undefined,
): Promise<PlannedSeries[]> {
  const image = await readRawHeader(file, format);
  const gigabytes = byteLengthOf(image) / image.timePoints / 2 ** 30;
  if (gigabytes * 2 ** 30 > voxelBytesLimit) {
    throw new RefusedInput('too-large', { size: `${Math.round(gigabytes)} GB` });
  }
  await checkVoxelBytes(image.parts, signal);
  const identity = await contentIdentity(image.files, signal);
  const series = common(file, format, patientName, identity);
  const split = image.timePoints > 1;
  const nk = image.sizeVx[2];
  return Array.from({ length: image.timePoints }, (_, time) => ({
    ...series,
    uid: split ? `${series.uid}#${time + 1}` : series.uid,
    number: split ? time + 1 : null,
    modality: image.modality,
    kind: image.components > 1 && nk > 1 ? 'stack' : nk > 1 ? 'volume' : 'image',
    slices: framesFrom(time * nk, nk),
    files: image.files,
    issues: split
      ? [...image.issues, note('time-points-split', { count: image.timePoints })]
      : image.issues,
    geometry: image.geometry,
    hasSpacing: image.hasSpacing,
    measurable: image.measurable,
  }));
}

/** Frames of a file with several time points are counted through: time · slices + slice. */
const framesFrom = (first: number, count: number): PlannedSlice[] =>
  Array.from({ length: count }, (_, n) => ({ fileIndex: 0, frame: first + n }));

function common(file: InputFile, format: ImageFormat, patientName: string, identity: string) {
  return {
    sourceFormat: format,
    patient: { name: patientName, code: '', birthDate: null, sex: '' },
    study: { uid: `sha256:${identity}`, date: null, description: '', accessionNumber: '' },
    uid: `sha256:${identity}`,
    modality: 'OT',
    number: null,
    description: basename(file.shownPath),
    bodyPart: '',
    frameOfReferenceUid: null,
    issues: [],
    windows: [],
    valueUnit: '',
  } satisfies Partial<PlannedSeries>;
}
