import { blend, ellipsoid, type Shape, tube, within } from './shapes.ts';

/** Distance from one vertebra to the next. */
const pitchMm = 33;
const discMm = 8.5;

/** Height above the middle of the vertebra at this level, from −½ to ½ of the pitch. */
export const vertebralPhase = (z: number) => z - pitchMm * Math.round(z / pitchMm);

/** Vertebral bodies and the discs between them, as one column. */
export const spine: Shape = {
  distance: (x, y, z) => {
    const phase = Math.abs(vertebralPhase(z)) / (pitchMm / 2);
    const waist = 1 - 0.09 * (1 - phase * phase);
    const dx = x / (23.5 * waist);
    const dy = (y - 38) / (17 * waist);
    // Flat or hollow behind, where the canal is.
    const behind = y - 53 + 0.006 * x * x;
    return Math.max((Math.sqrt(dx * dx + dy * dy) - 1) * 18, behind);
  },
  low: [-26, 18, -130],
  high: [26, 58, 130],
};

/** Negative in the disc space. */
export const discDistance = (z: number) => pitchMm / 2 - discMm / 2 - Math.abs(vertebralPhase(z));

export const canal = ellipsoid([0, 62, 0], [10.5, 8.5, 4000]);

/** Pedicles, laminae, transverse and spinous processes of one vertebra after another. */
export const posteriorElements: Shape = {
  distance: (x, y, z) => {
    const phase = vertebralPhase(z);
    return oneArch.distance(x, y, phase);
  },
  low: [-46, 48, -130],
  high: [46, 104, 130],
};

const oneArch = within(
  blend(
    [
      ...[-1, 1].flatMap((side) => [
        tube([side * 14, 50, 5], [side * 15, 64, 4], 5),
        tube([side * 15, 64, 2], [side * 4, 76, -6], 4),
        tube([side * 16, 62, 3], [side * 42, 68, 1], 4, 2.6),
        tube([side * 16, 66, 10], [side * 17, 68, -14], 5.5),
      ]),
      tube([0, 76, -4], [0, 94, -9], 4, 3.4),
    ],
    2,
  ),
  (x, y, z) => -canal.distance(x, y, z) - 0.5,
);
