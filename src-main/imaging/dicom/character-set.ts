/**
 * Text of DICOM values. The sets of Specific Character Set (0008,0005), PS3.3 C.12.1.1.2, are
 * mapped to the decoders every JavaScript engine has; ISO 2022 escapes are taken apart here.
 */

const singleByte: Record<string, string> = {
  'ISO_IR 6': 'windows-1252',
  'ISO_IR 13': 'shift_jis',
  'ISO_IR 100': 'windows-1252',
  'ISO_IR 101': 'iso-8859-2',
  'ISO_IR 109': 'iso-8859-3',
  'ISO_IR 110': 'iso-8859-4',
  'ISO_IR 126': 'iso-8859-7',
  'ISO_IR 127': 'iso-8859-6',
  'ISO_IR 138': 'iso-8859-8',
  'ISO_IR 144': 'iso-8859-5',
  'ISO_IR 148': 'windows-1254',
  'ISO_IR 166': 'windows-874',
  'ISO_IR 203': 'iso-8859-15',
  'ISO_IR 192': 'utf-8',
  GB18030: 'gb18030',
  GBK: 'gb18030',
  'ISO 2022 GBK': 'gb18030',
};

/** What an escape sequence designates: the half of the code table, and how its bytes are read. */
interface Designation {
  half: 'G0' | 'G1';
  decode: (bytes: Uint8Array) => string;
}

const plain = (label: string) => (bytes: Uint8Array) => decoder(label).decode(bytes);

/** 7-bit double-byte sets become their EUC form by setting the high bits. */
const asEuc = (label: string, prefix?: number) => (bytes: Uint8Array) => {
  const euc: number[] = [];
  for (let n = 0; n < bytes.length; n++) {
    const byte = bytes[n]!;
    // Spaces and control characters between the pairs stand for themselves.
    if (byte <= 0x20 || n + 1 >= bytes.length) {
      euc.push(byte);
      continue;
    }
    if (prefix !== undefined) euc.push(prefix);
    euc.push(byte | 0x80, bytes[++n]! | 0x80);
  }
  return decoder(label).decode(Uint8Array.from(euc));
};

const escapes: [string, Designation][] = [
  ['(B', { half: 'G0', decode: plain('windows-1252') }],
  ['(J', { half: 'G0', decode: plain('windows-1252') }],
  [')I', { half: 'G1', decode: plain('shift_jis') }],
  ['$B', { half: 'G0', decode: asEuc('euc-jp') }],
  ['$@', { half: 'G0', decode: asEuc('euc-jp') }],
  ['$(D', { half: 'G0', decode: asEuc('euc-jp', 0x8f) }],
  ['$)C', { half: 'G1', decode: plain('euc-kr') }],
  ['$)A', { half: 'G1', decode: plain('gb18030') }],
  ['-A', { half: 'G1', decode: plain('windows-1252') }],
  ['-B', { half: 'G1', decode: plain('iso-8859-2') }],
  ['-C', { half: 'G1', decode: plain('iso-8859-3') }],
  ['-D', { half: 'G1', decode: plain('iso-8859-4') }],
  ['-F', { half: 'G1', decode: plain('iso-8859-7') }],
  ['-G', { half: 'G1', decode: plain('iso-8859-6') }],
  ['-H', { half: 'G1', decode: plain('iso-8859-8') }],
  ['-L', { half: 'G1', decode: plain('iso-8859-5') }],
  ['-M', { half: 'G1', decode: plain('windows-1254') }],
  ['-T', { half: 'G1', decode: plain('windows-874') }],
  ['-b', { half: 'G1', decode: plain('iso-8859-15') }],
];

const decoders = new Map<string, InstanceType<typeof TextDecoder>>();
function decoder(label: string): InstanceType<typeof TextDecoder> {
  let found = decoders.get(label);
  if (!found) decoders.set(label, (found = new TextDecoder(label)));
  return found;
}

/** Decodes the bytes of a text value under the terms of Specific Character Set (empty: default). */
export function decodeText(bytes: Uint8Array, terms: readonly string[]): string {
  if (isPlainAscii(bytes)) return decoder('windows-1252').decode(bytes);
  const first = normalised(terms[0] ?? '');
  if (
    bytes.includes(0x1b) &&
    terms.some((term) => normalised(term).startsWith('ISO_IR') || term.includes('2022'))
  ) {
    return decodeIso2022(bytes, first);
  }
  const label = singleByte[first];
  if (label && first !== 'ISO_IR 6') return decoder(label).decode(bytes);
  return decodeUndeclared(bytes, terms.slice(1));
}

function isPlainAscii(bytes: Uint8Array): boolean {
  for (let n = 0; n < bytes.length; n++) {
    if (bytes[n]! >= 0x80 || bytes[n] === 0x1b) return false;
  }
  return true;
}

/** No set is declared, yet the text is not ASCII: UTF-8 when it is valid UTF-8, else a declared second set or Latin-1. */
function decodeUndeclared(bytes: Uint8Array, further: readonly string[]): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const second = singleByte[normalised(further[0] ?? '')];
    return decoder(second ?? 'windows-1252').decode(bytes);
  }
}

/** `ISO 2022 IR 100` and `ISO_IR 100` name the same set; writers also vary blanks and case. */
function normalised(term: string): string {
  const tidy = term.trim().toUpperCase();
  const number = /^ISO[ _-]?(?:2022[ _-])?IR[ _-]?(\d+)$/.exec(tidy);
  return number ? `ISO_IR ${number[1]}` : tidy === '' ? 'ISO_IR 6' : tidy;
}

/** Bytes at which the designations fall back to the initial ones: delimiters of values, names and lines. */
const resets = new Set(['\\', '^', '=', '\n', '\r', '\f', '\t'].map((c) => c.charCodeAt(0)));

function decodeIso2022(bytes: Uint8Array, initial: string): string {
  const g0Initial = plain('windows-1252');
  const g1Initial = plain(singleByte[initial] ?? 'windows-1252');
  let g0 = g0Initial;
  let g1 = g1Initial;
  let text = '';
  let run: number[] = [];
  let runIsHigh = false;
  const flush = () => {
    if (run.length > 0) text += (runIsHigh ? g1 : g0)(Uint8Array.from(run));
    run = [];
  };
  for (let n = 0; n < bytes.length;) {
    const byte = bytes[n]!;
    if (byte === 0x1b) {
      flush();
      const designation = escapes.find(([sequence]) =>
        [...sequence].every((c, at) => bytes[n + 1 + at] === c.charCodeAt(0)),
      );
      if (designation) {
        if (designation[1].half === 'G0') g0 = designation[1].decode;
        else g1 = designation[1].decode;
        n += 1 + designation[0].length;
      } else n += 1;
      continue;
    }
    const doubleByteG0 = g0 !== g0Initial;
    if (resets.has(byte) && !(doubleByteG0 && run.length % 2 === 1)) {
      flush();
      text += String.fromCharCode(byte);
      g0 = g0Initial;
      g1 = g1Initial;
      n++;
      continue;
    }
    const high = byte >= 0x80;
    if (run.length > 0 && high !== runIsHigh) flush();
    runIsHigh = high;
    run.push(byte);
    n++;
  }
  flush();
  return text;
}
