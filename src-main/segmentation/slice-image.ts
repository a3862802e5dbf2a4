import { sliceFrames, sliceSizePx, type SliceAxis } from '../../src-shared/geometry/planes.ts';
import type { DataType } from '../../src-shared/contract/series.ts';
import type { VolumeGeometry } from '../../src-shared/geometry/volume-geometry.ts';
import { looksLikeCt, namedWindows, type ModelWindow } from '../../src-shared/window.ts';
import type { Voxels } from '../imaging/types.ts';
import type { SliceImage } from '../inference/types.ts';

/** What of a series is needed to show a slice of it to a model. */
export interface SliceSeries {
  id: string;
  modality: string;
  geometry: VolumeGeometry;
  channels: 1 | 3;
  dataType: DataType;
  /** HU, SUV …; empty when unknown. */
  valueUnit: string;
  valueRange: [number, number];
  percentileRange: [number, number];
}

/**
 * Stored intensities that become 0 and 255. MedSAM's recipe scales by the range of the clipped
 * volume, so a window reaching beyond the volume's values is narrowed to them.
 */
export function intensityRangeOf(
  window: ModelWindow,
  series: Pick<SliceSeries, 'valueRange' | 'percentileRange'>,
): [number, number] {
  if (window.kind === 'identity') return [0, 255];
  if (window.kind === 'percentile') return series.percentileRange;
  const { level, width } = window.kind === 'named' ? namedWindows[window.name] : window.window;
  const range: [number, number] = [level - width / 2, level + width / 2];
  const narrowed: [number, number] = [
    Math.max(range[0], series.valueRange[0]),
    Math.min(range[1], series.valueRange[1]),
  ];
  // No value lies inside the window: it stays as it is, and the picture is all black or all white.
  return narrowed[0] < narrowed[1] ? narrowed : range;
}

/** Which in-slice axes run against the upright picture, so that a model sees the patient upright. */
export function uprightFlip(geometry: VolumeGeometry, axis: SliceAxis): { x: boolean; y: boolean } {
  const frame = Object.values(sliceFrames(geometry)).find((one) => one.axis === axis)!;
  const [x, y] = [frame.right, frame.down].sort((a, b) => a.axis - b.axis) as [
    typeof frame.right,
    typeof frame.right,
  ];
  return { x: x.flipped, y: y.flipped };
}

/** One slice as inference takes it; `data` are its stored voxels, x fastest (see `inSliceAxes`). */
export function sliceImage(
  series: SliceSeries,
  data: Voxels,
  axis: SliceAxis,
  sliceIndex: number,
  window: ModelWindow,
): SliceImage {
  const { geometry, channels } = series;
  const [widthPx, heightPx] = sliceSizePx(geometry, axis);
  const intensityRange = intensityRangeOf(window, series);
  const zeroStaysZero = window.kind === 'percentile';
  const mapping = [...intensityRange, zeroStaysZero ? 'zero' : ''].join(':');
  return {
    data,
    widthPx,
    heightPx,
    channels,
    intensityRange,
    zeroStaysZero,
    isHounsfield: channels === 1 && (series.valueUnit === 'HU' || looksLikeCt(series)),
    flip: uprightFlip(geometry, axis),
    // A series' voxels never change under its id.
    contentKey: `${series.id}/${axis}/${sliceIndex}/${mapping}`,
    seriesId: series.id,
  };
}
