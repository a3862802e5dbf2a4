import { seededRandom } from './random.ts';

const size = 32;
const mask = size - 1;

/** A smooth random field of about unit range that repeats every 32 units (value noise, trilinear). */
export function noiseField(seed: number): (x: number, y: number, z: number) => number {
  const random = seededRandom(seed);
  const lattice = Float32Array.from({ length: size ** 3 }, () => 2 * random() - 1);
  return (x, y, z) => {
    const fx = Math.floor(x);
    const fy = Math.floor(y);
    const fz = Math.floor(z);
    const tx = x - fx;
    const ty = y - fy;
    const tz = z - fz;
    const x0 = fx & mask;
    const x1 = (fx + 1) & mask;
    const y0 = (fy & mask) * size;
    const y1 = ((fy + 1) & mask) * size;
    const z0 = (fz & mask) * size * size;
    const z1 = ((fz + 1) & mask) * size * size;
    const a = mix(lattice[z0 + y0 + x0]!, lattice[z0 + y0 + x1]!, tx);
    const b = mix(lattice[z0 + y1 + x0]!, lattice[z0 + y1 + x1]!, tx);
    const c = mix(lattice[z1 + y0 + x0]!, lattice[z1 + y0 + x1]!, tx);
    const d = mix(lattice[z1 + y1 + x0]!, lattice[z1 + y1 + x1]!, tx);
    return mix(mix(a, b, ty), mix(c, d, ty), tz);
  };
}

const mix = (a: number, b: number, t: number) => a + (b - a) * t;
