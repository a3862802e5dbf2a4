import { parseDicom, type DataSet, type Element } from './dicom-parser.ts';
import { decodeText } from './character-set.ts';
import { implicitLittleEndian } from './transfer-syntax.ts';

/**
 * Typed reading of one dataset or sequence item. Tags are eight hex digits ("00280010").
 * Values that are missing, empty or not what the attribute should hold come back as null, "" or [].
 */
export class Attributes {
  readonly dataset: DataSet;
  readonly #characterSets: readonly string[];

  constructor(dataset: DataSet, inherited: readonly string[] = []) {
    this.dataset = dataset;
    const own = dataset.string('x00080005');
    this.#characterSets =
      own === undefined ? inherited : own.split('\\').map((term) => term.trim());
  }

  element(tag: string): Element | undefined {
    return this.dataset.elements[`x${tag}`];
  }

  has(tag: string): boolean {
    return (this.element(tag)?.length ?? 0) > 0;
  }

  /** The bytes of a value; empty when it is missing or runs past the end of the file. */
  bytes(tag: string): Uint8Array {
    const element = this.element(tag);
    if (!element) return new Uint8Array(0);
    return this.dataset.byteArray.subarray(element.dataOffset, element.dataOffset + element.length);
  }

  /** The whole text of a value, decoded and trimmed. */
  text(tag: string): string {
    return decodeText(this.bytes(tag), this.#characterSets).replace(/^[\s\0]+|[\s\0]+$/g, '');
  }

  /** The values of a multi-valued text. Backslashes inside two-byte characters do not split. */
  texts(tag: string): string[] {
    const text = this.text(tag);
    return text === '' ? [] : text.split('\\').map((part) => part.trim());
  }

  /** Values of a decimal or integer string (DS, IS); parts that are no number are NaN. */
  decimals(tag: string): number[] {
    return this.texts(tag).map((part) => (part === '' ? NaN : Number(part)));
  }

  /** First value of a decimal or integer string, or null. */
  decimal(tag: string): number | null {
    const value = this.decimals(tag)[0];
    return value !== undefined && Number.isFinite(value) ? value : null;
  }

  /** A whole number of the attribute types US, SS, UL, SL; also where it was written as a string. */
  integer(tag: string, index = 0): number | null {
    const element = this.element(tag);
    if (!element || element.length === 0) return null;
    const name = `x${tag}`;
    switch (element.vr) {
      case 'SS':
        return this.dataset.int16(name, index) ?? null;
      case 'SL':
        return this.dataset.int32(name, index) ?? null;
      case 'UL':
        return this.dataset.uint32(name, index) ?? null;
      case 'IS':
      case 'DS':
        return this.decimal(tag);
      default:
        return element.length >= 2 * (index + 1)
          ? (this.dataset.uint16(name, index) ?? null)
          : null;
    }
  }

  /** A double (FD), also where it was written as a float or a string. */
  double(tag: string): number | null {
    const element = this.element(tag);
    if (!element || element.length === 0) return null;
    const value =
      element.vr === 'DS' || element.vr === 'IS'
        ? this.decimal(tag)
        : element.length >= 8 && element.vr !== 'FL'
          ? this.dataset.double(`x${tag}`)
          : element.length >= 4
            ? this.dataset.float(`x${tag}`)
            : null;
    return value !== null && value !== undefined && Number.isFinite(value) ? value : null;
  }

  /** All values of a double (FD). */
  doubles(tag: string): number[] {
    const count = Math.trunc((this.element(tag)?.length ?? 0) / 8);
    return Array.from({ length: count }, (_, n) => this.dataset.double(`x${tag}`, n) ?? NaN);
  }

  /** Items of a sequence. */
  items(tag: string): Attributes[] {
    const element = this.element(tag);
    if (!element) return [];
    const items = element.items ?? (element.vr === 'UN' ? this.#itemsOfUnknown(element) : []);
    return items.flatMap((item) =>
      item.dataSet ? [new Attributes(item.dataSet, this.#characterSets)] : [],
    );
  }

  /** First item of a sequence, or null. */
  item(tag: string): Attributes | null {
    return this.items(tag)[0] ?? null;
  }

  /** A sequence whose VR was lost (UN) holds implicit little endian items (PS3.5 section 6.2.2). */
  #itemsOfUnknown(element: Element): { dataSet?: DataSet }[] {
    const all = this.dataset.byteArray;
    const view = new DataView(all.buffer, all.byteOffset, all.byteLength);
    const end = Math.min(element.dataOffset + element.length, all.length);
    const items: { dataSet?: DataSet }[] = [];
    let position = element.dataOffset;
    while (position + 8 <= end) {
      if (view.getUint32(position, true) !== 0xe000fffe) break;
      const length = view.getUint32(position + 4, true);
      const start = position + 8;
      if (start + length > end) break;
      try {
        const dataSet = parseDicom(all.subarray(start, start + length), {
          TransferSyntaxUID: implicitLittleEndian,
        });
        items.push({ dataSet });
      } catch {
        break;
      }
      position = start + length;
    }
    return items;
  }
}
