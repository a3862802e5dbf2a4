import { eq, inArray } from 'drizzle-orm';
import type { SegmentStatistics } from '../../src-shared/contract/segmentation.ts';
import { LibraryError, type Db } from '../library/database.ts';
import { sliceMasks } from '../library/schema/index.ts';
import { sliceSizePx } from '../../src-shared/geometry/planes.ts';
import { unpackMask } from './mask-bits.ts';
import { unpackBorder } from './uncertain-border.ts';
import { voxelVolumeMl, type SeriesContext } from './series-context.ts';
import type { VolumeReader } from './types.ts';
import { Recent } from '../recent.ts';
import type { MaskRow } from './records.ts';
import {
  countUnion,
  describeSums,
  joinSums,
  mayOverlap,
  sumUnion,
  type MaskPlace,
  type PlacedMask,
  type ValueSums,
} from './union.ts';
import type { Voxels } from '../imaging/types.ts';

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

/** One level (0…15) per pixel of a stored mask's `uncertainRectPx`; null when it has none. */
export function storedBorderBytes(db: Db, maskId: string): Uint8Array | null {
  const row = db
    .select({ rectPx: sliceMasks.uncertainRectPx, levels: sliceMasks.uncertainLevels })
    .from(sliceMasks)
    .where(eq(sliceMasks.id, maskId))
    .get();
  return row?.rectPx && row.levels ? unpackBorder(row.levels, row.rectPx) : null;
}

/** The set of masks that numbers were made from; masks never change, so neither do their numbers. */
const maskSet = (masks: MaskRow[]) =>
  masks
    .map(({ id }) => id)
    .toSorted()
    .join();

const placeOf = ({ axis, sliceIndex, originX, originY, sizeX, sizeY }: MaskRow): MaskPlace => ({
  axis,
  sliceIndex,
  originPx: [originX, originY],
  sizePx: [sizeX, sizeY],
});

const idsOf = (masks: MaskRow[]) => masks.map(({ id }) => id);

/** Numbers of voxels that segments' masks cover, kept until a segment has other masks. */
export class VoxelCounts {
  readonly #db: Db;
  readonly #known = new Map<string, { masks: string; count: number }>();

  constructor(db: Db) {
    this.#db = db;
  }

  /** @param masks the live masks of the one segment; those without a mask yet count nothing */
  count(series: SeriesContext, segmentId: string, masks: MaskRow[]): number {
    const done = masks.filter(({ state }) => state === 'done');
    if (!mayOverlap(done.map(placeOf))) return done.reduce((sum, { areaPx }) => sum + areaPx, 0);
    const key = maskSet(done);
    const known = this.#known.get(segmentId);
    if (known?.masks === key) return known.count;
    const count = countUnion(placedMasks(this.#db, idsOf(done)), series.geometry.sizeVx);
    this.#known.set(segmentId, { masks: key, count });
    return count;
  }
}

/**
 * The first box on a series is answered without reading all of its voxels, which takes a quarter of a second for a CT;
 * the masks of a whole lesion are read faster with them.
 */
const FEW_MASKS = 8;

/** Statistics of segments from their masks and voxels, kept until a segment has other masks. */
export class SegmentMeasures {
  readonly #db: Db;
  readonly #volumes: VolumeReader;
  readonly #counts: VoxelCounts;
  readonly #known = new Map<string, { masks: string; statistics: Promise<SegmentStatistics> }>();
  /** Sums of single masks, so that one more box does not read all others again. */
  readonly #sums = new Recent<ValueSums>(20_000);

  constructor(db: Db, volumes: VolumeReader) {
    this.#db = db;
    this.#volumes = volumes;
    this.#counts = new VoxelCounts(db);
  }

  /**
   * @param masks the live masks of the one segment; those without a mask yet count nothing
   * @throws LibraryError when the voxels cannot be read: a mean that is silently missing would read
   * as "nothing segmented".
   */
  describe(series: SeriesContext, segmentId: string, masks: MaskRow[]): Promise<SegmentStatistics> {
    const done = masks.filter(({ state }) => state === 'done');
    const key = maskSet(done);
    const known = this.#known.get(segmentId);
    if (known?.masks === key) return known.statistics;
    const statistics = this.#describe(series, segmentId, done);
    this.#known.set(segmentId, { masks: key, statistics });
    statistics.catch(() => this.#known.delete(segmentId));
    return statistics;
  }

  async #describe(
    series: SeriesContext,
    segmentId: string,
    done: MaskRow[],
  ): Promise<SegmentStatistics> {
    const voxelCount = this.#counts.count(series, segmentId, done);
    const perVoxel = voxelVolumeMl(series);
    const volumeMl = perVoxel === null ? null : voxelCount * perVoxel;
    if (series.channels !== 1 || voxelCount === 0) {
      return { voxelCount, volumeMl, meanValue: null, sdValue: null };
    }
    return { voxelCount, volumeMl, ...describeSums(await this.#sum(series, done)) };
  }

  async #sum(series: SeriesContext, done: MaskRow[]): Promise<ValueSums> {
    const { sizeVx } = series.geometry;
    if (mayOverlap(done.map(placeOf))) {
      const { voxels } = await this.#volumes.readVolume(series.id);
      return sumUnion(placedMasks(this.#db, idsOf(done)), sizeVx, voxels);
    }
    const fresh = done.filter(({ id }) => !this.#sums.get(id));
    const volume = fresh.length > FEW_MASKS ? await this.#volumes.readVolume(series.id) : null;
    const sums: ValueSums[] = [];
    for (const { id } of done) {
      const sum = this.#sums.get(id) ?? (await this.#sumOfOne(series, id, volume?.voxels));
      this.#sums.put(id, sum);
      sums.push(sum);
    }
    return sums.reduce(joinSums);
  }

  /** Of one mask, over `voxels` where they are at hand, else over its own slice. */
  async #sumOfOne(series: SeriesContext, maskId: string, voxels?: Voxels): Promise<ValueSums> {
    const [mask] = placedMasks(this.#db, [maskId]);
    if (!mask) throw new LibraryError('not-found', { what: 'mask', id: maskId });
    if (voxels) return sumUnion([mask], series.geometry.sizeVx, voxels);
    const { axis, sliceIndex } = mask;
    const slice = await this.#volumes.readSlice(series.id, axis, sliceIndex);
    const [width, height] = sliceSizePx(series.geometry, axis);
    return sumUnion([{ ...mask, axis: 'k', sliceIndex: 0 }], [width, height, 1], slice);
  }
}
