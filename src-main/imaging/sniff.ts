import { open } from 'node:fs/promises';
import { extname } from 'node:path';
import { gunzipSync, constants } from 'node:zlib';

/** What the first bytes of a file say it is. */
export type Sniffed =
  | { is: 'dicom' | 'zip' | 'nifti' | 'nrrd' | 'meta' | 'png' | 'jpeg' | 'tiff' | 'bmp' }
  /** A format that is known by name and not read. */
  | { is: 'unsupported'; format: string }
  /** Text, an office document, a program … */
  | { is: 'not-an-image' }
  /** Nothing known: raw voxels of a header, DICOM without its preamble, or anything else. */
  | { is: 'unknown' };

export const headBytes = 4096;

/** The first bytes of a file. */
export async function readHead(path: string, length = headBytes): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.alloc(length);
    const { bytesRead } = await file.read(buffer, 0, length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Decides by content; the name only tells apart what looks alike (zip-based documents, raw data). */
export function sniff(head: Buffer, path: string): Sniffed {
  const starts = (...bytes: number[]) => bytes.every((byte, n) => head[n] === byte);
  const text = (from: number, length: number) => head.toString('latin1', from, from + length);

  // First, because a DICOM preamble may hold the header of another format (dual-personality TIFF).
  if (text(128, 4) === 'DICM') return { is: 'dicom' };
  if (starts(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return { is: 'png' };
  if (starts(0xff, 0xd8, 0xff)) return { is: 'jpeg' };
  if (starts(0x49, 0x49, 42, 0) || starts(0x4d, 0x4d, 0, 42)) return { is: 'tiff' };
  if (starts(0x49, 0x49, 43, 0) || starts(0x4d, 0x4d, 0, 43)) return { is: 'tiff' };
  if (text(0, 2) === 'BM' && isBmp(head)) return { is: 'bmp' };
  if (/^NRRD000\d/.test(text(0, 8))) return { is: 'nrrd' };
  if (isMetaHeader(head)) return { is: 'meta' };
  if (starts(0x1f, 0x8b)) return sniffGzip(head, path);
  const nifti = sniffNifti(head);
  if (nifti) return nifti;
  if (text(0, 4) === 'PK\x03\x04' || text(0, 4) === 'PK\x05\x06') return sniffZip(path);
  const known = knownSignatures.find(([signature, at]) => text(at, signature.length) === signature);
  if (known) return { is: 'unsupported', format: known[2] };
  if (/^\s*version https:\/\/git-lfs/.test(text(0, 60))) {
    return { is: 'unsupported', format: 'Git LFS pointer (the image itself was not downloaded)' };
  }
  if (text(0, 5) === '%PDF-' || text(0, 2) === 'MZ' || text(0, 4) === '\x7fELF') {
    return { is: 'not-an-image' };
  }
  const extension = extname(path).toLowerCase();
  if (mayBeUnmarked.has(extension)) return { is: 'unknown' };
  return isText(head) ? { is: 'not-an-image' } : { is: 'unknown' };
}

const mayBeUnmarked = new Set(['.dcm', '.dicom', '.ima', '.raw', '.zraw', '.img', '.bin']);

const knownSignatures: [signature: string, at: number, format: string][] = [
  ['GIF8', 0, 'GIF'],
  ['WEBP', 8, 'WebP'],
  ['\x89HDF', 0, 'HDF5 or MINC 2'],
  ['CDF\x01', 0, 'MINC 1'],
  ['\0\0\0\x0cjP  ', 0, 'JPEG 2000'],
  ['\xff\x4f\xff\x51', 0, 'JPEG 2000'],
  ['\0\0\0\x0cJXL ', 0, 'JPEG XL'],
  ['Rar!', 0, 'RAR'],
  ['7z\xbc\xaf', 0, '7-Zip'],
  ['ustar', 257, 'tar'],
  ['BZh', 0, 'bzip2'],
  ['\xfd7zXZ', 0, 'xz'],
  ['\x28\xb5\x2f\xfd', 0, 'Zstandard'],
  ['# vtk DataFile', 0, 'VTK'],
  ['8BPS', 0, 'Photoshop'],
  ['ftyp', 4, 'video or HEIF'],
  ['\x93NUMPY', 0, 'NumPy'],
];

function isBmp(head: Buffer): boolean {
  if (head.length < 30) return false;
  const headerSize = head.readUInt32LE(14);
  return [12, 16, 40, 52, 56, 64, 108, 124].includes(headerSize);
}

function isMetaHeader(head: Buffer): boolean {
  const start = head.toString('latin1', 0, 400);
  return /^(\s*\w+\s*=[^\n]*\n)*?\s*NDims\s*=/.test(start);
}

function sniffNifti(head: Buffer): Sniffed | null {
  if (head.length < 348) return null;
  const size = [head.readInt32LE(0), head.readInt32BE(0)];
  if (size.includes(540) && /^n[+i]2/.test(head.toString('latin1', 4, 7))) return { is: 'nifti' };
  if (!size.includes(348)) return null;
  if (/^n[+i]1\0/.test(head.toString('latin1', 344, 348))) return { is: 'nifti' };
  return { is: 'unsupported', format: 'Analyze 7.5 (it does not tell left from right)' };
}

function sniffGzip(head: Buffer, path: string): Sniffed {
  if (/\.(nii|hdr)\.gz$/i.test(path)) return { is: 'nifti' };
  if (/\.img\.gz$/i.test(path)) return { is: 'unknown' };
  try {
    const inner = gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH });
    const nifti = sniffNifti(inner);
    if (nifti) return nifti;
    if (inner.toString('latin1', 257, 262) === 'ustar')
      return { is: 'unsupported', format: 'tar.gz' };
  } catch {
    return { is: 'unsupported', format: 'gzip (damaged)' };
  }
  return { is: 'unsupported', format: 'gzip' };
}

const zipBasedDocuments = new Set(
  'docx xlsx pptx odt ods odp jar apk epub npz pth pt ora mrb nwb whl key pages'.split(' '),
);

function sniffZip(path: string): Sniffed {
  const extension = extname(path).slice(1).toLowerCase();
  if (!zipBasedDocuments.has(extension)) return { is: 'zip' };
  return { is: 'not-an-image' };
}

/** Printable text in UTF-8 (or an 8-bit code page): no zero bytes and hardly any control characters. */
function isText(head: Buffer): boolean {
  let controls = 0;
  for (const byte of head) {
    if (byte === 0) return false;
    if (byte < 32 && byte !== 9 && byte !== 10 && byte !== 13 && byte !== 27) controls++;
  }
  return controls * 100 <= head.length;
}
