import type { Vec3 } from '../../../src-shared/geometry/volume-geometry.ts';
import { noiseField } from './noise-field.ts';
import { seededRandom } from './random.ts';
import { path, type Shape, wavy, within } from './shapes.ts';
import { cavity } from './trunk.ts';

export interface Loop {
  shape: Shape;
  wallHu: number;
  contentHu: number;
  /** Gas lies in front of (above) this y. */
  gasY: number;
  /** Stool: mottled with gas. */
  mottled: boolean;
}

const folds = noiseField(31);
const inCavity = (shape: Shape) => within(shape, (x, y, z) => cavity.distance(x, y, z) + 3);

const colonParts: { points: Vec3[]; radii: number[]; gasY: number; mottled: boolean }[] = [
  {
    // caecum and ascending colon
    points: [[-92, 14, -130], [-98, 18, -90], [-102, 16, -50], [-96, 0, -30]],
    radii: [24, 22, 19, 17],
    gasY: -2,
    mottled: true,
  },
  {
    // transverse colon
    points: [[-96, -16, -34], [-66, -58, -34], [-20, -68, -46], [32, -68, -34], [76, -48, -2], [98, -8, 16]],
    radii: [16, 16, 15, 15, 15, 14],
    gasY: -62,
    mottled: false,
  },
  {
    // descending colon
    points: [[104, 14, 4], [108, 26, -30], [106, 30, -80], [98, 26, -130]],
    radii: [13, 12, 12, 13],
    gasY: 18,
    mottled: true,
  },
]; // prettier-ignore

export const colon: Loop[] = colonParts.map(({ points, radii, gasY, mottled }) => ({
  shape: inCavity(wavy(path(points, radii), folds, 3.6, 11)),
  wallHu: 62,
  contentHu: 22,
  gasY,
  mottled,
}));

/** Loops of small bowel that wander through the middle of the lower abdomen. */
export const smallBowel: Loop[] = (() => {
  const random = seededRandom(57);
  const between = (low: number, high: number) => low + (high - low) * random();
  return Array.from({ length: 20 }, (_, n): Loop => {
    const level = -136 + 6.2 * n;
    let heading = between(0, 2 * Math.PI);
    const points: Vec3[] = [[between(-55, 62), between(-58, -14), level]];
    for (let m = 0; m < 4; m++) {
      const [x, y, z] = points.at(-1)!;
      heading += between(-1.3, 1.3);
      const next: Vec3 = [
        x + 24 * Math.cos(heading),
        y + 20 * Math.sin(heading),
        z + between(-9, 9),
      ];
      points.push([clamp(next[0], -70, 80), clamp(next[1], -66, 2), next[2]]);
    }
    const radius = between(9.5, 12.5);
    return {
      shape: inCavity(
        wavy(
          path(
            points,
            points.map(() => radius),
          ),
          folds,
          1.8,
          8,
        ),
      ),
      wallHu: 88,
      contentHu: between(18, 48),
      gasY: random() < 0.25 ? between(-52, -36) : -200,
      mottled: false,
    };
  });
})();

/** Vessels of the mesentery, seen as dots and short lines in its fat. */
export const mesentery: Shape[] = (() => {
  const random = seededRandom(91);
  return Array.from({ length: 34 }, () => {
    const angle = Math.PI * (0.95 + 1.1 * random());
    const reach = 26 + 46 * random();
    const z = 6 - 125 * random();
    const root: Vec3 = [2 + 10 * (random() - 0.5), -18, z + 8];
    const end: Vec3 = [
      reach * 1.1 * Math.cos(angle) + 4,
      -18 + 0.75 * reach * Math.sin(angle),
      z - 10,
    ];
    return path([root, end], [2, 1]);
  });
})();

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
