import { inflateRawSync } from 'node:zlib';
import { parseDicom, type DataSet } from './dicom-parser.ts';
import {
  deflatedLittleEndian,
  explicitBigEndian,
  explicitLittleEndian,
  implicitLittleEndian,
} from './transfer-syntax.ts';
import { Attributes } from './attributes.ts';

export interface ParsedDataset {
  attributes: Attributes;
  transferSyntaxUid: string;
  /** Media Storage SOP Class UID of the meta header; empty without one. */
  metaSopClassUid: string;
  /** The bytes that offsets of the dataset count in: after the meta header, inflated when deflated. */
  bytes: Uint8Array;
  /** Offset of `bytes` in the file; null when deflated, as then the file holds other bytes. */
  startInFile: number | null;
  /** True when parsing came to the pixel data or to the end of the bytes without an error. */
  complete: boolean;
  bigEndian: boolean;
}

const pixelDataTag = 'x7fe00010';

/**
 * Parses the dataset of a DICOM file up to (not into) its pixel data. `bytes` may be only the first
 * part of the file: then `complete` is false unless the pixel data was reached.
 * Takes files with a preamble, with meta elements but no preamble, and bare datasets.
 * Returns null when the bytes cannot be DICOM at all.
 */
export function parseDataset(bytes: Uint8Array): ParsedDataset | null {
  const meta = readMeta(bytes);
  if (!meta) return null;
  const { start } = meta;
  const body = bytes.subarray(start);
  const transferSyntaxUid = meta.transferSyntaxUid ?? guessTransferSyntax(body);
  if (transferSyntaxUid === null) return null;

  const deflated = transferSyntaxUid === deflatedLittleEndian;
  const dataset = deflated ? inflate(body) : body;
  if (!dataset) return null;
  const bigEndian = transferSyntaxUid === explicitBigEndian;
  const parseAs = deflated ? explicitLittleEndian : actualEncoding(dataset, transferSyntaxUid);
  const { parsed, complete } = parseBody(dataset, parseAs);
  if (!parsed) return null;
  return {
    attributes: new Attributes(parsed),
    transferSyntaxUid,
    metaSopClassUid: meta.sopClassUid,
    bytes: dataset,
    startInFile: deflated ? null : start,
    complete: complete || parsed.elements[pixelDataTag] !== undefined,
    bigEndian,
  };
}

function parseBody(body: Uint8Array, transferSyntaxUid: string) {
  try {
    const parsed = parseDicom(body, {
      TransferSyntaxUID: transferSyntaxUid,
      untilTag: pixelDataTag,
    });
    return { parsed, complete: true };
  } catch (error) {
    // The parser throws what it has read so far together with the reason.
    const partial = (error as { dataSet?: DataSet } | null)?.dataSet;
    return { parsed: partial ?? null, complete: false };
  }
}

function readMeta(
  bytes: Uint8Array,
): { start: number; transferSyntaxUid: string | null; sopClassUid: string } | null {
  const hasPreamble = bytes.length > 132 && ascii(bytes, 128, 4) === 'DICM';
  let position = hasPreamble ? 132 : 0;
  let transferSyntaxUid: string | null = null;
  let sopClassUid = '';
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // Meta elements are explicit little endian and carry group 2 (PS3.10 section 7.1).
  while (position + 8 <= bytes.length && view.getUint16(position, true) === 2) {
    const vr = ascii(bytes, position + 4, 2);
    if (!/^[A-Z]{2}$/.test(vr)) break;
    const long = /^(OB|OW|OF|SQ|UT|UN|OD|OL|UC|UR)$/.test(vr);
    if (long && position + 12 > bytes.length) return null;
    const length = long ? view.getUint32(position + 8, true) : view.getUint16(position + 6, true);
    const data = position + (long ? 12 : 8);
    const number = view.getUint16(position + 2, true);
    if (number === 0x0010) transferSyntaxUid = uid(bytes, data, length) || null;
    if (number === 0x0002) sopClassUid = uid(bytes, data, length);
    position = data + length;
  }
  if (position >= bytes.length) return null;
  return { start: position, transferSyntaxUid, sopClassUid };
}

/** Tells the encoding of a dataset without a meta header from its first element. */
export function guessTransferSyntax(body: Uint8Array): string | null {
  if (body.length < 8) return null;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const explicit = /^[A-Z]{2}$/.test(ascii(body, 4, 2));
  const little = view.getUint16(0, true);
  const big = view.getUint16(0, false);
  if (explicit) {
    // Groups are small numbers, so the smaller reading is the right one.
    return little <= big ? explicitLittleEndian : explicitBigEndian;
  }
  const length = view.getUint32(4, true);
  return little < 0x100 && (length <= 0x10000 || length === 0xffffffff)
    ? implicitLittleEndian
    : null;
}

/** Some writers name an explicit syntax and write implicit elements, or the other way round. */
function actualEncoding(body: Uint8Array, transferSyntaxUid: string): string {
  const explicit = body.length >= 6 && /^[A-Z]{2}$/.test(ascii(body, 4, 2));
  if (transferSyntaxUid === implicitLittleEndian && explicit) return explicitLittleEndian;
  if (!explicit && transferSyntaxUid !== explicitBigEndian) return implicitLittleEndian;
  return transferSyntaxUid;
}

function inflate(body: Uint8Array): Uint8Array | null {
  try {
    return inflateRawSync(body);
  } catch {
    return null;
  }
}

const uid = (bytes: Uint8Array, start: number, length: number) =>
  ascii(bytes, start, length)
    .replace(/[\0 ]+$/, '')
    .trim();

function ascii(bytes: Uint8Array, start: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(start, start + length));
}
