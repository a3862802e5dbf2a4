import type { Attributes } from './attributes.ts';

/** Modality LUT (0028,3000): output values of consecutive stored values from `first` on. */
export interface ModalityLut {
  first: number;
  values: Uint16Array;
  /** Largest value its bits can hold. */
  highest: number;
}

export function modalityLut(root: Attributes): ModalityLut | null {
  const item = root.item('00283000');
  if (!item) return null;
  const table = lookupTable(item, '00283002', '00283006', root.integer('00280103') === 1);
  return table && { ...table, highest: 2 ** table.bits - 1 };
}

export interface LookupTable {
  first: number;
  bits: number;
  values: Uint16Array;
}

/** A table of 8 or 16 bit entries with its descriptor: count (0 means 65536), first value, bits. */
export function lookupTable(
  a: Attributes,
  descriptor: string,
  data: string,
  signedFirst: boolean,
): LookupTable | null {
  const count = a.integer(descriptor, 0);
  const first = a.integer(descriptor, 1);
  const bits = a.integer(descriptor, 2);
  if (count === null || first === null || bits === null) return null;
  const entries = count === 0 ? 65536 : count & 0xffff;
  const bytes = a.bytes(data);
  const values = new Uint16Array(entries);
  if (bytes.length < entries) return null;
  if (bytes.length >= entries * 2) {
    const parser = a.dataset.byteArrayParser;
    for (let n = 0; n < entries; n++) values[n] = parser.readUint16(bytes as Uint8Array, 2 * n);
  } else {
    for (let n = 0; n < entries; n++) values[n] = bytes[n]!;
  }
  const signed = signedFirst && first > 0x7fff ? first - 0x10000 : first;
  return { first: signed, bits, values };
}

/** Looks a stored value up; values outside the table take its nearest end. */
export function lookUp(table: { first: number; values: Uint16Array }, stored: number): number {
  const at = stored - table.first;
  return table.values[at < 0 ? 0 : at >= table.values.length ? table.values.length - 1 : at]!;
}
