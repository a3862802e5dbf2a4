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

/** The set of masks that numbers were made from; masks never change, so neither do their numbers. */
const maskSet = (maskIds: string[]) => maskIds.toSorted().join();

/** Numbers of voxels that segments' masks cover, kept until a segment has other masks. */
export class VoxelCounts {
  readonly #db: Db;
  readonly #counts = new Map<string, { masks: string; count: number }>();

  constructor(db: Db) {
    this.#db = db;
  }

  /** @param maskIds done masks of the one segment */
  count(series: SeriesContext, segmentId: string, maskIds: string[]): number {
    const masks = maskSet(maskIds);
    const known = this.#counts.get(segmentId);
    if (known?.masks === masks) return known.count;
    const count = countUnion(placedMasks(this.#db, maskIds), series.geometry.sizeVx);
    this.#counts.set(segmentId, { masks, count });
    return count;
  }
}

/** Statistics of segments from their masks and voxels, kept until a segment has other masks. */
export class SegmentMeasures {
  readonly #db: Db;
  readonly #volumes: Pick<VolumeReader, 'readVolume'>;
  readonly #known = new Map<string, { masks: string; statistics: Promise<SegmentStatistics> }>();

  constructor(db: Db, volumes: Pick<VolumeReader, 'readVolume'>) {
    this.#db = db;
    this.#volumes = volumes;
  }

  /**
   * @param maskIds done masks of the one segment
   * @throws LibraryError when the voxels cannot be read: a mean that is silently missing would read
   * as "nothing segmented".
   */
  describe(
    series: SeriesContext,
    segmentId: string,
    maskIds: string[],
  ): Promise<SegmentStatistics> {
    const masks = maskSet(maskIds);
    const known = this.#known.get(segmentId);
    if (known?.masks === masks) return known.statistics;
    const statistics = this.#describe(series, maskIds);
    this.#known.set(segmentId, { masks, statistics });
    statistics.catch(() => this.#known.delete(segmentId));
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
