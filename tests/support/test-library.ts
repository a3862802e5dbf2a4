import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inSliceAxes, sliceLayout, type SliceAxis } from '../../src-shared/geometry/planes.ts';
import type { VolumeGeometry } from '../../src-shared/geometry/volume-geometry.ts';
import type { Voxels } from '../../src-main/imaging/types.ts';
import { LibraryError, type Db } from '../../src-main/library/database.ts';
import { patients, series, studies } from '../../src-main/library/schema/index.ts';
import type { VolumeReader } from '../../src-main/segmentation/types.ts';
import { geometry } from './geometries.ts';

/** A folder for one test; removed by `remove`. */
export function temporaryFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'medsam-workstation-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export interface TestSeries {
  id: string;
  patientId?: string;
  studyId?: string;
  studyDate?: string | null;
  importedAt?: string;
  geometry?: VolumeGeometry;
  kind?: 'volume' | 'stack' | 'image';
  measurable?: boolean;
  channels?: 1 | 3;
  valueRange?: [number, number];
}

/** Writes the rows of a series (and, where missing, of its patient and study) without importing files. */
export function insertSeries(db: Db, one: TestSeries): void {
  const { id, patientId = 'patient', studyId = 'study' } = one;
  const importedAt = one.importedAt ?? '2024-01-01T00:00:00.000Z';
  db.insert(patients)
    .values({
      id: patientId,
      identity: patientId,
      name: patientId,
      code: patientId,
      sex: '',
      createdAt: importedAt,
      importedAt,
    })
    .onConflictDoNothing()
    .run();
  db.insert(studies)
    .values({
      id: studyId,
      patientId,
      uid: studyId,
      date: one.studyDate === undefined ? '2024-01-01' : one.studyDate,
      description: studyId,
      accessionNumber: '',
    })
    .onConflictDoNothing()
    .run();
  db.insert(series)
    .values({
      id,
      studyId,
      uid: id,
      modality: 'CT',
      description: id,
      bodyPart: '',
      kind: one.kind ?? 'volume',
      geometry: one.geometry ?? geometry(),
      hasSpacing: true,
      measurable: one.measurable ?? true,
      channels: one.channels ?? 1,
      dataType: 'int16',
      valueMin: one.valueRange?.[0] ?? -1000,
      valueMax: one.valueRange?.[1] ?? 1000,
      percentileLow: 1,
      percentileHigh: 900,
      windows: [],
      valueUnit: 'HU',
      issues: [],
      sourceFormat: 'dicom',
      fileCount: 1,
      originalBytes: 0,
      volumeBytes: 0,
      volumeCrc32: 0,
      importedAt,
    })
    .run();
}

/** Volumes in memory instead of files. */
export function memoryVolumes(
  volumes: Record<string, { geometry: VolumeGeometry; voxels: Voxels }>,
): VolumeReader {
  const find = (seriesId: string) => {
    const volume = volumes[seriesId];
    if (!volume) throw new LibraryError('file-unreadable', { path: seriesId });
    return volume;
  };
  return {
    readVolume: async (seriesId) => find(seriesId),
    readSlice: async (seriesId, axis: SliceAxis, index) => {
      const volume = find(seriesId);
      const { sizeVx } = volume.geometry;
      const { first, stepX, stepY } = sliceLayout(sizeVx, axis, index);
      const [width, height] = inSliceAxes(axis).map((a) => sizeVx[a]) as [number, number];
      const slice = volume.voxels.slice(0, width * height);
      for (let n = 0; n < slice.length; n++) {
        slice[n] = volume.voxels[first + (n % width) * stepX + Math.floor(n / width) * stepY]!;
      }
      return slice;
    },
  };
}
