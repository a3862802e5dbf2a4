import { noiseField } from './noise-field.ts';
import {
  blend,
  type Distance,
  ellipsoid,
  path,
  type Shape,
  tube,
  wavy,
  within,
  without,
} from './shapes.ts';
import { belowDiaphragm, cavity } from './trunk.ts';

const wave = noiseField(11);
const inside: Distance = (x, y, z) =>
  Math.max(cavity.distance(x, y, z) + 2.5, belowDiaphragm(x, y, z) + 1.5);

/** Both kidneys lean with their upper poles inwards. */
function kidney(side: 1 | -1, centreZ: number): Shape {
  const upright = ellipsoid([side * 64, 42, centreZ], [26, 24, 55]);
  const leaning: Shape = {
    ...upright,
    low: [upright.low[0] - 12, upright.low[1] - 8, upright.low[2]],
    high: [upright.high[0] + 12, upright.high[1] + 8, upright.high[2]],
    distance: (x, y, z) =>
      upright.distance(x + side * 0.17 * (z - centreZ), y + 0.1 * (z - centreZ), z),
  };
  return wavy(leaning, wave, 1.6, 17);
}

export const kidneyRight = kidney(-1, -22);
export const kidneyLeft = kidney(1, -12);
/** The fat and collecting system in the kidney's hollow. */
const sinus = (side: 1 | -1, z: number) =>
  wavy(ellipsoid([side * 52, 38, z], [15, 9, 26]), wave, 3, 9);
export const sinusRight = sinus(-1, -22);
export const sinusLeft = sinus(1, -12);

const nearKidneys: Distance = (x, y, z) =>
  Math.min(kidneyRight.distance(x, y, z), kidneyLeft.distance(x, y, z)) - 5;

export const liver = without(
  within(
    wavy(
      blend(
        [
          ellipsoid([-82, 2, 46], [62, 76, 74]),
          ellipsoid([-70, -18, 60], [66, 62, 52]),
          ellipsoid([-4, -44, 70], [66, 34, 38]),
          ellipsoid([-92, 10, -14], [38, 46, 52]),
        ],
        24,
      ),
      wave,
      3.5,
      28,
    ),
    inside,
  ),
  (x, y, z) => Math.min(nearKidneys(x, y, z), backOfLiver(x, y, z)),
);

/** The spine and what lies before it press into the liver from the middle. */
const spineHollow = ellipsoid([6, 42, 40], [58, 50, 150]);
function backOfLiver(x: number, y: number, z: number): number {
  return spineHollow.distance(x, y, z);
}

export const gallbladder = wavy(ellipsoid([-52, -52, 4], [14, 18, 27]), wave, 1.5, 14);

export const spleen = within(
  without(wavy(ellipsoid([104, 30, 50], [33, 50, 52]), wave, 3, 24), (x, y, z) =>
    Math.min(spleenHollow.distance(x, y, z), nearKidneys(x, y, z)),
  ),
  inside,
);
const spleenHollow = ellipsoid([66, 2, 52], [34, 44, 60]);

export const stomach = within(
  wavy(
    blend(
      [
        ellipsoid([58, -22, 72], [38, 40, 36]),
        ellipsoid([48, -46, 34], [30, 27, 36]),
        ellipsoid([12, -52, 14], [34, 18, 17]),
      ],
      18,
    ),
    wave,
    3,
    20,
  ),
  inside,
);

export const pancreas = wavy(
  path(
    [
      [-28, -8, 0],
      [-16, -14, 10],
      [8, -16, 22],
      [34, -6, 32],
      [62, 12, 42],
      [80, 22, 46],
    ],
    [13, 12, 9, 9.5, 9, 7],
  ),
  noiseField(23),
  3.2,
  7,
);
export const duodenum = path(
  [
    [-22, -40, 12],
    [-42, -22, 8],
    [-44, -6, -22],
    [-32, 4, -42],
    [6, 0, -44],
  ],
  [12, 12, 12, 11, 10],
);

export const aorta = path(
  [
    [8, 26, 130],
    [8, 18, 60],
    [7, 12, 0],
    [3, 10, -80],
    [2, 10, -130],
  ],
  [11.5, 11, 10, 9, 8.5],
);
export const inferiorVenaCava = path(
  [
    [-22, 0, 130],
    [-24, 8, 70],
    [-22, 12, 0],
    [-18, 12, -130],
  ],
  [13, 13, 12, 10.5],
);

