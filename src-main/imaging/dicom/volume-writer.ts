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

  write(index: number, picture: FramePicture, header: ImageHeader, frame: number, lut: ModalityLut | null, inverted: boolean): void {
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
    const sum = inverted ? slope * storedSum(header.layout) + 2 * intercept : null;
    if (sum !== null && (index === 0 || this.#inversionSum === null)) this.#inversionSum = sum;
    const line = sum === null ? { slope, intercept } : { slope: -slope, intercept: sum - intercept };
    this.#writeLine(offset, picture.samples, line, inverted);
  }

  finish(): WrittenVolume {
    if (!this.#size) throw new Error('no slice was written');
    return { voxels: this.#voxels, dataType: this.#type, inversionSum: this.#inversionSum, ...this.#size };
  }

  #prepare(columns: number, rows: number, { channels, samples }: FramePicture): void {
    if (samples.length !== columns * rows * channels) {
      throw new Error(`${samples.length} values for a picture of ${columns} × ${rows} × ${channels}`);
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

  #writeLine(offset: number, samples: Samples, { slope, intercept }: { slope: number; intercept: number }, inverted: boolean): void {
    const identity = slope === 1 && intercept === 0;
    const bytes = samples instanceof Uint8Array && (identity || inverted);
    const [low, high] = rangeOf(samples);
    const ends = [low * slope + intercept, high * slope + intercept];
    const whole = Number.isInteger(slope) && Number.isInteger(intercept);
    this.#widen(bytes ? 'uint8' : 'int16', whole, Math.min(...ends), Math.max(...ends));
    const voxels = this.#voxels;
    if (identity) {
      voxels.set(sameBits(samples, voxels), offset);
      return;
    }
    for (let n = 0; n < samples.length; n++) voxels[offset + n] = samples[n]! * slope + intercept;
  }

  #writeLookedUp(offset: number, samples: Samples, lut: ModalityLut, invertedFrom: number | null): void {
    const looked = Uint16Array.from(samples, (stored) => lookUp(lut, stored));
    if (invertedFrom !== null) looked.forEach((value, n) => (looked[n] = invertedFrom - value));
    this.#widen('int16', true, ...rangeOf(looked));
    this.#voxels.set(looked, offset);
  }

  /** Makes room for values from low to high: the type depends on the range of all slices so far, not on their order. */
  #widen(atLeast: 'uint8' | 'int16', whole: boolean, low: number, high: number): void {
    this.#low = Math.min(this.#low, low);
    this.#high = Math.max(this.#high, high);
    const type = this.#typeFor(atLeast, whole);
    if (type === this.#type) return;
    const before = this.#voxels;
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

/** Smallest plus largest value that the stored bits can hold. */
const storedSum = ({ bitsStored, signed }: PixelLayout) => (signed ? -1 : 2 ** bitsStored - 1);

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
