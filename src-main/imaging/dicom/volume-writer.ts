import type { DataType } from '../../../src-shared/contract/series.ts';
import type { Voxels } from '../types.ts';
import type { FramePicture } from './frame-samples.ts';
import type { ImageHeader, PixelLayout } from './header-types.ts';
import { lookUp, type ModalityLut } from './modality-lut.ts';
import type { Samples } from './samples.ts';

export interface WrittenVolume {
  voxels: Voxels;
  dataType: DataType;
  channels: 1 | 3;
  columns: number;
  rows: number;
  /** Values v were stored as sum − v (MONOCHROME1); null: not inverted. */
  inversionSum: number | null;
}

const arrays = { uint8: Uint8Array, int16: Int16Array, uint16: Uint16Array, float32: Float32Array };

/**
 * Puts slices, in any order, into one array of the narrowest type that holds all their rescaled
 * values: uint8 for 8-bit pictures without a rescale, int16 or uint16 for whole numbers, else
 * float32. The array starts narrow and is widened when a slice asks for it.
 */
export class VolumeWriter {
  readonly #sliceCount: number;
  #size: { columns: number; rows: number; channels: 1 | 3 } | null = null;
  #type: DataType = 'uint8';
  #voxels: Voxels = new Uint8Array(0);
  #low = Infinity;
  #high = -Infinity;
  #inversionSum: number | null = null;

  constructor(sliceCount: number) {
    this.#sliceCount = sliceCount;
  }

