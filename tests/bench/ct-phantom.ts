import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dicomFile, sliceDataset, type PhantomStack } from '../support/dicom-phantom.ts';

export interface Ball {
  /** In pixels and slices. */
  centre: [number, number, number];
  radiusPx: number;
}

const size = 512;
export const slices = 200;
const mm = 0.7;

const stack: PhantomStack = {
  columns: size,
  rows: size,
  slices,
  pixelMm: [mm, mm],
  row: [1, 0, 0],
  column: [0, 1, 0],
  originMm: [-180, -180, -200],
  stepMm: [0, 0, 2],
};

/** Lesion-like balls on a grid through the body, none on another's slices of interest. */
export const balls: Ball[] = Array.from({ length: 40 }, (_, n) => ({
  centre: [
    156 + 50 * (n % 5),
    186 + 50 * (Math.floor(n / 5) % 3),
    8 + Math.floor((n * (slices - 16)) / 40),
  ],
  radiusPx: 10 + (n % 4) * 3,
}));

/** A small multiplicative generator: the same noise on every machine. */
function noise(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Writes so many slices, 512 × 512, of the CT as uncompressed DICOM; noise keeps it from being compressible. */
export function writeCt(folder: string, count = slices, first = 0): void {
  mkdirSync(folder, { recursive: true });
  for (let k = first; k < first + count; k++) {
    const random = noise(k + 1);
    const pixels = new Int16Array(size * size);
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const inBody = ((x - 256) / 210) ** 2 + ((y - 256) / 160) ** 2 < 1;
        pixels[x + size * y] = (inBody ? 55 : -1000) + (random() + random() - 1) * 24;
      }
    }
    for (const { centre, radiusPx } of balls) {
      const dz = ((k - centre[2]) * 2) / mm;
      const r2 = radiusPx ** 2 - dz ** 2;
      if (r2 <= 0) continue;
      const r = Math.ceil(Math.sqrt(r2));
      for (let y = centre[1] - r; y <= centre[1] + r; y++) {
        for (let x = centre[0] - r; x <= centre[0] + r; x++) {
          if ((x - centre[0]) ** 2 + (y - centre[1]) ** 2 <= r2) pixels[x + size * y]! += 60;
        }
      }
    }
    const dataset = sliceDataset(stack, 0, {
      SOPInstanceUID: `1.2.826.0.1.200.${k + 1}`,
      SeriesDescription: 'Bench CT',
      InstanceNumber: k + 1,
      ImagePositionPatient: [stack.originMm[0], stack.originMm[1], stack.originMm[2] + 2 * k],
      RescaleSlope: 1,
      RescaleIntercept: 0,
      PixelData: pixels.buffer,
    });
    writeFileSync(join(folder, `${k}.dcm`), dicomFile(dataset));
  }
}
