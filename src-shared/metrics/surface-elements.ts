/**
 * Sizes of the surface elements (surfels) that marching cubes, or marching squares, would lay
 * through a cell of 2×2×2 (2×2) neighbours. A code has one bit per neighbour: bit
 * `x + 2y (+ 4z)` for the neighbour on the upper (1) or lower (0) side of the cell in x, y, z.
 *
 * The rules below give, for all 256 codes, the triangles of the table in DeepMind's
 * surface-distance package, so that areas agree for every spacing:
 * - a code with more than four neighbours inside has the surface of its complement;
 * - where a face is ambiguous (two opposite corners inside), the inside corners are cut off singly;
 * - of the triangulations of a polygon, that with the greatest area is taken (cell edges of
 *   length 1), and of equal ones that with the greatest single triangle.
 */

type Point = readonly [number, number, number];

/** Area vectors (components ≥ 0) of the triangles of each of the 256 codes, for a unit cell. */
const normalsOfCode: readonly (readonly Point[])[] = Array.from({ length: 256 }, (_, code) =>
  surfaceTriangles(code).map(areaVector),
);

/** Area of the surface in a cell for each of the 256 codes, in (unit of spacing)². */
export function surfelAreas([sx, sy, sz]: readonly [number, number, number]): Float64Array {
  return Float64Array.from(normalsOfCode, (normals) =>
    normals.reduce(
      (sum, [nx, ny, nz]) => sum + Math.hypot(nx * sy * sz, ny * sx * sz, nz * sx * sy),
      0,
    ),
  );
}

/** Length of the contour in a cell for each of the 16 codes, in the unit of spacing. */
export function contourLengths([sx, sy]: readonly [number, number]): Float64Array {
  const diagonal = Math.hypot(sx, sy) / 2;
  return Float64Array.from({ length: 16 }, (_, code) => {
    const inside = [0, 1, 2, 3].filter((bit) => code & (1 << bit));
    if (inside.length === 0 || inside.length === 4) return 0;
    if (inside.length !== 2) return diagonal;
    const difference = inside[0]! ^ inside[1]!;
    if (difference === 3) return 2 * diagonal;
    // Neighbours side by side in x: the contour runs along x.
    return difference === 1 ? sx : sy;
  });
}

function surfaceTriangles(code: number): Point[][] {
  return surfacePolygons(code).flatMap(bestTriangulation);
}

/** Closed polygons through the midpoints of the cell's cut edges. */
function surfacePolygons(code: number): Point[][] {
  const corners = [0, 1, 2, 3, 4, 5, 6, 7];
  const set = corners.filter((corner) => code & (1 << corner));
  const inside = corners.map((corner) => set.includes(corner) === set.length <= 4);
  const neighbours = new Map<string, string[]>();
  const join = (a: string, b: string) => {
    neighbours.set(a, [...(neighbours.get(a) ?? []), b]);
    neighbours.set(b, [...(neighbours.get(b) ?? []), a]);
  };
  for (const ring of faceRings()) {
    const cut = ring.map((corner, n) => inside[corner] !== inside[ring[(n + 1) % 4]!]);
    const middle = ring.map((corner, n) => edgeKey(corner, ring[(n + 1) % 4]!));
    const crossings = middle.filter((_, n) => cut[n]);
    if (crossings.length === 2) join(crossings[0]!, crossings[1]!);
    if (crossings.length === 4) {
      ring.forEach((corner, n) => {
        if (inside[corner]) join(middle[(n + 3) % 4]!, middle[n]!);
      });
    }
  }
  const polygons: Point[][] = [];
  const visited = new Set<string>();
  for (const start of neighbours.keys()) {
    const polygon: Point[] = [];
    let next: string | undefined = start;
    while (next !== undefined && !visited.has(next)) {
      visited.add(next);
      polygon.push(edgeMiddle(next));
      next = neighbours.get(next)!.find((key) => !visited.has(key));
    }
    if (polygon.length > 0) polygons.push(polygon);
  }
  return polygons;
}

/** The corners of the six faces, each in order round the face. */
function faceRings(): number[][] {
  return [0, 1, 2].flatMap((axis) => {
    const u = 1 << ((axis + 1) % 3);
    const v = 1 << ((axis + 2) % 3);
    return [0, 1 << axis].map((base) => [base, base + u, base + u + v, base + v]);
  });
}

function edgeKey(a: number, b: number): string {
  return `${Math.min(a, b)}-${Math.max(a, b)}`;
}

function edgeMiddle(key: string): Point {
  const [a, b] = key.split('-').map(Number) as [number, number];
  const at = (axis: number) => (((a >> axis) & 1) + ((b >> axis) & 1)) / 2;
  return [at(0), at(1), at(2)];
}

function bestTriangulation(polygon: Point[]): Point[][] {
  const size = (triangles: Point[][]) => {
    const areas = triangles.map((triangle) => Math.hypot(...areaVector(triangle)));
    return { total: areas.reduce((a, b) => a + b, 0), greatest: Math.max(...areas) };
  };
  return triangulations(polygon).reduce((best, other) => {
    const a = size(best);
    const b = size(other);
    const difference = b.total - a.total || 0;
    const better = Math.abs(difference) > 1e-9 ? difference > 0 : b.greatest > a.greatest + 1e-9;
    return better ? other : best;
  });
}

/** All ways to cut a polygon into triangles of its corners. */
function triangulations(polygon: Point[]): Point[][][] {
  if (polygon.length < 3) return [[]];
  const last = polygon.length - 1;
  return polygon
    .slice(1, last)
    .flatMap((apex, n) =>
      triangulations(polygon.slice(0, n + 2)).flatMap((left) =>
        triangulations(polygon.slice(n + 1)).map((right) => [
          [polygon[0]!, apex, polygon[last]!],
          ...left,
          ...right,
        ]),
      ),
    );
}

/** Half the cross product of two sides: its length is the area, its parts the projected areas. */
function areaVector([a, b, c]: Point[]): Point {
  const u = [b![0] - a![0], b![1] - a![1], b![2] - a![2]] as const;
  const v = [c![0] - a![0], c![1] - a![1], c![2] - a![2]] as const;
  return [
    Math.abs(u[1] * v[2] - u[2] * v[1]) / 2,
    Math.abs(u[2] * v[0] - u[0] * v[2]) / 2,
    Math.abs(u[0] * v[1] - u[1] * v[0]) / 2,
  ];
}
