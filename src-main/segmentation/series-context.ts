import { eq } from 'drizzle-orm';
import { usableBox, type BoxPx } from '../../src-shared/geometry/box.ts';
import { sliceCount, sliceSizePx, type SliceAxis } from '../../src-shared/geometry/planes.ts';
import { voxelVolumeMm3 } from '../../src-shared/geometry/volume-geometry.ts';
import { fail, ok, type Result } from '../../src-shared/result.ts';
import type { SeriesKind } from '../../src-shared/contract/series.ts';
import type { Db } from '../library/database.ts';
import { series, studies } from '../library/schema/index.ts';
import type { SliceSeries } from './slice-image.ts';

/** What segmentation needs to know of a series. */
export interface SeriesContext extends SliceSeries {
  patientId: string;
  kind: SeriesKind;
  /** Millimetres are known and may be used. */
  measurable: boolean;
}

/** The columns of a series that a model or a training set needs. */
export const seriesColumns = {
  id: series.id,
  patientId: studies.patientId,
  kind: series.kind,
  modality: series.modality,
  geometry: series.geometry,
  channels: series.channels,
  dataType: series.dataType,
  valueUnit: series.valueUnit,
  hasSpacing: series.hasSpacing,
  measurable: series.measurable,
  valueMin: series.valueMin,
  valueMax: series.valueMax,
  percentileLow: series.percentileLow,
  percentileHigh: series.percentileHigh,
};

export function findSeries(db: Db, seriesId: string): Result<SeriesContext> {
  const row = db
    .select(seriesColumns)
    .from(series)
    .innerJoin(studies, eq(studies.id, series.studyId))
    .where(eq(series.id, seriesId))
    .get();
  if (!row) return fail('not-found', { what: 'series', id: seriesId });
  const { hasSpacing, valueMin, valueMax, percentileLow, percentileHigh, ...rest } = row;
  return ok({
    ...rest,
    measurable: hasSpacing && rest.measurable,
    valueRange: [valueMin, valueMax],
    percentileRange: [percentileLow, percentileHigh],
  });
}

/** Volume of a voxel in ml; null where volumes must not be read (and for pictures, which have none). */
export function voxelVolumeMl(
  context: Pick<SeriesContext, 'kind' | 'measurable' | 'geometry'>,
): number | null {
  if (!context.measurable || context.kind !== 'volume') return null;
  return voxelVolumeMm3(context.geometry) / 1000;
}

/** Whether a slice is one of the series; stacks and pictures have slices across k only. */
export function checkSlice(
  context: SeriesContext,
  axis: SliceAxis,
  sliceIndex: number,
): Result<null> {
  const count = sliceCount(context.geometry, axis);
  const usable = context.kind === 'volume' || axis === 'k';
  if (usable && sliceIndex >= 0 && sliceIndex < count) return ok(null);
  return fail(
    'invalid-request',
    {},
    `Series ${context.id} (${context.kind}) has no slice ${axis}${sliceIndex}.`,
  );
}

/** The box as it can be given to a model: ordered and cut to its slice. */
export function checkBox(
  context: SeriesContext,
  request: { axis: SliceAxis; sliceIndex: number; boxPx: BoxPx },
): Result<BoxPx> {
  const slice = checkSlice(context, request.axis, request.sliceIndex);
  if (!slice.ok) return slice;
  const box = usableBox(request.boxPx, sliceSizePx(context.geometry, request.axis));
  return box.ok ? ok(box.boxPx) : fail(box.reason);
}
