import { paintAnatomy } from './anatomy.ts';
import { boundsMm, isInside, type SampleLesion } from './lesions.ts';
import { noiseField } from './noise-field.ts';
import { gaussianTable, seededRandom } from './random.ts';
import { sampleGeometry } from './sample-geometry.ts';
import { sliceCanvas } from './slice-canvas.ts';

const [ni, nj] = sampleGeometry.sizeVx;
const [pixelMm, , sliceMm] = sampleGeometry.spacingMm;
const [x0, y0, z0] = sampleGeometry.originMm;

/** Standard deviation of the noise in the middle of the body, in HU. */
export const noiseSdHu = 11;

/**
 * The healthy anatomy of one slice in HU, before blur and noise. Slices beyond the lattice can be
 * asked for: a patient who lies differently brings them into view.
 */
export function anatomySlice(k: number): Float32Array {
  const canvas = sliceCanvas(z0 + k * sliceMm);
  paintAnatomy(canvas);
  const texture = textureOf(k);
  for (let pixel = 0; pixel < canvas.hu.length; pixel++) {
    if (canvas.hu[pixel]! > -300) canvas.hu[pixel]! += texture[pixel]!;
  }
  return canvas.hu;
}

export interface SliceAppearance {
  /** Where they lie in this image. */
  lesions: readonly SampleLesion[];
  /** By how many pixels the patient lies further to the left and back than in the anatomy. */
  shiftPx: readonly [number, number];
  /** Seed of the noise. */
  seed: number;
}

/**
 * One slice of the sample CT in HU: the anatomy with lesions and couch, blurred as a scanner blurs,
 * with correlated noise. The lesions' edges share their pixels with what is around, by the part of
 * the pixel (and of the slice's thickness) that they fill.
 */
export function ctSlice(
  k: number,
  anatomy: Float32Array,
  look: SliceAppearance,
): Int16Array<ArrayBuffer> {
  const hu = shifted(anatomy, look.shiftPx);
  paintCouch(hu);
  for (const lesion of look.lesions) paintLesion(hu, lesion, z0 + k * sliceMm);
  const clean = blurred(hu, 0.16);
  const noise = blurred(whiteNoise(look.seed + 7919 * k), 0.25);
  const out = new Int16Array(ni * nj);
  for (let pixel = 0; pixel < out.length; pixel++) {
    const value = clean[pixel]! + noise[pixel]! * noiseShare[pixel]!;
    out[pixel] = Math.min(3071, Math.max(-1024, Math.round(value)));
  }
  return out;
}

/** Fewer photons come through the middle: noise against that in the middle. */
const noiseShare = Float32Array.from({ length: ni * nj }, (_, pixel) => {
  const x = (pixel % ni) / ni - 0.5;
  const y = Math.floor(pixel / ni) / nj - 0.5;
  return Math.max(0.6, 1.06 - 1.5 * (x * x + y * y));
});

/** Slow changes of density within every tissue, in HU. */
const textureOf = (() => {
  const broad = noiseField(3);
  const tile = Float32Array.from(
    { length: 64 ** 3 },
    (_, n) => 4 * broad((n % 64) / 4, (Math.floor(n / 64) % 64) / 4, Math.floor(n / 4096) / 2),
  );
  const slice = new Float32Array(ni * nj);
  return (k: number) => {
    const start = (k & 63) * 4096;
    for (let j = 0; j < nj; j++) {
      const row = start + (j & 63) * 64;
      for (let i = 0; i < ni; i++) slice[i + ni * j] = tile[row + (i & 63)]!;
    }
    return slice;
  };
})();

function shifted(image: Float32Array, [di, dj]: readonly [number, number]): Float32Array {
  const out = new Float32Array(ni * nj).fill(-1000);
  for (let j = Math.max(0, dj); j < Math.min(nj, nj + dj); j++) {
    const row = (j - dj) * ni;
    const from = Math.max(0, -di);
    const to = Math.min(ni, ni - di);
    out.set(image.subarray(row + from, row + to), j * ni + from + di);
  }
  return out;
}

/** The couch under the patient: a thin shell over foam. */
function paintCouch(hu: Float32Array): void {
  for (let i = 8; i < ni - 8; i++) {
    const x = x0 + i * pixelMm;
    const surface = (129 - 0.00052 * x * x - y0) / pixelMm;
    for (let j = Math.floor(surface); j < Math.min(nj, surface + 11); j++) {
      const depth = j - surface;
      const value = depth < 1 || depth > 9.5 ? -480 : -940;
      hu[i + ni * j] = Math.max(hu[i + ni * j]!, value);
    }
  }
}

const steps = 4;
const mottle = noiseField(77);

/** Paints a lesion by the part of each voxel that lies in it (4 × 4 × 4 points). */
function paintLesion(hu: Float32Array, lesion: SampleLesion, z: number): void {
  const { low, high } = boundsMm(lesion);
  if (z + sliceMm / 2 < low[2] || z - sliceMm / 2 > high[2]) return;
  const range = (from: number, to: number, start: number) =>
    [Math.floor((from - start) / pixelMm) - 1, Math.ceil((to - start) / pixelMm) + 1] as const;
  const [i0, i1] = range(low[0], high[0], x0);
  const [j0, j1] = range(low[1], high[1], y0);
  for (let j = j0; j <= j1; j++) {
    for (let i = i0; i <= i1; i++) {
      const x = x0 + i * pixelMm;
      const y = y0 + j * pixelMm;
      const filled = filledPart(lesion, x, y, z);
      if (filled === 0) continue;
      const value = lesion.hu + 5 * mottle(x / 5, y / 5, z / 5);
      hu[i + ni * j]! += (value - hu[i + ni * j]!) * filled;
    }
  }
}

function filledPart(lesion: SampleLesion, x: number, y: number, z: number): number {
  let filled = 0;
  for (let a = 0; a < steps; a++) {
    const px = x + ((a + 0.5) / steps - 0.5) * pixelMm;
    for (let b = 0; b < steps; b++) {
      const py = y + ((b + 0.5) / steps - 0.5) * pixelMm;
      for (let c = 0; c < steps; c++) {
        if (isInside(lesion, px, py, z + ((c + 0.5) / steps - 0.5) * sliceMm)) filled++;
      }
    }
  }
  return filled / steps ** 3;
}

const normal = gaussianTable(2029);

/** Independent noise, scaled so that it has `noiseSdHu` after the blur that correlates it. */
function whiteNoise(seed: number): Float32Array {
  const random = seededRandom(Math.imul(seed, 2654435761));
  const out = new Float32Array(ni * nj);
  const scale = noiseSdHu / 0.375;
  for (let n = 0; n < out.length; n++) out[n] = scale * normal[(random() * normal.length) | 0]!;
  return out;
}

/** A separable blur of three pixels: the neighbours weigh `side` each. */
function blurred(image: Float32Array, side: number): Float32Array {
  const middle = 1 - 2 * side;
  const rows = new Float32Array(image);
  for (let j = 0; j < nj; j++) {
    const start = j * ni;
    for (let n = start + 1; n < start + ni - 1; n++) {
      rows[n] = middle * image[n]! + side * (image[n - 1]! + image[n + 1]!);
    }
  }
  const out = new Float32Array(rows);
  for (let n = ni; n < ni * (nj - 1); n++) {
    out[n] = middle * rows[n]! + side * (rows[n - ni]! + rows[n + ni]!);
  }
  return out;
}