/** Veins and arteries with contrast, thinner ones last. */
export const vessels: Shape[] = [
  // portal vein and its branches
  path([[2, -12, 12], [-20, -14, 26], [-42, -16, 40]], [7.5, 7.5, 7]), // prettier-ignore
  path(
    [
      [-42, -16, 40],
      [-72, -8, 46],
      [-100, -2, 40],
      [-122, 4, 34],
    ],
    [6, 5, 3.4, 2],
  ),
  path(
    [
      [-72, -8, 46],
      [-92, 22, 60],
      [-110, 40, 66],
    ],
    [4.5, 3.2, 1.8],
  ),
  path(
    [
      [-72, -8, 46],
      [-84, -30, 30],
      [-90, -48, 10],
    ],
    [4, 3, 1.6],
  ),
  path(
    [
      [-42, -16, 40],
      [-28, -34, 54],
      [-8, -46, 66],
      [20, -50, 74],
    ],
    [5.5, 4.6, 3.4, 2],
  ),
  // hepatic veins, towards the vena cava
  path(
    [
      [-24, 4, 94],
      [-60, 6, 82],
      [-98, 10, 62],
      [-118, 8, 30],
    ],
    [6, 5, 3.6, 2],
  ),
  path(
    [
      [-24, 0, 94],
      [-46, -26, 76],
      [-66, -48, 48],
      [-76, -58, 22],
    ],
    [6, 4.6, 3.2, 1.6],
  ),
  path(
    [
      [-22, -4, 94],
      [-4, -34, 82],
      [14, -50, 72],
    ],
    [5, 3.6, 2],
  ),
  // splenic vein, superior mesenteric vein and artery, renal veins
  path(
    [
      [2, -10, 12],
      [30, 0, 28],
      [62, 18, 40],
      [84, 28, 46],
    ],
    [5, 4.5, 4.2, 3.6],
  ),
  path(
    [
      [2, -12, 12],
      [0, -16, -20],
      [-6, -22, -60],
      [-20, -26, -100],
    ],
    [6, 5.5, 4.5, 3],
  ),
  path(
    [
      [7, 4, 14],
      [10, -12, -4],
      [8, -18, -50],
      [-4, -22, -95],
    ],
    [4, 3.6, 3, 2],
  ),
  path(
    [
      [-22, 12, -14],
      [-38, 26, -18],
      [-50, 34, -20],
    ],
    [5, 4.5, 4],
  ),
  path(
    [
      [-16, 4, -4],
      [12, 2, -6],
      [34, 20, -10],
      [50, 32, -12],
    ],
    [5, 4, 4.5, 4],
  ),
  path(
    [
      [7, 12, 32],
      [24, 2, 36],
      [52, 16, 44],
    ],
    [3.6, 3, 2.6],
  ),
];

export const heart = within(
  ellipsoid([22, -44, 132], [62, 40, 44]),
  (x, y, z) => cavity.distance(x, y, z) + 6,
);
export const crura: Shape[] = [
  path([[-12, 18, 60], [-13, 20, 20], [-10, 24, -30]], [5, 4.5, 3]), // prettier-ignore
  path(
    [
      [24, 20, 60],
      [22, 20, 20],
      [16, 24, -30],
    ],
    [5, 4.5, 3],
  ),
];
export const adrenals: Shape[] = [
  path([[-34, 22, 44], [-40, 32, 36]], [2.6, 2.2]), // prettier-ignore
  path(
    [
      [40, 20, 40],
      [44, 30, 32],
    ],
    [2.8, 2.2],
  ),
  path(
    [
      [40, 20, 40],
      [50, 24, 32],
    ],
    [2.6, 2],
  ),
];

export const psoas: Shape[] = [-1, 1].map((side) =>
  tube([side * 26, 36, 10], [side * 48, 34, -135], 7, 25),
);
export const paraspinal: Shape[] = [-1, 1].flatMap((side) => [
  within(ellipsoid([side * 33, 71, 0], [29, 21, 400]), (x, y, z) => muscleBack(x, y, z)),
  within(ellipsoid([side * 68, 62, -70], [20, 11, 62]), (x, y, z) => muscleBack(x, y, z)),
]);
const muscleBack: Distance = (x, y) => y - 92 + 0.0012 * x * x;

export const ilia: Shape[] = [-1, 1].map((side) =>
  path(
    [
      [side * 52, 66, -128],
      [side * 84, 52, -118],
      [side * 112, 12, -124],
    ],
    [8, 6, 6],
  ),
);
