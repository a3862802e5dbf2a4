import type { Distance, Shape } from './shapes.ts';

/** A rounded rectangle-like outline (superellipse) round (0, cy), with its own depth in front and behind. */
function outline(halfWidth: number, front: number, back: number, power: number): Distance {
  const cy = (back - front) / 2;
  const halfDepth = (front + back) / 2;
  return (x, y) => {
    const u =
      (Math.abs(x / halfWidth) ** power + Math.abs((y - cy) / halfDepth) ** power) ** (1 / power);
    const reach = Math.sqrt(x * x + (y - cy) * (y - cy));
    return u < 1e-6 ? -Math.min(halfWidth, halfDepth) : reach * (1 - 1 / u);
  };
}

/**
 * The same function read off a table of 1.5 mm with linear interpolation: outlines do not change
 * with height, and every pixel of every slice asks for them.
 */
function tabulated(distance: Distance): Distance {
  const step = 1.5;
  const half = 200;
  const size = Math.ceil((2 * half) / step) + 2;
  const table = new Float32Array(size * size);
  for (let n = 0; n < size; n++) {
    for (let m = 0; m < size; m++)
      table[m + size * n] = distance(m * step - half, n * step - half, 0);
  }
  return (x, y) => {
    const u = (x + half) / step;
    const v = (y + half) / step;
    if (!(u >= 0 && v >= 0 && u < size - 1 && v < size - 1)) return distance(x, y, 0);
    const m = u | 0;
    const n = v | 0;
    const at = m + size * n;
    const above = table[at]! + (table[at + 1]! - table[at]!) * (u - m);
    const below = table[at + size]! + (table[at + size + 1]! - table[at + size]!) * (u - m);
    return above + (below - above) * (v - n);
  };
}

const slab = (distance: Distance, width: number, front: number, back: number): Shape => ({
  distance: tabulated(distance),
  low: [-width, -front, -130],
  high: [width, back, 130],
});

/** Outer surface of the trunk, of the muscles below the fat, and of the abdominal cavity. */
export const skin = slab(outline(163, 107, 106, 2.35), 165, 109, 108);
export const muscles = slab(outline(145, 93, 90, 2.3), 147, 95, 92);
export const cavity = slab(outline(132, 83, 73, 2.25), 134, 85, 75);

/** Height of the diaphragm over a point; lung lies above it. */
export function diaphragmZ(x: number, y: number): number {
  const back = (y + 12) * (y + 12);
  const right = 106 - (x + 62) * (x + 62) * 0.0052 - back * 0.0095;
  const left = 98 - (x - 70) * (x - 70) * 0.0058 - back * 0.0066;
  // The crura and what passes between them reach up in the middle, before the spine.
  const middle = 150 - x * x * 0.12 - (y < 6 ? (y - 6) * (y - 6) * 0.1 : 0);
  return Math.max(right, left, middle);
}

/** Roughly the distance to the diaphragm: negative below it. */
export const belowDiaphragm: Distance = (x, y, z) => (z - diaphragmZ(x, y)) * 0.75;
export const lungs: Shape = {
  distance: (x, y, z) => Math.max(cavity.distance(x, y, z) - 1, -belowDiaphragm(x, y, z)),
  low: [-134, -85, 20],
  high: [134, 75, 130],
};

/** Distance to the nearest rib: each runs in the wall from the spine downwards and forwards. */
export const ribs: Shape = {
  distance: (x, y, z) => {
    const wall = muscles.distance(x, y, z) + 7;
    if (wall > 8 || wall < -8) return 8;
    // 0 at the spine, 1 in front.
    const round = Math.atan2(Math.abs(x), y + 5) / Math.PI;
    if (round < 0.09) return 8;
    let nearest = 8;
    for (let n = 0; n < 8; n++) {
      const length = n < 5 ? 0.92 - 0.06 * n : 0.5 - 0.1 * (n - 5);
      if (round > length) continue;
      const height = 172 - 27 * n - 150 * round * (1 - 0.3 * round);
      const dz = (z - height) * 0.8;
      nearest = Math.min(nearest, Math.sqrt(dz * dz + wall * wall) - 4.2);
    }
    return nearest;
  },
  low: [-150, -95, -90],
  high: [150, 95, 130],
};
