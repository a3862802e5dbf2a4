import { readFile } from 'node:fs/promises';
import type { ImportIssue } from '../../../src-shared/import-issue.ts';
import { fail, ok, type Result } from '../../../src-shared/result.ts';
import { intensityRange } from '../intensity-range.ts';
import type { DecodedVolume, InputFile, PlannedSeries } from '../types.ts';
import { frameSamples, type FramePicture } from './frame-samples.ts';
import type { ImageHeader } from './header-types.ts';
import { imageHeader, pixelLayout } from './headers.ts';
import { modalityLut, type ModalityLut } from './modality-lut.ts';
import { parseDataset, type ParsedDataset } from './parse.ts';
import { frameBytes, PixelDataError } from './pixel-data.ts';
import { resampleTilt } from './resample-tilt.ts';
import { invertedWindow, invertsOnImport } from './monochrome1.ts';
import { VolumeWriter } from './volume-writer.ts';
import { corrected, note } from './validate-geometry.ts';
import { mapConcurrently } from './concurrency.ts';

export interface DecodeOptions {
  signal?: AbortSignal;
  /** Slices decoded so far, of all. */
  onSlice?: (done: number, total: number) => void;
}

const filesAtOnce = 8;

interface LoadedFile {
  header: ImageHeader;
  parsed: ParsedDataset;
  lut: ModalityLut | null;
}

/**
 * Reads the pixels of a planned series into one volume: x fastest, slices in the planned order,
 * values rescaled (Hounsfield units for CT), or RGB. A slice that cannot be decoded fails the
 * series with the name of its file: a volume never comes with holes.
 */
export async function decodeDicomSeries(
  planned: PlannedSeries,
  options: DecodeOptions = {},
): Promise<Result<DecodedVolume>> {
  const { geometry } = planned;
  if (!geometry) return fail('invalid-request', {}, 'a planned DICOM series has a geometry');
  try {
    return ok(await decode(planned, geometry, options));
  } catch (error) {
    if (options.signal?.aborted) return fail('cancelled');
    const { file, cause } =
      error instanceof FileError ? error : { file: planned.files[0], cause: error };
    const reason = cause instanceof Error ? cause.message : String(cause);
    return fail('decode-failed', { path: file?.shownPath ?? '', reason }, reason);
  }
}

class FileError extends Error {
  readonly file: InputFile;
  constructor(file: InputFile, cause: unknown) {
    super('a file could not be decoded', { cause });
    this.file = file;
  }
}

async function decode(
  planned: PlannedSeries,
  geometry: NonNullable<PlannedSeries['geometry']>,
  options: DecodeOptions,
): Promise<DecodedVolume> {
  const slicesOfFile = planned.files.map((): { index: number; frame: number }[] => []);
  planned.slices.forEach(({ fileIndex, frame }, index) =>
    slicesOfFile[fileIndex]?.push({ index, frame }),
  );
  const findings = { foreignBits: 0, ybr: false, palette: false };
  const writer = new VolumeWriter(planned.slices.length);
  const positions = new Array<ImageHeader['frames'][number]['positionMm']>(
    planned.slices.length,
  ).fill(null);
  let done = 0;

  await mapConcurrently(
    planned.files,
    filesAtOnce,
    async (file, fileIndex) => {
      try {
        const loaded = await load(file);
        const { header } = loaded;
        const access = await frameBytes(loaded.parsed, header.layout);
        for (const { index, frame } of slicesOfFile[fileIndex]!) {
          options.signal?.throwIfAborted();
          const picture = await frameSamples(access.frame(frame), header.layout, loaded.parsed);
          recordFindings(findings, picture);
          const inverted = invertsOnImport(header);
          writer.write(index, picture, header, frame, loaded.lut, inverted);
          positions[index] = header.frames[frame]?.positionMm ?? null;
          options.onSlice?.(++done, planned.slices.length);
        }
      } catch (error) {
        throw options.signal?.aborted ? error : new FileError(file, error);
      }
    },
    options.signal,
  );

  const volume = writer.finish();
  const tilted = planned.issues.some((issue) => issue.code === 'gantry-tilt-corrected');
  const voxels = tilted
    ? resampleTilt(volume.voxels, [volume.columns, volume.rows], geometry, positions)
    : volume.voxels;
  const range = intensityRange(voxels);
  const issues: ImportIssue[] = [...planned.issues];
  if (findings.foreignBits > 0)
    issues.push(corrected('high-bits-masked', { count: findings.foreignBits }));
  if (findings.ybr) issues.push(note('ybr-converted', {}));
  if (findings.palette) issues.push(note('palette-expanded', {}));
  if (volume.inversionSum !== null) issues.push(corrected('monochrome1-inverted', {}));
  if (range.valueRange[0] === range.valueRange[1])
    issues.push(note('constant-image', { value: range.valueRange[0] }));
  return {
    kind: planned.kind,
    geometry,
    hasSpacing: planned.hasSpacing,
    measurable: planned.measurable,
    dataType: volume.dataType,
    channels: volume.channels,
    voxels,
    ...range,
    windows: planned.windows.map((window) => invertedWindow(window, volume.inversionSum)),
    issues,
  };
}

function recordFindings(
  findings: { foreignBits: number; ybr: boolean; palette: boolean },
  picture: FramePicture,
) {
  if (picture.foreignBits) findings.foreignBits++;
  findings.ybr ||= picture.convertedFrom === 'ybr';
  findings.palette ||= picture.convertedFrom === 'palette';
}

async function load(file: InputFile): Promise<LoadedFile> {
  const parsed = parseDataset(await readFile(file.path));
  if (!parsed) throw new PixelDataError('no DICOM dataset');
  const layout = pixelLayout(parsed.attributes, parsed.transferSyntaxUid);
  if (!layout) throw new PixelDataError('no picture in the dataset');
  const header = imageHeader(file, parsed, layout);
  return { header, parsed, lut: header.hasModalityLut ? modalityLut(parsed.attributes) : null };
}
