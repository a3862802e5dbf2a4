import {
  indexToWorld,
  type Vec3,
  voxelVolumeMm3,
  worldToIndex,
} from '../../../src-shared/geometry/volume-geometry.ts';
import { sampleGeometry } from './sample-geometry.ts';

interface EllipsoidMm {
  centreMm: Vec3;
  radiiMm: Vec3;
}

export interface SampleLesion {
  name: string;
  /** The union of these is the lesion. */
  parts: EllipsoidMm[];
  hu: number;
}

/** The lesions of a time point, where they lie when the patient lies as at the first one. */
export const sampleLesions: readonly [readonly SampleLesion[], readonly SampleLesion[]] = [
  [
    lesion('Liver metastasis, segment VII', 66, [
      [-96, 24, 52],
      [13, 12, 12],
    ]),
    lesion(
      'Liver metastasis, segment IV',
      62,
      [
        [-34, -46, 62],
        [10, 9, 10],
      ],
      [
        [-26, -40, 58],
        [8, 8, 8],
      ],
      [
        [-36, -37, 56],
        [7, 8, 9],
      ],
    ),
    lesion('Liver metastasis, segment V', 68, [
      [-88, -34, 18],
      [9, 9, 9],
    ]),
    lesion('Left renal lesion', 102, [
      [88, 36, -22],
      [14, 14, 15],
    ]),
    lesion('Para-aortic lymph node', 88, [
      [31, 5, -48],
      [8, 7, 11],
    ]),
  ],
  [
    lesion('Liver metastasis, segment VII', 64, [
      [-96, 24, 52],
      [18, 16, 17],
    ]),
    lesion(
      'Liver metastasis, segment IV',
      60,
      [
        [-34, -46, 62],
        [12, 11, 12],
      ],
      [
        [-25, -39, 57],
        [10, 9, 10],
      ],
      [
        [-37, -36, 55],
        [9, 10, 11],
      ],
    ),
    lesion('Liver metastasis, segment V', 72, [
      [-88, -34, 18],
      [6, 6, 6],
    ]),
    lesion('Left renal lesion', 102, [
      [88, 36, -22],
      [14.5, 14.5, 15.5],
    ]),
    lesion('Para-aortic lymph node', 86, [
      [31, 5, -48],
      [11, 9, 14],
    ]),
    lesion('Liver metastasis, segment VIII', 66, [
      [-82, -20, 82],
      [8, 8, 8],
    ]),
  ],
];

function lesion(name: string, hu: number, ...parts: [Vec3, Vec3][]): SampleLesion {
  return { name, hu, parts: parts.map(([centreMm, radiiMm]) => ({ centreMm, radiiMm })) };
}

export const movedBy = (lesion: SampleLesion, shift: Vec3): SampleLesion => ({
  ...lesion,
  parts: lesion.parts.map(({ centreMm, radiiMm }) => ({
    centreMm: centreMm.map((v, n) => v + shift[n]!) as Vec3,
    radiiMm,
  })),
});

export function isInside({ parts }: SampleLesion, x: number, y: number, z: number): boolean {
  for (let n = 0; n < parts.length; n++) {
    const { centreMm, radiiMm } = parts[n]!;
    const px = (x - centreMm[0]) / radiiMm[0];
    const py = (y - centreMm[1]) / radiiMm[1];
    const pz = (z - centreMm[2]) / radiiMm[2];
    if (px * px + py * py + pz * pz <= 1) return true;
  }
  return false;
}

/** The corners of the smallest box round a lesion, in mm. */
export function boundsMm({ parts }: SampleLesion): { low: Vec3; high: Vec3 } {
  const edge = (n: number, side: 1 | -1) => parts.map((p) => p.centreMm[n]! + side * p.radiiMm[n]!);
  return {
    low: [0, 1, 2].map((n) => Math.min(...edge(n, -1))) as Vec3,
    high: [0, 1, 2].map((n) => Math.max(...edge(n, 1))) as Vec3,
  };
}

/**
 * Volume of the continuous shape in mL: 4/3 π abc for one ellipsoid; for a union, the length of its
 * chords along x (exact) summed over a grid of 0.1 mm.
 */
export function analyticVolumeMl(lesion: SampleLesion): number {
  const [only, ...more] = lesion.parts;
  if (only && more.length === 0) {
    const [a, b, c] = only.radiiMm;
    return ((4 / 3) * Math.PI * a * b * c) / 1000;
  }
  const { low, high } = boundsMm(lesion);
  const step = 0.1;
  let mm3 = 0;
  for (let z = low[2] + step / 2; z < high[2]; z += step) {
    for (let y = low[1] + step / 2; y < high[1]; y += step)
      mm3 += chordMm(lesion, y, z) * step * step;
  }
  return mm3 / 1000;
}

function chordMm({ parts }: SampleLesion, y: number, z: number): number {
  const chords = parts
    .flatMap(({ centreMm: c, radiiMm: r }): [number, number][] => {
      const left = 1 - ((y - c[1]) / r[1]) ** 2 - ((z - c[2]) / r[2]) ** 2;
      if (left <= 0) return [];
      const half = r[0] * Math.sqrt(left);
      return [[c[0] - half, c[0] + half]];
    })
    .sort((a, b) => a[0] - b[0]);
  let length = 0;
  let end = -Infinity;
  for (const [from, to] of chords) {
    length += Math.max(0, to - Math.max(from, end));
    end = Math.max(end, to);
  }
  return length;
}

/** The voxels of the sample's lattice whose centres lie in the lesion: one byte (0 or 1) each. */
export function voxelMask(lesion: SampleLesion): {
  mask: Uint8Array;
  voxelCount: number;
  volumeMl: number;
} {
  const [ni, nj, nk] = sampleGeometry.sizeVx;
  const mask = new Uint8Array(ni * nj * nk);
  const { low, high } = boundsMm(lesion);
  const first = worldToIndex(sampleGeometry, low).map(Math.floor) as Vec3;
  const last = worldToIndex(sampleGeometry, high).map(Math.ceil) as Vec3;
  let voxelCount = 0;
  for (let k = first[2]; k <= last[2]; k++) {
    for (let j = first[1]; j <= last[1]; j++) {
      for (let i = first[0]; i <= last[0]; i++) {
        if (!isInside(lesion, ...indexToWorld(sampleGeometry, [i, j, k]))) continue;
        mask[i + ni * (j + nj * k)] = 1;
        voxelCount++;
      }
    }
  }
  return { mask, voxelCount, volumeMl: (voxelCount * voxelVolumeMm3(sampleGeometry)) / 1000 };
}
