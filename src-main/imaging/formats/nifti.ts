import { constants, gunzipSync } from 'node:zlib';
import type { ImportIssue } from '../../../src-shared/import-issue.ts';
import type { Vec3 } from '../../../src-shared/geometry/volume-geometry.ts';
import { note, RefusedInput, warning } from '../refused-input.ts';
import { readHead } from '../sniff.ts';
import type { InputFile } from '../types.ts';
import { latticeFromSteps } from './affine.ts';
import { niftiCompanion } from './companions.ts';
import { byteLengthOf, type ElementType, type RawImage } from './raw-image.ts';

/** NIFTI_TYPE_* of nifti1.h that are read. */
const elementTypes: Record<number, { type: ElementType; components: 1 | 3 | 4 }> = {
  2: { type: 'uint8', components: 1 },
  4: { type: 'int16', components: 1 },
  8: { type: 'int32', components: 1 },
  16: { type: 'float32', components: 1 },
  64: { type: 'float64', components: 1 },
  128: { type: 'uint8', components: 3 },
  256: { type: 'int8', components: 1 },
  512: { type: 'uint16', components: 1 },
  768: { type: 'uint32', components: 1 },
  1024: { type: 'int64', components: 1 },
  1280: { type: 'uint64', components: 1 },
  2304: { type: 'uint8', components: 4 },
};

/** Millimetres per unit, by the lowest three bits of xyzt_units. */
const millimetresPerUnit: Record<number, number> = { 1: 1000, 2: 1, 3: 0.001 };

/**
 * Reads a NIfTI-1 or NIfTI-2 header (`.nii`, `.nii.gz`, `.hdr` with `.img`).
 * Source of the layout and of the three ways to place a volume: nifti1.h and nifti2.h.
 * @throws RefusedInput
 */
export async function readNifti(file: InputFile): Promise<RawImage> {
  const { header, compressed } = await headerBytes(file);
  const h = fieldsOf(header);
  const element = elementTypes[h.datatype];
  if (!element) {
    throw new RefusedInput('unsupported-format', { format: `NIfTI, data type ${h.datatype}` });
  }
  const rank = h.dim[0]!;
  const size = h.dim.slice(1, rank + 1);
  if (rank < 1 || rank > 7 || size.some((n) => !Number.isSafeInteger(n) || n < 1)) {
    throw new RefusedInput('broken-image', { reason: `image size ${h.dim.join(' × ')}` });
  }
  const [ni = 1, nj = 1, nk = 1, timePoints = 1, ...further] = size;
  const vectorLength = further.reduce((product, n) => product * n, 1);
  if (vectorLength > 1) throw new RefusedInput('vector-image', { components: vectorLength });

  const sizeVx: Vec3 = [ni, nj, nk];
  const placed = place(h, sizeVx);
  const image: RawImage = {
    format: 'nifti',
    sizeVx,
    spatialDimensions: nk > 1 ? 3 : 2,
    timePoints,
    timeIsFastest: false,
    components: element.components,
    elementType: element.type,
    littleEndian: h.littleEndian,
    // A slope of 0 means: not scaled. Scaling does not apply to colours.
    scale:
      Number.isFinite(h.slope) && h.slope !== 0 && element.components === 1
        ? { slope: h.slope, intercept: Number.isFinite(h.intercept) ? h.intercept : 0 }
        : { slope: 1, intercept: 0 },
    ...placed,
    modality: 'OT',
    parts: [],
    files: [file],
  };
  const byteLength = byteLengthOf(image);
  if (h.single) {
    image.parts = [
      compressed
        ? { file, fileOffset: 0, compression: 'gzip', skipBytes: h.voxelOffset, byteLength }
        : { file, fileOffset: h.voxelOffset, compression: 'none', skipBytes: 0, byteLength },
    ];
  } else {
    const { companion, gzip } = await niftiCompanion(file);
    image.files.push(companion);
    image.parts = [
      gzip
        ? {
            file: companion,
            fileOffset: 0,
            compression: 'gzip',
            skipBytes: h.voxelOffset,
            byteLength,
          }
        : {
            file: companion,
            fileOffset: h.voxelOffset,
            compression: 'none',
            skipBytes: 0,
            byteLength,
          },
    ];
  }
  return image;
}

