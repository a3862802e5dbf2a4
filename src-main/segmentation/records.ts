import { and, asc, eq, sql } from 'drizzle-orm';
import type { SliceMask } from '../../src-shared/contract/segmentation.ts';
import { pixelAreaMm2 } from '../../src-shared/geometry/planes.ts';
import { fail, ok, type Result } from '../../src-shared/result.ts';
import type { Db } from '../library/database.ts';
import { segments, sliceMasks } from '../library/schema/index.ts';
import type { SeriesContext } from './series-context.ts';

export type SegmentRow = typeof segments.$inferSelect;

/** A mask's record without its bits, which are large and asked for one by one. */
const maskColumns = {
  id: sliceMasks.id,
  segmentId: sliceMasks.segmentId,
  axis: sliceMasks.axis,
  sliceIndex: sliceMasks.sliceIndex,
  boxPx: sliceMasks.boxPx,
  request: sliceMasks.request,
  state: sliceMasks.state,
  error: sliceMasks.error,
  originX: sliceMasks.originX,
  originY: sliceMasks.originY,
  sizeX: sliceMasks.sizeX,
  sizeY: sliceMasks.sizeY,
  areaPx: sliceMasks.areaPx,
  uncertainRectPx: sliceMasks.uncertainRectPx,
  provenance: sliceMasks.provenance,
};
export type MaskRow = Omit<
  typeof sliceMasks.$inferSelect,
  'bits' | 'uncertainLevels' | 'live' | 'createdAt'
>;

export function liveSegments(db: Db, seriesId: string): SegmentRow[] {
  return db
    .select()
    .from(segments)
    .where(and(eq(segments.seriesId, seriesId), eq(segments.live, true)))
    .orderBy(asc(segments.position), asc(segments.createdAt))
    .all();
}

/** A segment, also one that was removed. */
export function findSegment(db: Db, segmentId: string): SegmentRow | undefined {
  return db.select().from(segments).where(eq(segments.id, segmentId)).get();
}

export function liveSegment(db: Db, segmentId: string): Result<SegmentRow> {
  const row = findSegment(db, segmentId);
  return row?.live ? ok(row) : fail('not-found', { what: 'segment', id: segmentId });
}

/** Live masks of live segments of a series, in the order they were made. */
export function liveMasks(db: Db, seriesId: string): MaskRow[] {
  return db
    .select(maskColumns)
    .from(sliceMasks)
    .innerJoin(segments, eq(segments.id, sliceMasks.segmentId))
    .where(and(eq(segments.seriesId, seriesId), eq(segments.live, true), eq(sliceMasks.live, true)))
    .orderBy(sql`${sliceMasks}.rowid`)
    .all();
}

/** Live masks of one segment, in the order they were made. */
export function masksOfSegment(db: Db, segmentId: string): MaskRow[] {
  return db
    .select(maskColumns)
    .from(sliceMasks)
    .where(and(eq(sliceMasks.segmentId, segmentId), eq(sliceMasks.live, true)))
    .orderBy(sql`${sliceMasks}.rowid`)
    .all();
}

export function findMask(db: Db, maskId: string): MaskRow | undefined {
  return db.select(maskColumns).from(sliceMasks).where(eq(sliceMasks.id, maskId)).get();
}

/** A live mask of a live segment, with its segment. */
export function liveMask(db: Db, maskId: string): Result<{ mask: MaskRow; segment: SegmentRow }> {
  const row = db
    .select({ mask: maskColumns, segment: segments, live: sliceMasks.live })
    .from(sliceMasks)
    .innerJoin(segments, eq(segments.id, sliceMasks.segmentId))
    .where(eq(sliceMasks.id, maskId))
    .get();
  if (!row?.live || !row.segment.live) return fail('not-found', { what: 'mask', id: maskId });
  return ok({ mask: row.mask, segment: row.segment });
}

/** A record as the contract has it. */
export function toSliceMask(
  series: SeriesContext,
  row: MaskRow,
  draft: Pick<SliceMask, 'originPx' | 'sizePx' | 'areaPx' | 'provenance'> | null = null,
): SliceMask {
  const { originX, originY, sizeX, sizeY, error, request: _request, ...rest } = row;
  return {
    ...rest,
    ...(error ? { error } : {}),
    originPx: [originX, originY],
    sizePx: [sizeX, sizeY],
    areaMm2: series.measurable ? row.areaPx * pixelAreaMm2(series.geometry, row.axis) : null,
    draft: false,
    ...(draft && row.state === 'pending' ? shown(draft) : {}),
  };
}

/** Nothing is measured on a draft. */
const shown = ({
  originPx,
  sizePx,
  areaPx,
  provenance,
}: Pick<SliceMask, 'originPx' | 'sizePx' | 'areaPx' | 'provenance'>) => ({
  originPx,
  sizePx,
  areaPx,
  provenance,
  areaMm2: null,
  draft: true,
});
