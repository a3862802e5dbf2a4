import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import dcmjs from 'dcmjs';
import type { InputFile } from '../../src-main/imaging/types.ts';
import type { Vec3 } from '../../src-shared/geometry/volume-geometry.ts';

/** Attributes by their DICOM keywords, as dcmjs takes them; `PixelData` as an ArrayBuffer. */
export type Dataset = Record<string, unknown>;

export const ctImage = '1.2.840.10008.5.1.4.1.1.2';
const explicitLittleEndian = '1.2.840.10008.1.2.1';

/** A DICOM file (explicit little endian) written by dcmjs, a library that the importer does not use. */
export function dicomFile(dataset: Dataset): Buffer {
  const meta = {
    '00020002': { vr: 'UI', Value: [dataset.SOPClassUID ?? ctImage] },
    '00020003': { vr: 'UI', Value: [dataset.SOPInstanceUID ?? '1.2.3'] },
    '00020010': { vr: 'UI', Value: [explicitLittleEndian] },
  };
  const file = new dcmjs.data.DicomDict(meta);
  file.dict = dcmjs.data.DicomMetaDictionary.denaturalizeDataset({
    _vrMap: { PixelData: 'OW' },
    ...dataset,
  });
  return Buffer.from(file.write());
}

/** A folder of phantom files, to be removed after the tests; `write` gives the input file to import. */
export class PhantomFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'dicom-phantom-'));

  write(name: string, bytes: Uint8Array): InputFile {
    const path = join(this.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
    return { path, shownPath: name };
  }

  writeAll(datasets: Dataset[], prefix = ''): InputFile[] {
    return datasets.map((dataset, n) => this.write(`${prefix}${n}.dcm`, dicomFile(dataset)));
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

export interface PhantomStack {
  columns: number;
  rows: number;
  slices: number;
  /** Between columns, between rows. */
  pixelMm: [number, number];
  row: Vec3;
  column: Vec3;
  originMm: Vec3;
  /** World step from slice to slice. */
  stepMm: Vec3;
}

export const straightStack: PhantomStack = {
  columns: 6,
  rows: 5,
  slices: 4,
  pixelMm: [0.7, 1.3],
  row: [1, 0, 0],
  column: [0, 1, 0],
  originMm: [-20, 10, 50],
  stepMm: [0, 0, 2.5],
};

/** The phantom's intensity: linear in the world, so every voxel tells where it lies. */
export const intensityAt = ([x, y, z]: Vec3): number => 3 * x - 2 * y + 5 * z;

export const positionOf = (stack: PhantomStack, slice: number): Vec3 =>
  stack.originMm.map((o, c) => o + slice * stack.stepMm[c]!) as Vec3;

/** World position of a pixel by the equation of PS3.3 C.7.6.2.1.1. */
export function pixelToWorld(
  stack: PhantomStack,
  position: Vec3,
  column: number,
  row: number,
): Vec3 {
  return position.map(
    (p, c) =>
      p + stack.row[c]! * stack.pixelMm[0] * column + stack.column[c]! * stack.pixelMm[1] * row,
  ) as Vec3;
}

/** Pixels of a slice at a position, from a function of the world. */
export function slicePixels(
  stack: PhantomStack,
  position: Vec3,
  stored: (world: Vec3) => number = (world) => Math.round(intensityAt(world)),
): Int16Array {
  const pixels = new Int16Array(stack.columns * stack.rows);
  for (let row = 0; row < stack.rows; row++) {
    for (let column = 0; column < stack.columns; column++) {
      pixels[column + stack.columns * row] = stored(pixelToWorld(stack, position, column, row));
    }
  }
  return pixels;
}

/** Decimal strings have 16 characters at most. */
const decimal = (value: number) => Number(value.toPrecision(9));

/** One slice of a series as a CT image; `changes` replace attributes, undefined removes them. */
export function sliceDataset(stack: PhantomStack, slice: number, changes: Dataset = {}): Dataset {
  const position = (changes.ImagePositionPatient as Vec3 | undefined) ?? positionOf(stack, slice);
  const dataset: Dataset = {
    SOPClassUID: ctImage,
    SOPInstanceUID: `1.2.826.0.1.99.${slice + 1}`,
    StudyInstanceUID: '1.2.826.0.1.77',
    SeriesInstanceUID: '1.2.826.0.1.88',
    FrameOfReferenceUID: '1.2.826.0.1.66',
    PatientName: 'Phantom^Analytic',
    PatientID: 'P-1',
    StudyDate: '20240131',
    Modality: 'CT',
    SeriesNumber: 3,
    InstanceNumber: slice + 1,
    ImagePositionPatient: position,
    ImageOrientationPatient: [...stack.row, ...stack.column].map(decimal),
    // Rows first: DICOM names the distance between rows before that between columns.
    PixelSpacing: [stack.pixelMm[1], stack.pixelMm[0]],
    SliceThickness: 1,
    Rows: stack.rows,
    Columns: stack.columns,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    BitsAllocated: 16,
    BitsStored: 16,
    HighBit: 15,
    PixelRepresentation: 1,
    PixelData: slicePixels(stack, position).buffer,
    ...changes,
  };
  const given = dataset.ImagePositionPatient as number[] | undefined;
  if (given) dataset.ImagePositionPatient = given.map(decimal);
  return Object.fromEntries(Object.entries(dataset).filter(([, value]) => value !== undefined));
}

export const stackDatasets = (
  stack: PhantomStack,
  changes: (slice: number) => Dataset = () => ({}),
): Dataset[] =>
  Array.from({ length: stack.slices }, (_, slice) => sliceDataset(stack, slice, changes(slice)));
