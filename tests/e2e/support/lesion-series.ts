import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dicomFile, sliceDataset, type PhantomStack } from '../../support/dicom-phantom.ts';
import type { Part, Plane } from './viewer-page.ts';

const stack: PhantomStack = {
  columns: 128,
  rows: 96,
  slices: 24,
  pixelMm: [1, 1],
  row: [1, 0, 0],
  column: [0, 1, 0],
  originMm: [-64, -48, -30],
  stepMm: [0, 0, 2.5],
};

/** Size of each plane's picture in mm. */
export const lesionExtentMm: Record<Plane, Part> = {
  axial: [128, 96],
  coronal: [128, 60],
  sagittal: [96, 60],
};

/** The lesion: a bright ball that all three middle slices cut. */
const centreMm = [6, 0, 0] as const;
const radiusMm = 12;

/** Boxes round the lesion (with a margin of 3 mm), as parts of each plane's picture through its centre. */
export const lesionBox: Record<Plane, { from: Part; to: Part }> = {
  axial: part([centreMm[0] + 64, centreMm[1] + 48], lesionExtentMm.axial),
  coronal: part([centreMm[0] + 64, 30 - centreMm[2]], lesionExtentMm.coronal),
  sagittal: part([centreMm[1] + 48, 30 - centreMm[2]], lesionExtentMm.sagittal),
};

function part([x, y]: Part, [width, height]: Part): { from: Part; to: Part } {
  const reach = radiusMm + 3;
  return {
    from: [(x - reach) / width, (y - reach) / height],
    to: [(x + reach) / width, (y + reach) / height],
  };
}

export interface LesionSeries {
  name?: string;
  code?: string;
  description?: string;
  date?: string;
  /** Told apart by this number: another one is another study and series. */
  number?: number;
}

/** Writes an abdominal CT made by code, one file a slice, and returns the files. */
export function writeLesionSeries(folder: string, given: LesionSeries = {}): string[] {
  const { name = 'Phantom^Ball', code = 'P-1', description = 'Ball', date = '20240131', number = 1 } = given;
  mkdirSync(folder, { recursive: true });
  return Array.from({ length: stack.slices }, (_, k) => {
    const z = stack.originMm[2] + 2.5 * k;
    const pixels = new Int16Array(stack.columns * stack.rows);
    let state = k + 1;
    for (let y = 0; y < stack.rows; y++) {
      for (let x = 0; x < stack.columns; x++) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        const noise = (state / 2 ** 32 - 0.5) * 30;
        const [wx, wy] = [stack.originMm[0] + x, stack.originMm[1] + y];
        const inBody = (wx / 56) ** 2 + (wy / 42) ** 2 < 1;
        const [dx, dy, dz] = [wx - centreMm[0], wy - centreMm[1], z - centreMm[2]];
        const inLesion = dx * dx + dy * dy + dz * dz < radiusMm ** 2;
        pixels[x + stack.columns * y] = (inLesion ? 150 : inBody ? 30 : -1000) + noise;
      }
    }
    const file = join(folder, `${String(k).padStart(3, '0')}.dcm`);
    const dataset = sliceDataset(stack, 0, {
      SOPInstanceUID: `1.2.826.0.1.300.${number}.${k + 1}`,
      StudyInstanceUID: `1.2.826.0.1.301.${number}`,
      SeriesInstanceUID: `1.2.826.0.1.302.${number}`,
      FrameOfReferenceUID: `1.2.826.0.1.303.${number}`,
      PatientName: name,
      PatientID: code,
      StudyDate: date,
      SeriesDescription: description,
      InstanceNumber: k + 1,
      SliceThickness: 2.5,
      ImagePositionPatient: [stack.originMm[0], stack.originMm[1], z],
      RescaleSlope: 1,
      RescaleIntercept: 0,
      PixelData: pixels.buffer,
    });
    writeFileSync(file, dicomFile(dataset));
    return file;
  });
}
