import { setImmediate as breathe } from 'node:timers/promises';
import type { SeriesKind } from '../../src-shared/contract/series.ts';
import type { ModelWindow } from '../../src-shared/window.ts';
import { intensityRangeOf, uprightFlip, type SliceSeries } from '../segmentation/slice-image.ts';
import type { VolumeReader } from '../segmentation/types.ts';
import type { PlacedMask } from '../segmentation/union.ts';
import { filesOf, layerLetters, writeCaseFile } from './case-files.ts';
import { curate, segmentGrid, slicesOf, type CurationLimits } from './curation.ts';
import { addSegment, type LabelMap } from './label-maps.ts';
import { safeAnatomy, safeModality } from './pseudonyms.ts';
import type { CaseReport, Caution, FileReport } from './report.ts';

/** One series as it goes into a training set. */
export interface CaseInput {
  series: SliceSeries & {
    kind: SeriesKind;
    modality: string;
    bodyPart: string;
    hasSpacing: boolean;
    measurable: boolean;
  };
  names: { patient: string; case: string };
  anatomy: string | undefined;
  modelWindow: ModelWindow;
  severalWindows: boolean;
  /** Usable masks by segment, in the order of the series' list; `segment` counts from 1. */
  segments: { segment: number; masks: () => PlacedMask[] }[];
  leftOut: CaseReport['leftOut'];
  limits: { minimumVoxels: number; minimumSlicePx: number };
}

/** Kinds of pictures in which names and dates are often drawn into the pixels. */
const oftenWithText = new Set(['US', 'IVUS', 'ES', 'GM', 'XC', 'OP', 'OPT', 'OT', 'RF', 'XA']);

/**
 * Curates one series and writes its npz files into `folder`.
 * @throws LibraryError when voxels cannot be read; Error of the file system
 */
export async function writeCase(
  volumes: Pick<VolumeReader, 'readSlice'>,
  folder: string,
  input: CaseInput,
  signal?: AbortSignal,
): Promise<CaseReport> {
  const { series, names, modelWindow, limits } = input;
  const { geometry, channels, kind } = series;
  const flip = uprightFlip(geometry, 'k');
  const modality = safeModality(series.modality);
  const anatomy = input.anatomy ?? safeAnatomy(series.bodyPart);
  const three: CurationLimits = {
    minimumSlicePx: limits.minimumSlicePx,
    minimumVoxels: kind === 'volume' && geometry.sizeVx[2] > 1 ? limits.minimumVoxels : null,
  };

  const maps: LabelMap[] = [];
  const dropped: CaseReport['dropped'] = [];
  let withGaps = false;
  for (const { segment, masks } of input.segments) {
    // A large organ takes a while; between the steps the window gets its answers.
    await breathe();
    signal?.throwIfAborted();
    const grid = segmentGrid(masks());
    await breathe();
    withGaps ||= three.minimumVoxels !== null && hasGaps(grid);
    dropped.push(...curate(grid, three).map((piece) => ({ segment, ...piece })));
    await breathe();
    addSegment(maps, { segment, grid }, geometry.sizeVx[0], geometry.sizeVx[1]);
  }

  const files: FileReport[] = [];
  for (const [n, map] of maps.entries()) {
    const stem = `${modality}_${anatomy}_${names.case}${layerLetters(n)}`;
    for (const part of filesOf(map, { stem, kind, channels })) {
      signal?.throwIfAborted();
      const write = { volumes, series, modelWindow, flip, ...part };
      files.push(await writeCaseFile(folder, write, signal));
    }
  }

  return {
    ...names,
    modality,
    anatomy,
    kind,
    sizeVx: geometry.sizeVx,
    spacingMm: series.hasSpacing ? geometry.spacingMm : null,
    modelWindow,
    intensityRange: intensityRangeOf(modelWindow, series),
    flippedXY: [flip.x, flip.y],
    files,
    dropped,
    leftOut: input.leftOut,
    cautions: cautionsOf(input, { modality, withGaps, layers: maps.length }),
  };
}

function hasGaps(grid: Parameters<typeof slicesOf>[0]): boolean {
  const slices = slicesOf(grid);
  return slices.length > 0 && slices.at(-1)! - slices[0]! + 1 !== slices.length;
}

function cautionsOf(
  { series, severalWindows }: CaseInput,
  found: { modality: string; withGaps: boolean; layers: number },
): Caution[] {
  const said: [Caution, boolean][] = [
    ['spacing-unknown', !series.hasSpacing],
    ['not-measurable', series.hasSpacing && !series.measurable],
    ['several-windows', severalWindows],
    ['gaps-between-slices', found.withGaps],
    ['overlapping-segments', found.layers > 1],
    ['text-in-pixels-possible', series.channels === 3 || oftenWithText.has(found.modality)],
  ];
  return said.filter(([, holds]) => holds).map(([caution]) => caution);
}