async function headerBytes(file: InputFile): Promise<{ header: Buffer; compressed: boolean }> {
  const head = await readHead(file.path);
  if (head[0] !== 0x1f || head[1] !== 0x8b) return { header: head, compressed: false };
  try {
    const header = gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH });
    return { header, compressed: true };
  } catch (error) {
    throw new RefusedInput('broken-image', { reason: (error as Error).message });
  }
}

type Fields = ReturnType<typeof fieldsOf>;

const truncatedHeader = (b: Buffer) =>
  new RefusedInput('truncated-pixel-data', {
    expected: 'a header of 348 or 540 bytes',
    present: `${b.length} bytes`,
  });

function fieldsOf(b: Buffer) {
  if (b.length < 4) throw truncatedHeader(b);
  const version2 = b.readInt32LE(0) === 540 || b.readInt32BE(0) === 540;
  if (b.length < (version2 ? 540 : 348)) throw truncatedHeader(b);
  const littleEndian = [348, 540].includes(b.readInt32LE(0));
  if (!/^n[+i][12]/.test(b.toString('latin1', version2 ? 4 : 344, version2 ? 7 : 347))) {
    throw new RefusedInput('broken-image', { reason: 'not a NIfTI header' });
  }
  const int16 = (at: number) => (littleEndian ? b.readInt16LE(at) : b.readInt16BE(at));
  const int32 = (at: number) => (littleEndian ? b.readInt32LE(at) : b.readInt32BE(at));
  const int64 = (at: number) => Number(littleEndian ? b.readBigInt64LE(at) : b.readBigInt64BE(at));
  const float = (at: number) => (littleEndian ? b.readFloatLE(at) : b.readFloatBE(at));
  const double = (at: number) => (littleEndian ? b.readDoubleLE(at) : b.readDoubleBE(at));
  const many = (n: number, read: (at: number) => number, at: number, step: number) =>
    Array.from({ length: n }, (_, i) => read(at + i * step));
  const row = (at: number) => (version2 ? many(4, double, at, 8) : many(4, float, at, 4));
  return version2
    ? {
        littleEndian,
        single: b[5] === 0x2b,
        datatype: int16(12),
        dim: many(8, int64, 16, 8),
        pixdim: many(8, double, 104, 8),
        voxelOffset: int64(168),
        slope: double(176),
        intercept: double(184),
        qformCode: int32(344),
        sformCode: int32(348),
        quaternion: many(3, double, 352, 8) as Vec3,
        offset: many(3, double, 376, 8) as Vec3,
        rows: [row(400), row(432), row(464)],
        units: int32(500),
      }
    : {
        littleEndian,
        single: b[345] === 0x2b,
        datatype: int16(70),
        dim: many(8, int16, 40, 2),
        pixdim: many(8, float, 76, 4),
        voxelOffset: float(108),
        slope: float(112),
        intercept: float(116),
        qformCode: int16(252),
        sformCode: int16(254),
        quaternion: many(3, float, 256, 4) as Vec3,
        offset: many(3, float, 268, 4) as Vec3,
        rows: [row(280), row(296), row(312)],
        units: b[123]!,
      };
}

/** Columns and translation of a voxel → RAS matrix in the file's unit. */
interface Form {
  columns: [Vec3, Vec3, Vec3];
  offset: Vec3;
}

/**
 * Which of the two transforms holds: sform when it is set, as nibabel and FSL take it, but qform
 * when sform changes the voxel size that pixdim states (then it maps to a template, and volumes read
 * from it would not be the patient's). Says so whenever the two differ.
 */
