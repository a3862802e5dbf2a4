import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import type { SeriesKind } from '../../src-shared/contract/series.ts';
import type { ModelWindow } from '../../src-shared/window.ts';
import { sliceToView } from '../inference/recipes/intensity.ts';
import { sliceImage, type SliceSeries } from '../segmentation/slice-image.ts';
import type { VolumeReader } from '../segmentation/types.ts';
import { labelsOf, type LabelMap } from './label-maps.ts';
import { writeNpz, type NpzArray } from './npz.ts';
import type { FileReport } from './report.ts';

/** Nothing for the first label map of a case, then b, c … z, ba, bb … */
export function layerLetters(n: number): string {
  if (n === 0) return '';
  const rest = Math.floor(n / 26);
  return (rest > 0 ? layerLetters(rest) : '') + String.fromCharCode(97 + (n % 26));
}

export interface FilePart {
  name: string;
  map: LabelMap;
  slices: number[];
  /** A picture: (H, W, 3) instead of (D, H, W). */
  flat: boolean;
}

/**
 * MedSAM's layout has (D, H, W) for grey slices and (H, W, 3) for pictures, and nothing for several
 * pictures in colour: those get a file for each.
 */
export function filesOf(
  map: LabelMap,
  { stem, kind, channels }: { stem: string; kind: SeriesKind; channels: 1 | 3 },
): FilePart[] {
  const slices = [...map.slices.keys()].toSorted((a, b) => a - b);
  if (kind === 'image') return [{ name: `${stem}.npz`, map, slices, flat: true }];
  if (channels === 1) return [{ name: `${stem}.npz`, map, slices, flat: false }];
  return slices.map((k) => ({
    name: `${stem}f${String(k).padStart(4, '0')}.npz`,
    map,
    slices: [k],
    flat: true,
  }));
}

export interface FileToWrite extends FilePart {
  volumes: Pick<VolumeReader, 'readSlice'>;
  series: SliceSeries & { kind: SeriesKind; hasSpacing: boolean };
  modelWindow: ModelWindow;
  flip: { x: boolean; y: boolean };
}

/** @throws LibraryError when voxels cannot be read; Error of the file system */
export async function writeCaseFile(
  folder: string,
  file: FileToWrite,
  signal?: AbortSignal,
): Promise<FileReport> {
  const { name, map, slices, flat, series, flip } = file;
  const [width, height] = series.geometry.sizeVx;
  const imgs = flat ? [height, width, 3] : [slices.length, height, width];
  const gts = flat ? [height, width] : imgs;
  async function* images() {
    for (const k of slices) {
      signal?.throwIfAborted();
      await breathe();
      yield await greys(file, k);
    }
  }
  async function* labels() {
    for (const k of slices) {
      await breathe();
      yield flipped(map.slices.get(k)!, width, height, flip);
    }
  }
  const arrays: NpzArray[] = [
    { name: 'imgs', type: 'uint8', shape: imgs, parts: images },
    { name: 'gts', type: 'uint8', shape: gts, parts: labels },
    ...spacingArray(series),
    values('slice_indices', 'int32', Int32Array.from(slices)),
    values('flipped_xy', 'bool', Uint8Array.of(Number(flip.x), Number(flip.y))),
  ];
  const written = await writeNpz(join(folder, name), arrays);
  return { name, ...written, shape: imgs, sliceIndices: slices, labels: labelsOf(map, slices) };
}

const values = (name: string, type: NpzArray['type'], array: Int32Array | Float64Array | Uint8Array): NpzArray => ({
  name,
  type,
  shape: [array.length],
  parts: () => [new Uint8Array(array.buffer, array.byteOffset, array.byteLength)],
}); // prettier-ignore

/**
 * x, y, z in mm, as SimpleITK's GetSpacing. Left out where it is unknown, rather than 1: a metric in
 * "mm" would be wrong without a word. Between frames that make no volume there is no distance.
 */
function spacingArray(series: FileToWrite['series']): NpzArray[] {
  if (!series.hasSpacing) return [];
  const [x, y, z] = series.geometry.spacingMm;
  return [values('spacing', 'float64', Float64Array.of(x, y, series.kind === 'stack' ? NaN : z))];
}

/** The slice as models are given it; grey pictures get three equal channels. */
async function greys(file: FileToWrite, k: number): Promise<Uint8Array> {
  const data = await file.volumes.readSlice(file.series.id, 'k', k);
  const view = sliceToView(sliceImage(file.series, data, 'k', k, file.modelWindow));
  const grey = Uint8Array.from(view.data);
  if (!file.flat || view.channels === 3) return grey;
  const colour = new Uint8Array(grey.length * 3);
  for (let n = 0; n < grey.length; n++) colour.fill(grey[n]!, 3 * n, 3 * n + 3);
  return colour;
}

function flipped(
  plane: Uint8Array,
  width: number,
  height: number,
  { x, y }: { x: boolean; y: boolean },
): Uint8Array {
  if (!x && !y) return plane;
  const turned = new Uint8Array(plane.length);
  for (let row = 0; row < height; row++) {
    const from = plane.subarray(row * width, (row + 1) * width);
    const to = (y ? height - 1 - row : row) * width;
    turned.set(x ? from.toReversed() : from, to);
  }
  return turned;
}
