import { endianness } from 'node:os';
import type { DataType } from '../../../src-shared/contract/series.ts';
import type { ImportIssue } from '../../../src-shared/import-issue.ts';
import { note, warning } from '../refused-input.ts';
import type { Voxels } from '../types.ts';
import { elementBytes, type ElementType } from './raw-image.ts';

export type AnyVoxels =
  Voxels | Int8Array | Uint32Array | Int32Array | BigUint64Array | BigInt64Array | Float64Array;

/** The bytes as an array of their type, in this machine's byte order (swapped in place if needed). */
export function typedVoxels(
  bytes: Uint8Array,
  type: ElementType,
  littleEndian: boolean,
): AnyVoxels {
  const width = elementBytes[type];
  if (width > 1 && littleEndian !== (endianness() === 'LE')) {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (width === 2) buffer.swap16();
    else if (width === 4) buffer.swap32();
    else buffer.swap64();
  }
  const { buffer, byteOffset } = bytes;
  const length = bytes.byteLength / width;
  switch (type) {
    case 'uint8':
      return new Uint8Array(buffer, byteOffset, length);
    case 'int8':
      return new Int8Array(buffer, byteOffset, length);
    case 'uint16':
      return new Uint16Array(buffer, byteOffset, length);
    case 'int16':
      return new Int16Array(buffer, byteOffset, length);
    case 'uint32':
      return new Uint32Array(buffer, byteOffset, length);
    case 'int32':
      return new Int32Array(buffer, byteOffset, length);
    case 'uint64':
      return new BigUint64Array(buffer, byteOffset, length);
    case 'int64':
      return new BigInt64Array(buffer, byteOffset, length);
    case 'float32':
      return new Float32Array(buffer, byteOffset, length);
    case 'float64':
      return new Float64Array(buffer, byteOffset, length);
  }
}

export interface CompactVoxels {
  voxels: Voxels;
  dataType: DataType;
  issues: ImportIssue[];
}

export const dataTypeOf = (voxels: Voxels): DataType =>
  voxels instanceof Uint8Array
    ? 'uint8'
    : voxels instanceof Int16Array
      ? 'int16'
      : voxels instanceof Uint16Array
        ? 'uint16'
        : 'float32';

/**
 * slope · stored + intercept in one of the four types that the library keeps. uint8, int16, uint16
 * and float32 stay as they are; anything else becomes int16 or uint16 when every value fits there
 * exactly, else float32, and it is said when float32 could not hold the values exactly.
 */
export function compactVoxels(
  stored: AnyVoxels,
  scale = { slope: 1, intercept: 0 },
): CompactVoxels {
  const scaled = scale.slope !== 1 || scale.intercept !== 0;
  if (!scaled && isKept(stored))
    return { voxels: stored, dataType: dataTypeOf(stored), issues: [] };
  if (!scaled && stored instanceof Int8Array) {
    return { voxels: Int16Array.from(stored), dataType: 'int16', issues: [] };
  }
  const { slope, intercept } = scale;
  let low = Infinity;
  let high = -Infinity;
  let whole = true;
  let exact = true;
  for (let n = 0; n < stored.length; n++) {
    const value = Number(stored[n]!) * slope + intercept;
    if (value < low) low = value;
    if (value > high) high = value;
    if (whole && !Number.isInteger(value)) whole = false;
    if (exact && Math.fround(value) !== value && !Number.isNaN(value)) exact = false;
  }
  const into = <T extends Voxels>(target: T): T => {
    for (let n = 0; n < stored.length; n++) target[n] = Number(stored[n]!) * slope + intercept;
    return target;
  };
  if (whole && low >= -32768 && high <= 32767) {
    return { voxels: into(new Int16Array(stored.length)), dataType: 'int16', issues: [] };
  }
  if (whole && low >= 0 && high <= 65535) {
    return { voxels: into(new Uint16Array(stored.length)), dataType: 'uint16', issues: [] };
  }
  const issues: ImportIssue[] = [];
  const largest = 3.4028234663852886e38;
  if (high > largest || low < -largest)
    issues.push(warning('precision-reduced', { to: 'float32' }));
  // Rounding of scaled values and of float64 is below one part in sixteen million.
  else if (!exact && !scaled) issues.push(note('precision-reduced', { to: 'float32' }));
  return { voxels: into(new Float32Array(stored.length)), dataType: 'float32', issues };
}

const isKept = (voxels: AnyVoxels): voxels is Voxels =>
  voxels instanceof Uint8Array ||
  voxels instanceof Int16Array ||
  voxels instanceof Uint16Array ||
  voxels instanceof Float32Array;

export interface Picture {
  voxels: Voxels;
  channels: 1 | 3;
  issues: ImportIssue[];
}

/**
 * Interleaved components as a grey or RGB picture. Two components are grey and alpha, four RGB and
 * alpha; alpha is dropped, which is said when it hides anything. 16-bit colours keep their upper
 * eight bits. Colours that are all grey become one channel.
 */
export function pictureFromComponents(
  stored: Uint8Array | Uint16Array,
  components: 2 | 3 | 4,
): Picture {
  const issues: ImportIssue[] = [];
  const pixels = stored.length / components;
  const alphaAt = components === 2 ? 1 : components === 4 ? 3 : -1;
  const opaque = stored instanceof Uint8Array ? 255 : 65535;
  if (alphaAt >= 0) {
    let hides = false;
    for (let n = alphaAt; n < stored.length && !hides; n += components)
      hides = stored[n] !== opaque;
    if (hides) issues.push(note('alpha-dropped'));
  }
  const grey = components === 2 || isGrey(stored, components as 3 | 4);
  if (grey) {
    const voxels = stored instanceof Uint8Array ? new Uint8Array(pixels) : new Uint16Array(pixels);
    for (let n = 0; n < pixels; n++) voxels[n] = stored[n * components]!;
    return { voxels, channels: 1, issues };
  }
  const shift = stored instanceof Uint8Array ? 0 : 8;
  if (shift) issues.push(note('colour-depth-reduced', { fromBits: 16, toBits: 8 }));
  const voxels = new Uint8Array(pixels * 3);
  for (let n = 0; n < pixels; n++) {
    voxels[3 * n] = stored[n * components]! >> shift;
    voxels[3 * n + 1] = stored[n * components + 1]! >> shift;
    voxels[3 * n + 2] = stored[n * components + 2]! >> shift;
  }
  return { voxels, channels: 3, issues };
}

function isGrey(stored: Uint8Array | Uint16Array, components: 3 | 4): boolean {
  for (let n = 0; n < stored.length; n += components) {
    if (stored[n] !== stored[n + 1] || stored[n] !== stored[n + 2]) return false;
  }
  return true;
}