function place(h: Fields, sizeVx: Vec3) {
  const issues: ImportIssue[] = [];
  const unit = millimetresPerUnit[h.units & 7];
  if (unit === undefined) issues.push(note('unit-unknown', { assumed: 'mm' }));
  const sform = h.sformCode > 0 ? sformOf(h) : null;
  const qform = h.qformCode > 0 ? qformOf(h) : null;
  let form = sform ?? qform;
  let trusted = true;
  if (sform && rescales(sform, h.pixdim)) {
    trusted = qform !== null;
    form = qform ?? sform;
    const used = qform ? 'qform' : 'sform';
    issues.push(warning('orientation-forms-disagree', { used }, { notMeasurable: !qform }));
  } else if (sform && qform && disagree(sform, qform, sizeVx)) {
    issues.push(warning('orientation-forms-disagree', { used: 'sform' }));
  }
  if (!form) {
    issues.push(warning('orientation-assumed'));
    const [x, y, z] = h.pixdim.slice(1, 4).map(Math.abs) as Vec3;
    form = { columns: [[x, 0, 0], [0, y, 0], [0, 0, z]], offset: [0, 0, 0] }; // prettier-ignore
  }
  const millimetres = unit ?? 1;
  const toLps = (v: Vec3): Vec3 => [-v[0] * millimetres, -v[1] * millimetres, v[2] * millimetres];
  const lattice = latticeFromSteps({
    sizeVx,
    steps: form.columns.map(toLps) as [Vec3, Vec3, Vec3],
    originMm: toLps(form.offset),
  });
  return {
    ...lattice,
    measurable: lattice.measurable && trusted,
    issues: [...issues, ...lattice.issues],
  };
}

function sformOf(h: Fields): Form | null {
  const column = (n: number): Vec3 => [h.rows[0]![n]!, h.rows[1]![n]!, h.rows[2]![n]!];
  const form: Form = { columns: [column(0), column(1), column(2)], offset: column(3) };
  return [...form.columns, form.offset].flat().every(Number.isFinite) ? form : null;
}

/** Rotation by the unit quaternion (a, b, c, d), then by pixdim; nifti1.h, method 2. */
function qformOf(h: Fields): Form | null {
  const [b, c, d] = h.quaternion;
  const a = Math.sqrt(Math.max(0, 1 - (b * b + c * c + d * d)));
  const [x, y, z] = h.pixdim.slice(1, 4).map(Math.abs) as Vec3;
  const qz = h.pixdim[0]! < 0 ? -z : z;
  const form: Form = {
    columns: [
      [(a * a + b * b - c * c - d * d) * x, 2 * (b * c + a * d) * x, 2 * (b * d - a * c) * x],
      [2 * (b * c - a * d) * y, (a * a + c * c - b * b - d * d) * y, 2 * (c * d + a * b) * y],
      [2 * (b * d + a * c) * qz, 2 * (c * d - a * b) * qz, (a * a + d * d - c * c - b * b) * qz],
    ],
    offset: h.offset,
  };
  return [...form.columns, form.offset].flat().every(Number.isFinite) ? form : null;
}

const rescales = (form: Form, pixdim: number[]) =>
  form.columns.some((column, n) => {
    const stated = Math.abs(pixdim[n + 1]!);
    return stated > 0 && Math.abs(Math.hypot(...column) / stated - 1) > 0.01;
  });

/** More than half a voxel apart anywhere in the volume. */
function disagree(a: Form, b: Form, sizeVx: Vec3): boolean {
  const at = (form: Form, index: Vec3): Vec3 =>
    [0, 1, 2].map(
      (r) =>
        form.offset[r]! + form.columns.reduce((sum, column, n) => sum + column[r]! * index[n]!, 0),
    ) as Vec3;
  const [ni, nj, nk] = sizeVx.map((n) => n - 1) as Vec3;
  const corners: Vec3[] = [[0, 0, 0], [ni, 0, 0], [0, nj, 0], [0, 0, nk], [ni, nj, nk]]; // prettier-ignore
  const tolerance = 0.5 * Math.min(...a.columns.map((column) => Math.hypot(...column)));
  return corners.some((corner) => {
    const [p, q] = [at(a, corner), at(b, corner)];
    return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]) > tolerance;
  });
}
