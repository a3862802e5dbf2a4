import { and, asc, eq, min } from 'drizzle-orm';
import {
  burdenTable,
  type BurdenMeasurement,
  type BurdenStudy,
} from '../../src-shared/burden/burden-table.ts';
import { isLowConfidence } from '../../src-shared/confidence.ts';
import type { BurdenCell, BurdenTable } from '../../src-shared/contract/burden.ts';
import { pixelAreaMm2, type SliceAxis } from '../../src-shared/geometry/planes.ts';
import type { VolumeGeometry } from '../../src-shared/geometry/volume-geometry.ts';
import { fail, ok, type Result } from '../../src-shared/result.ts';
import type { Db, LibraryDatabase } from '../library/database.ts';
import { lesions, patients, segments, series, studies } from '../library/schema/index.ts';
import { VoxelCounts } from '../segmentation/measures.ts';
import { masksOfSegment, type MaskRow } from '../segmentation/records.ts';
import { findSeries, voxelVolumeMl } from '../segmentation/series-context.ts';
import { stored } from '../segmentation/storage-errors.ts';

export interface BurdenService {
  /** Errors: not-found. Linking segments to lesions is an edit: `SegmentationService.linkLesion`. */
  table(patientId: string): Result<BurdenTable>;
}

/** Tumour burden of a patient from the stored masks, over the studies that have any. */
export function createBurdenService(deps: { database: LibraryDatabase }): BurdenService {
  const { db } = deps.database;
  const counts = new VoxelCounts(db);
  return {
    table: (patientId) =>
      stored(() =>
        db.transaction(() => {
          const patient = db
            .select({ id: patients.id })
            .from(patients)
            .where(eq(patients.id, patientId))
            .get();
          if (!patient) return fail('not-found', { what: 'patient', id: patientId });
          const measurements = segmentsOf(db, patientId).map((row) => measure(db, counts, row));
          return ok(burdenTable(patientId, studiesOf(db, patientId), measurements));
        }),
      ),
  };
}

function studiesOf(db: Db, patientId: string): BurdenStudy[] {
  return db
    .select({
      studyId: studies.id,
      date: studies.date,
      description: studies.description,
      importedAt: min(series.importedAt),
    })
    .from(studies)
    .innerJoin(series, eq(series.studyId, studies.id))
    .where(eq(studies.patientId, patientId))
    .groupBy(studies.id)
    .all()
    .map((row) => ({ ...row, importedAt: row.importedAt ?? '' }));
}

function segmentsOf(db: Db, patientId: string) {
  return db
    .select({
      segmentId: segments.id,
      seriesId: segments.seriesId,
      studyId: series.studyId,
      importedAt: series.importedAt,
      lesion: { id: lesions.id, name: lesions.name, colour: lesions.colour },
    })
    .from(segments)
    .innerJoin(series, eq(series.id, segments.seriesId))
    .innerJoin(studies, eq(studies.id, series.studyId))
    .innerJoin(lesions, eq(lesions.id, segments.lesionId))
    .where(and(eq(studies.patientId, patientId), eq(segments.live, true)))
    .orderBy(asc(segments.createdAt))
    .all();
}

function measure(
  db: Db,
  counts: VoxelCounts,
  row: ReturnType<typeof segmentsOf>[number],
): BurdenMeasurement {
  const found = findSeries(db, row.seriesId);
  if (!found.ok) throw new Error(`Segment ${row.segmentId} has no series.`);
  const context = found.value;
  const masks = masksOfSegment(db, row.segmentId);
  const voxelCount = counts.count(context, row.segmentId, masks);
  const perVoxel = voxelVolumeMl(context);
  return {
    ...row,
    voxelCount,
    volumeMl: perVoxel === null ? null : voxelCount * perVoxel,
    complete: masks.every((mask) => mask.state === 'done'),
    doubtful: masks.some((mask) => isLowConfidence(mask.provenance)),
    keySlice: keySlice(context.geometry, masks),
  };
}

/** The slice with the largest area of masks; of equal ones the first segmented. */
function keySlice(geometry: VolumeGeometry, masks: MaskRow[]): BurdenCell['keySlice'] {
  const areas = new Map<string, { axis: SliceAxis; sliceIndex: number; areaMm2: number }>();
  for (const { axis, sliceIndex, areaPx } of masks) {
    const key = `${axis}${sliceIndex}`;
    const slice = areas.get(key) ?? { axis, sliceIndex, areaMm2: 0 };
    // Pixels of different axes differ in size; without spacing they count alike.
    slice.areaMm2 += areaPx * pixelAreaMm2(geometry, axis);
    areas.set(key, slice);
  }
  const slices = [...areas.values()].filter(({ areaMm2 }) => areaMm2 > 0);
  if (slices.length === 0) return null;
  const { axis, sliceIndex } = slices.reduce((best, slice) =>
    slice.areaMm2 > best.areaMm2 ? slice : best,
  );
  return { axis, sliceIndex };
}