  write(
    index: number,
    picture: FramePicture,
    header: ImageHeader,
    frame: number,
    lut: ModalityLut | null,
    inverted: boolean,
  ): void {
    const { columns, rows } = header.layout;
    const offset = index * columns * rows * picture.channels;
    this.#prepare(columns, rows, picture);
    if (picture.channels === 3) {
      this.#voxels.set(picture.samples, offset);
      return;
    }
    if (lut) {
      this.#writeLookedUp(offset, picture.samples, lut, inverted ? lut.highest : null);
      if (inverted) this.#inversionSum = lut.highest;
      return;
    }
    const { slope, intercept } = header.frames[frame]?.rescale ?? { slope: 1, intercept: 0 };
    const [lowest, highest] = storedRange(header.layout);
    const sum = inverted ? slope * (lowest + highest) + 2 * intercept : null;
    if (sum !== null && (index === 0 || this.#inversionSum === null)) this.#inversionSum = sum;
    const line =
      sum === null ? { slope, intercept } : { slope: -slope, intercept: sum - intercept };
    this.#writeLine(offset, picture, line, header.layout.signed, inverted);
  }

  finish(): WrittenVolume {
    if (!this.#size) throw new Error('no slice was written');
    return {
      voxels: this.#voxels,
      dataType: this.#type,
      inversionSum: this.#inversionSum,
      ...this.#size,
    };
  }

  #prepare(columns: number, rows: number, { channels, samples }: FramePicture): void {
    if (samples.length !== columns * rows * channels) {
      throw new Error(
        `${samples.length} values for a picture of ${columns} × ${rows} × ${channels}`,
      );
    }
    if (!this.#size) {
      this.#size = { columns, rows, channels };
      this.#voxels = new Uint8Array(columns * rows * channels * this.#sliceCount);
    }
    const size = this.#size;
    if (size.columns !== columns || size.rows !== rows || size.channels !== channels) {
      throw new Error('pictures of one series differ in size');
    }
  }

  #writeLine(
    offset: number,
    { samples, bitsStored }: FramePicture,
    line: Line,
    signed: boolean,
    inverted: boolean,
  ): void {
    const identity = line.slope === 1 && line.intercept === 0;
    const whole = Number.isInteger(line.slope) && Number.isInteger(line.intercept);
    const narrowest = samples instanceof Uint8Array && (identity || inverted) ? 'uint8' : 'int16';
    const bounds = boundsOf(storedRange({ bitsStored, signed }), line);
    // The bits often settle the type; only where they do not, the values are looked at.
    const settled = bounds[0] >= -32768 && bounds[1] <= 32767;
    this.#widen(narrowest, whole, ...(settled ? bounds : boundsOf(rangeOf(samples), line)));
    if (identity) this.#voxels.set(sameBits(samples, this.#voxels), offset);
    else if (this.#voxels instanceof Int16Array) rescaleWhole(samples, line, this.#voxels, offset);
    else rescale(samples, line, this.#voxels, offset);
  }

  #writeLookedUp(
    offset: number,
    samples: Samples,
    lut: ModalityLut,
    invertedFrom: number | null,
  ): void {
    const looked = Uint16Array.from(samples, (stored) => lookUp(lut, stored));
    if (invertedFrom !== null) looked.forEach((value, n) => (looked[n] = invertedFrom - value));
    this.#widen('int16', true, ...rangeOf(looked));
    this.#voxels.set(looked, offset);
  }

  /** Makes room for values from low to high: the type depends on the range of all slices so far, not on their order. */
  #widen(atLeast: 'uint8' | 'int16', whole: boolean, low: number, high: number): void {
    const first = this.#low > this.#high;
    this.#low = Math.min(this.#low, low);
    this.#high = Math.max(this.#high, high);
    const type = this.#typeFor(atLeast, whole);
    if (type === this.#type) return;
    const before = this.#voxels;
    if (first) {
      this.#voxels = new arrays[type](before.length);
      this.#type = type;
      return;
    }
    // Whole numbers without a negative one have the same bits in both 16-bit types.
    if (this.#type === 'int16' && type === 'uint16') this.#voxels = new Uint16Array(before.buffer);
    else {
      this.#voxels = new arrays[type](before.length);
      this.#voxels.set(before);
    }
    this.#type = type;
  }

  #typeFor(atLeast: 'uint8' | 'int16', whole: boolean): DataType {
    if (!whole || this.#type === 'float32') return 'float32';
    if (this.#high > 65535 || this.#low < -32768) return 'float32';
    if (this.#high > 32767) return this.#low < 0 ? 'float32' : 'uint16';
    return this.#type === 'uint8' && atLeast === 'uint8' ? 'uint8' : 'int16';
  }
}

interface Line {
  slope: number;
  intercept: number;
}

/** Smallest and largest value that the stored bits can hold. */
function storedRange({
  bitsStored,
  signed,
}: Pick<PixelLayout, 'bitsStored' | 'signed'>): [number, number] {
  return signed ? [-(2 ** (bitsStored - 1)), 2 ** (bitsStored - 1) - 1] : [0, 2 ** bitsStored - 1];
}

function boundsOf([low, high]: [number, number], { slope, intercept }: Line): [number, number] {
  const ends = [low * slope + intercept, high * slope + intercept];
  return [Math.min(...ends), Math.max(...ends)];
}

/** The usual case in a loop of its own, so that the engine compiles it for whole numbers. */
function rescaleWhole(
  samples: Samples,
  { slope, intercept }: Line,
  out: Int16Array,
  offset: number,
): void {
  if (slope === 1) {
    for (let n = 0; n < samples.length; n++) out[offset + n] = samples[n]! + intercept;
  } else {
    for (let n = 0; n < samples.length; n++) out[offset + n] = samples[n]! * slope + intercept;
  }
}

function rescale(samples: Samples, { slope, intercept }: Line, out: Voxels, offset: number): void {
  for (let n = 0; n < samples.length; n++) out[offset + n] = samples[n]! * slope + intercept;
}

function rangeOf(samples: Samples): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (let n = 0; n < samples.length; n++) {
    const value = samples[n]!;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

/** 16-bit samples as the target's type, so that copying is a plain move of bytes. */
function sameBits(samples: Samples, target: Voxels): Samples {
  if (samples instanceof Uint16Array && target instanceof Int16Array) {
    return new Int16Array(samples.buffer, samples.byteOffset, samples.length);
  }
  if (samples instanceof Int16Array && target instanceof Uint16Array) {
    return new Uint16Array(samples.buffer, samples.byteOffset, samples.length);
  }
  return samples;
}
