import { fail, ok, type Result } from '../../src-shared/result.ts';
import type { ImportIssue } from '../../src-shared/import-issue.ts';
import {
  compactVoxels,
  dataTypeOf,
  pictureFromComponents,
  typedVoxels,
} from './formats/compact-voxels.ts';
import { decodeRaster } from './formats/decode-raster.ts';
import { elementBytes, voxelCountOf, type RawImage } from './formats/raw-image.ts';
import { isRawFormat, readRawHeader } from './formats/read-header.ts';
import { readVoxelBytes } from './formats/voxel-bytes.ts';
import { intensityRange } from './intensity-range.ts';
import { note, RefusedInput } from './refused-input.ts';
import type { DecodedVolume, PlannedSeries, Voxels } from './types.ts';

export interface DecodeOptions {
  signal?: AbortSignal;
  /** Slices done so far. */
  onSlice?: (done: number) => void;
}

/**
 * The voxels of a planned series. One that cannot be read is `decode-failed` with the issue's code
 * as `params.issue`; only an abort throws.
 */
export async function decodeSeries(
  planned: PlannedSeries,
  options: DecodeOptions = {},
): Promise<Result<DecodedVolume>> {
  if (planned.sourceFormat === 'dicom') {
    const { decodeDicomSeries } = await import('./dicom/index.ts');
    return decodeDicomSeries(planned, options);
  }
  try {
    return ok(await decodeImage(planned, planned.sourceFormat, options));
  } catch (error) {
    options.signal?.throwIfAborted();
    const path = planned.files[0]?.shownPath ?? '';
    const reason = error instanceof Error ? error.message : String(error);
    const { code, params } = error instanceof RefusedInput ? error.issue : issueOfReading(reason);
    return fail('decode-failed', { reason, ...params, path, issue: code }, reason);
  }
}

const issueOfReading = (reason: string) => ({ code: 'unreadable-file', params: { reason } });

async function decodeImage(
  planned: PlannedSeries,
  format: Exclude<PlannedSeries['sourceFormat'], 'dicom'>,
  { signal, onSlice }: DecodeOptions,
): Promise<DecodedVolume> {
  const geometry = planned.geometry!;
  const file = planned.files[0]!;
  const { voxels, channels, issues } = isRawFormat(format)
    ? await decodeRaw(await readRawHeader(file, format), planned, signal)
    : await decodeRaster(file, format, geometry.sizeVx, planned.pictureOrientation ?? 1);
  onSlice?.(planned.slices.length);
  const range = intensityRange(voxels);
  const all: ImportIssue[] = [...planned.issues, ...issues];
  if (range.valueRange[0] === range.valueRange[1]) {
    all.push(note('constant-image', { value: range.valueRange[0] }));
  }
  return {
    kind: planned.kind,
    geometry,
    hasSpacing: planned.hasSpacing,
    measurable: planned.measurable,
    dataType: dataTypeOf(voxels),
    channels,
    voxels,
    ...range,
    windows: planned.windows,
    issues: all,
  };
}

interface Decoded {
  voxels: Voxels;
  channels: 1 | 3;
  issues: ImportIssue[];
}

async function decodeRaw(
  image: RawImage,
  planned: PlannedSeries,
  signal?: AbortSignal,
): Promise<Decoded> {
  const time = planned.slices[0]!.frame / image.sizeVx[2];
  const bytes = image.timeIsFastest
    ? await bytesOfInterleavedTime(image, time, signal)
    : await bytesOfTime(image, time, signal);
  const stored = typedVoxels(bytes, image.elementType, image.littleEndian);
  if (image.components === 1) {
    const { voxels, issues } = compactVoxels(stored, image.scale);
    return { voxels, channels: 1, issues };
  }
  if (!(stored instanceof Uint8Array || stored instanceof Uint16Array)) {
    throw new RefusedInput('vector-image', { components: image.components });
  }
  return pictureFromComponents(stored, image.components);
}

const bytesPerVoxel = (image: RawImage) => image.components * elementBytes[image.elementType];

function bytesOfTime(image: RawImage, time: number, signal?: AbortSignal): Promise<Uint8Array> {
  const length = voxelCountOf(image) * bytesPerVoxel(image);
  return readVoxelBytes(image.parts, time * length, length, signal);
}

/** One value of each voxel's time course. Read in stretches, so that the whole is never in memory. */
async function bytesOfInterleavedTime(
  image: RawImage,
  time: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const width = bytesPerVoxel(image);
  const stride = width * image.timePoints;
  const voxels = voxelCountOf(image);
  const result = new Uint8Array(voxels * width);
  const packed = image.parts.some((part) => part.compression !== 'none');
  // A compressed file is unpacked from its start for every stretch: then in one.
  const stretch = packed ? voxels : Math.max(1, Math.floor((64 * 2 ** 20) / stride));
  for (let first = 0; first < voxels; first += stretch) {
    const count = Math.min(stretch, voxels - first);
    const bytes = await readVoxelBytes(image.parts, first * stride, count * stride, signal);
    for (let n = 0; n < count; n++) {
      const from = n * stride + time * width;
      result.set(bytes.subarray(from, from + width), (first + n) * width);
    }
  }
  return result;
}
