import { eq, inArray } from 'drizzle-orm';
import type { SegmentStatistics } from '../../src-shared/contract/segmentation.ts';
import type { Db } from '../library/database.ts';
import { sliceMasks } from '../library/schema/index.ts';
import { unpackMask } from './mask-bits.ts';
import { voxelVolumeMl, type SeriesContext } from './series-context.ts';
import type { VolumeReader } from './types.ts';
import { countUnion, describeUnion, type PlacedMask } from './union.ts';

/** The masks of the given records, unpacked; records without a mask are left out. */
export function placedMasks(db: Db, maskIds: string[]): PlacedMask[] {
  // One variable per id: SQLite takes 32 766 at most, and a slice has one mask or a few.
  return db
    .select()
    .from(sliceMasks)
    .where(inArray(sliceMasks.id, maskIds))
    .all()
    .flatMap((row) =>
      row.bits === null || row.state !== 'done'
        ? []
        : [
            {
              axis: row.axis,
              sliceIndex: row.sliceIndex,
              originPx: [row.originX, row.originY],
              sizePx: [row.sizeX, row.sizeY],
              pixels: unpackMask(row.bits, row.sizeX * row.sizeY),
            },
          ],
    );
}

/** One byte (0 or 1) per pixel of a stored mask's rectangle; null when there is no such mask. */
export function storedMaskBytes(db: Db, maskId: string): Uint8Array | null {
  const row = db.select().from(sliceMasks).where(eq(sliceMasks.id, maskId)).get();
  if (!row || row.bits === null || row.state !== 'done') return null;
  return unpackMask(row.bits, row.sizeX * row.sizeY);
}

/**
 * Numbers of segments from their stored masks. Masks never change, so the numbers of the same set of
 * masks are kept.
 */
export class SegmentMeasures {
  readonly #db: Db;
  readonly #volumes: Pick<VolumeReader, 'readVolume'>;
  readonly #counts = new Map<string, { key: string; count: number }>();
  readonly #described = new Map<string, { key: string; statistics: Promise<SegmentStatistics> }>();

  constructor(db: Db, volumes: Pick<VolumeReader, 'readVolume'>) {
    this.#db = db;
    this.#volumes = volumes;
  }

  /** Number of voxels that the masks (all of one segment, state done) cover. */
  count(series: SeriesContext, segmentId: string, maskIds: string[]): number {
    const key = maskIds.toSorted().join();
    const known = this.#counts.get(segmentId);
    if (known?.key === key) return known.count;
    const count = countUnion(placedMasks(this.#db, maskIds), series.geometry.sizeVx);
    this.#counts.set(segmentId, { key, count });
    return count;
  }

  /**
   * Throws LibraryError when the voxels cannot be read: a mean that is silently missing would read
   * as "nothing segmented".
   */
  describe(
    series: SeriesContext,
    segmentId: string,
    maskIds: string[],
  ): Promise<SegmentStatistics> {
    const key = maskIds.toSorted().join();
    const known = this.#described.get(segmentId);
    if (known?.key === key) return known.statistics;
    const statistics = this.#describe(series, maskIds);
    this.#described.set(segmentId, { key, statistics });
    statistics.catch(() => this.#described.delete(segmentId));
    return statistics;
  }

  async #describe(series: SeriesContext, maskIds: string[]): Promise<SegmentStatistics> {
    const { sizeVx } = series.geometry;
    const masks = placedMasks(this.#db, maskIds);
    const perVoxel = voxelVolumeMl(series);
    const volumeMl = (count: number) => (perVoxel === null ? null : count * perVoxel);
    if (series.channels !== 1 || masks.length === 0) {
      const voxelCount = countUnion(masks, sizeVx);
      return { voxelCount, volumeMl: volumeMl(voxelCount), meanValue: null, sdValue: null };
    }
    const { voxels } = await this.#volumes.readVolume(series.id);
    const described = describeUnion(masks, sizeVx, voxels);
    return { ...described, volumeMl: volumeMl(described.voxelCount) };
  }
}
