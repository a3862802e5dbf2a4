import type { Vec3 } from '../../src-shared/geometry/volume-geometry.ts';

/** A stretch of set voxels along x: `from` is the first, `to` the one after the last. */
export interface Run {
  y: number;
  z: number;
  from: number;
  to: number;
}

/** Set voxels that touch each other. */
export interface Component {
  voxelCount: number;
  /** The box round it: first voxel, and the one after the last, along x, y, z. */
  lowVx: Vec3;
  highVx: Vec3;
  runs: Run[];
}

/**
 * What hangs together in a binary grid (x-fastest, anything but 0 is set), in the order of first
 * voxels. `within: 'volume'` joins voxels that share a corner (26-connected); `within: 'slice'`
 * those of one slice across z that share a corner of a pixel (8-connected).
 *
 * Runs of each row are joined with those of the rows before it, which visits every voxel once and
 * everything else only per run.
 */
export function connectedComponents(
  voxels: Uint8Array,
  sizeVx: Vec3,
  within: 'volume' | 'slice',
): Component[] {
  const { runs, firstOfRow } = runsOf(voxels, sizeVx);
  const [, ny, nz] = sizeVx;
  const sets = new DisjointSets(runs.length);
  const before = within === 'slice' ? [[-1, 0]] : [[-1, 0], [-1, -1], [0, -1], [1, -1]]; // prettier-ignore
  for (let z = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      for (const [dy, dz] of before as [number, number][]) {
        if (y + dy < 0 || y + dy >= ny || z + dz < 0) continue;
        const row = y + ny * z;
        joinRows(runs, sets, firstOfRow, row, row + dy + ny * dz);
      }
    }
  }
  return collect(runs, sets);
}

function runsOf(voxels: Uint8Array, [nx, ny, nz]: Vec3): { runs: Run[]; firstOfRow: Int32Array } {
  const runs: Run[] = [];
  const firstOfRow = new Int32Array(ny * nz + 1);
  for (let row = 0; row < ny * nz; row++) {
    firstOfRow[row] = runs.length;
    const end = (row + 1) * nx;
    let at = row * nx;
    while (at < end) {
      while (at < end && voxels[at] === 0) at++;
      if (at === end) break;
      const from = at;
      while (at < end && voxels[at] !== 0) at++;
      runs.push({ y: row % ny, z: Math.floor(row / ny), from: from - row * nx, to: at - row * nx });
    }
  }
  firstOfRow[ny * nz] = runs.length;
  return { runs, firstOfRow };
}

/** Joins the runs of two rows that overlap or meet at a corner. */
function joinRows(runs: Run[], sets: DisjointSets, first: Int32Array, a: number, b: number): void {
  let n = first[a]!;
  let m = first[b]!;
  while (n < first[a + 1]! && m < first[b + 1]!) {
    const [one, other] = [runs[n]!, runs[m]!];
    if (one.from <= other.to && other.from <= one.to) sets.join(n, m);
    if (one.to < other.to) n++;
    else m++;
  }
}

function collect(runs: Run[], sets: DisjointSets): Component[] {
  const found = new Map<number, Component>();
  runs.forEach((run, n) => {
    const root = sets.rootOf(n);
    let component = found.get(root);
    if (!component) {
      component = { voxelCount: 0, lowVx: [Infinity, Infinity, Infinity], highVx: [0, 0, 0], runs: [] }; // prettier-ignore
      found.set(root, component);
    }
    component.voxelCount += run.to - run.from;
    const [low, high] = [component.lowVx, component.highVx];
    [run.from, run.y, run.z].forEach((v, axis) => (low[axis] = Math.min(low[axis]!, v)));
    [run.to, run.y + 1, run.z + 1].forEach((v, axis) => (high[axis] = Math.max(high[axis]!, v)));
    component.runs.push(run);
  });
  return [...found.values()];
}

/** Union-find with path halving; the smaller index is the root, so that order is kept. */
class DisjointSets {
  readonly #parents: Int32Array;

  constructor(count: number) {
    this.#parents = Int32Array.from({ length: count }, (_, n) => n);
  }

  rootOf(n: number): number {
    let at = n;
    while (this.#parents[at] !== at) {
      this.#parents[at] = this.#parents[this.#parents[at]!]!;
      at = this.#parents[at]!;
    }
    return at;
  }

  join(a: number, b: number): void {
    const [one, other] = [this.rootOf(a), this.rootOf(b)];
    this.#parents[Math.max(one, other)] = Math.min(one, other);
  }
}
