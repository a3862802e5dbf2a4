import { guessTransferSyntax } from './parse.ts';
import { explicitBigEndian, implicitLittleEndian } from './transfer-syntax.ts';

/**
 * Whether the first bytes of a file (a few hundred are enough) look like DICOM: the mark after the
 * preamble, or a bare dataset whose first elements are in order and of plausible length.
 */
export function looksLikeDicom(head: Uint8Array): boolean {
  if (head.length >= 132 && String.fromCharCode(...head.subarray(128, 132)) === 'DICM') return true;
  const encoding = guessTransferSyntax(head);
  return encoding !== null && elementsInOrder(head, encoding);
}

const firstGroups = new Set([0x0002, 0x0004, 0x0008]);
const longVrs = /^(OB|OD|OF|OL|OV|OW|SQ|SV|UC|UN|UR|UT|UV)$/;
const anyVr =
  /^(AE|AS|AT|CS|DA|DS|DT|FD|FL|IS|LO|LT|OB|OD|OF|OL|OV|OW|PN|SH|SL|SQ|SS|ST|SV|TM|UC|UI|UL|UN|UR|US|UT|UV)$/;

/** Walks up to three elements: tags must rise and lengths be even (or undefined). */
function elementsInOrder(head: Uint8Array, encoding: string): boolean {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const little = encoding !== explicitBigEndian;
  let position = 0;
  let lastTag = -1;
  for (let n = 0; n < 3 && position + 8 <= head.length; n++) {
    const group = view.getUint16(position, little);
    const tag = group * 0x10000 + view.getUint16(position + 2, little);
    if (n === 0 && !firstGroups.has(group)) return false;
    if (tag <= lastTag) return false;
    lastTag = tag;
    let length: number;
    if (encoding === implicitLittleEndian) {
      length = view.getUint32(position + 4, true);
      position += 8;
    } else {
      const vr = String.fromCharCode(head[position + 4]!, head[position + 5]!);
      if (!anyVr.test(vr)) return false;
      const long = longVrs.test(vr);
      if (long && position + 12 > head.length) return true;
      length = long ? view.getUint32(position + 8, little) : view.getUint16(position + 6, little);
      position += long ? 12 : 8;
    }
    if (length === 0xffffffff) return n > 0;
    if (length % 2 !== 0 || length > 0x100000) return false;
    position += length;
  }
  return lastTag >= 0;
}
