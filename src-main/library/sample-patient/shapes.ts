import type { Vec3 } from '../../../src-shared/geometry/volume-geometry.ts';

/** Signed distance in mm (negative inside) at a point in LPS mm. */
export type Distance = (x: number, y: number, z: number) => number;

export interface Shape {
  distance: Distance;
  /** Lowest and highest corner of a box that holds the shape. */
  low: Vec3;
  high: Vec3;
}

/** Distance to an ellipsoid, to first order of its implicit function: exact on the surface. */
export function ellipsoid([cx, cy, cz]: Vec3, [rx, ry, rz]: Vec3): Shape {
  const [ix, iy, iz] = [1 / rx, 1 / ry, 1 / rz];
  const smallest = Math.min(rx, ry, rz);
  const distance: Distance = (x, y, z) => {
    const px = (x - cx) * ix;
    const py = (y - cy) * iy;
    const pz = (z - cz) * iz;
    const squared = px * px + py * py + pz * pz;
    const k = Math.sqrt(squared);
    // Far away a lower bound is enough.
    if (squared > 4) return (k - 1) * smallest;
    const gx = px * ix;
    const gy = py * iy;
    const gz = pz * iz;
    const gradient = Math.sqrt(gx * gx + gy * gy + gz * gz);
    return gradient < 1e-9 ? -smallest : (k * (k - 1)) / gradient;
  };
  return { distance, low: [cx - rx, cy - ry, cz - rz], high: [cx + rx, cy + ry, cz + rz] };
}

/** A tube between two points whose radius runs from one value to another. */
export function tube(a: Vec3, b: Vec3, radiusA: number, radiusB = radiusA): Shape {
  const axis: Vec3 = [b[0] - a[0], b[1] - a[1], b[2] - a[2]];
  const squared = axis[0] ** 2 + axis[1] ** 2 + axis[2] ** 2;
  const distance: Distance = (x, y, z) => {
    const px = x - a[0];
    const py = y - a[1];
    const pz = z - a[2];
    const along = (px * axis[0] + py * axis[1] + pz * axis[2]) / squared;
    const t = along < 0 ? 0 : along > 1 ? 1 : along;
    const dx = px - axis[0] * t;
    const dy = py - axis[1] * t;
    const dz = pz - axis[2] * t;
    return Math.sqrt(dx * dx + dy * dy + dz * dz) - (radiusA + (radiusB - radiusA) * t);
  };
  const radius = Math.max(radiusA, radiusB);
  return {
    distance,
    low: [0, 1, 2].map((n) => Math.min(a[n]!, b[n]!) - radius) as Vec3,
    high: [0, 1, 2].map((n) => Math.max(a[n]!, b[n]!) + radius) as Vec3,
  };
}

/** A tube through several points. */
export function path(points: readonly Vec3[], radii: readonly number[]): Shape {
  return blend(
    points
      .slice(1)
      .map((point, n) => tube(points[n]!, point, radii[n]!, radii[n + 1] ?? radii[n]!)),
    2,
  );
}

/**
 * The union of shapes whose creases are rounded over `softnessMm`. Only near the union is it a
 * distance: far from all of its shapes it is infinite.
 */
export function blend(shapes: readonly Shape[], softnessMm: number): Shape {
  const reach = softnessMm + 8;
  return {
    distance: (x, y, z) => {
      let result = Infinity;
      for (let n = 0; n < shapes.length; n++) {
        const { low, high, distance } = shapes[n]!;
        if (z < low[2] - reach || z > high[2] + reach || x < low[0] - reach) continue;
        if (x > high[0] + reach || y < low[1] - reach || y > high[1] + reach) continue;
        const d = distance(x, y, z);
        const h = softnessMm - Math.abs(result - d);
        result = Math.min(result, d) - (h > 0 ? (h * h * 0.25) / softnessMm : 0);
      }
      return result;
    },
    low: [0, 1, 2].map((n) => Math.min(...shapes.map((s) => s.low[n]!)) - softnessMm) as Vec3,
    high: [0, 1, 2].map((n) => Math.max(...shapes.map((s) => s.high[n]!)) + softnessMm) as Vec3,
  };
}

/** A shape whose surface is moved in and out by a field of about ±1. */
export function wavy(shape: Shape, field: Distance, amplitudeMm: number, scaleMm: number): Shape {
  return {
    distance: (x, y, z) => {
      const d = shape.distance(x, y, z);
      // Far from the surface the answer does not depend on the wave.
      if (d > 2 * amplitudeMm || d < -2 * amplitudeMm - 8) return d;
      return d + amplitudeMm * field(x / scaleMm, y / scaleMm, z / scaleMm);
    },
    low: shape.low.map((v) => v - amplitudeMm) as Vec3,
    high: shape.high.map((v) => v + amplitudeMm) as Vec3,
  };
}

/** The part of a shape where another distance is negative. */
export function within(shape: Shape, limit: Distance): Shape {
  return {
    ...shape,
    distance: (x, y, z) => {
      const d = shape.distance(x, y, z);
      return d > 2 ? d : Math.max(d, limit(x, y, z));
    },
  };
}

/** A shape without what lies in another, rounded over 4 mm. */
export function without(shape: Shape, taken: Distance): Shape {
  return within(shape, (x, y, z) => -taken(x, y, z));
}
