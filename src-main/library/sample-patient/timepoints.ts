import type { Vec3 } from '../../../src-shared/geometry/volume-geometry.ts';
import { intensityRange } from '../../imaging/intensity-range.ts';
import type { DecodedVolume } from '../../imaging/types.ts';
import {
  analyticVolumeMl,
  movedBy,
  sampleLesions,
  voxelMask,
  type SampleLesion,
} from './lesions.ts';
import { sampleGeometry } from './sample-geometry.ts';
import { anatomySlice, ctSlice } from './synthesis.ts';

const [ni, nj, nk] = sampleGeometry.sizeVx;

interface Visit {
  studyDate: string;
  description: string;
  /** How the patient lies against the first visit, in whole voxels. */
  shiftVx: Vec3;
  seed: number;
}

export const sampleVisits: readonly [Visit, Visit] = [
  { studyDate: '2026-02-10', description: 'CT abdomen, baseline (synthetic)', shiftVx: [0, 0, 0], seed: 5 },
  { studyDate: '2026-05-12', description: 'CT abdomen, follow-up (synthetic)', shiftVx: [2, -1, 1], seed: 6 },
]; // prettier-ignore

/** The lesions of a visit where they lie in its images. */
export function lesionsOf(visit: 0 | 1): SampleLesion[] {
  const shiftMm = sampleVisits[visit].shiftVx.map(
    (v, n) => v * sampleGeometry.spacingMm[n]!,
  ) as Vec3;
  return sampleLesions[visit].map((lesion) => movedBy(lesion, shiftMm));
}

export interface SampleSlice {
  visit: 0 | 1;
  k: number;
  hu: Int16Array<ArrayBuffer>;
}

/** All slices of both visits. Each height of the anatomy is made once and serves both. */
export function* sampleSlices(): Generator<SampleSlice> {
  const visits = [0, 1] as const;
  const lesions = visits.map(lesionsOf);
  const lowest = Math.min(...sampleVisits.map((visit) => -visit.shiftVx[2]));
  for (let height = lowest; height < nk; height++) {
    const anatomy = anatomySlice(height);
    for (const visit of visits) {
      const { shiftVx, seed } = sampleVisits[visit];
      const k = height + shiftVx[2];
      if (k < 0 || k >= nk) continue;
      const look = { lesions: lesions[visit]!, shiftPx: [shiftVx[0], shiftVx[1]] as const, seed };
      yield { visit, k, hu: ctSlice(k, anatomy, look) };
    }
  }
}

export interface SampleTimepoint {
  studyDate: string;
  description: string;
  volume: DecodedVolume;
  lesions: {
    name: string;
    /** Middle of the lesion's first part. */
    centreMm: Vec3;
    /** Voxels whose centres lie in the lesion, one byte (0 or 1) each, x-fastest. */
    truth: Uint8Array;
    voxelCount: number;
    /** Volume of the continuous shape. */
    volumeMl: number;
    /** Volume of the voxels of `truth`. */
    voxelVolumeMl: number;
  }[];
}

/** Both visits with the truth about their lesions: what measurements can be held to. */
export function sampleTimepoints(): [SampleTimepoint, SampleTimepoint] {
  const voxels = [0, 1].map(() => new Int16Array(ni * nj * nk));
  for (const { visit, k, hu } of sampleSlices()) voxels[visit]!.set(hu, k * ni * nj);
  const timepoint = (visit: 0 | 1): SampleTimepoint => ({
    studyDate: sampleVisits[visit].studyDate,
    description: sampleVisits[visit].description,
    volume: {
      kind: 'volume',
      geometry: sampleGeometry,
      hasSpacing: true,
      measurable: true,
      dataType: 'int16',
      channels: 1,
      voxels: voxels[visit]!,
      ...intensityRange(voxels[visit]!),
      windows: [{ level: 40, width: 400 }],
      issues: [],
    },
    lesions: lesionsOf(visit).map((lesion) => {
      const { mask: truth, voxelCount, volumeMl: voxelVolumeMl } = voxelMask(lesion);
      const volumeMl = analyticVolumeMl(lesion);
      const centreMm = lesion.parts[0]!.centreMm;
      return { name: lesion.name, centreMm, truth, voxelCount, volumeMl, voxelVolumeMl };
    }),
  });
  return [timepoint(0), timepoint(1)];
}
