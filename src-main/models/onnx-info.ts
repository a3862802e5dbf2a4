import type { ByteSource } from './checkpoint/byte-source.ts';

/** A value that a graph takes or gives; a free dimension has a name, or is empty. */
export interface OnnxPort {
  name: string;
  /** ONNX's number of the element type; 1 is float32. */
  elementType: number;
  dims: (number | string)[];
}

export interface OnnxInfo {
  inputs: OnnxPort[];
  outputs: OnnxPort[];
  /** Files beside it that hold weights, as the graph names them. */
  externalData: string[];
}

/** What is no ONNX file, or is cut off. */
export class OnnxError extends Error {}

const utf8 = new TextDecoder();
const MOST_FIELDS = 2_000_000;
const MOST_TEXT_BYTES = 4096;
const WINDOW_BYTES = 64 * 1024;

/**
 * Inputs, outputs and data files of an ONNX model (field numbers of onnx.proto), passing over its weights without
 * reading them: nothing is loaded, whatever the size of the file.
 *
 * @throws OnnxError
 */
export function onnxInfo(source: ByteSource): OnnxInfo {
  const scan = new Scan(source);
  const info: OnnxInfo = { inputs: [], outputs: [], externalData: [] };
  const initializers = new Set<string>();
  const locations = new Set<string>();
  let graphs = 0;
  let versions = 0;
  for (const field of scan.fields(0, source.sizeBytes)) {
    if (field.number === 1 && field.wire === 0) versions += 1;
    if (field.number !== 7 || field.wire !== 2) continue;
    graphs += 1;
    for (const part of scan.fields(field.start, field.end)) {
      if (part.wire !== 2) continue;
      if (part.number === 11) info.inputs.push(port(scan, part));
      if (part.number === 12) info.outputs.push(port(scan, part));
      if (part.number === 5) initializer(scan, part, initializers, locations);
    }
  }
  if (graphs !== 1 || versions !== 1 || info.outputs.length === 0) {
    throw new OnnxError('It holds no graph.');
  }
  return {
    inputs: info.inputs.filter(({ name }) => !initializers.has(name)),
    outputs: info.outputs,
    externalData: [...locations],
  };
}

interface FieldPlace {
  number: number;
  wire: number;
  /** The value of a varint. */
  value: number;
  start: number;
  end: number;
}

function initializer(
  scan: Scan,
  place: FieldPlace,
  names: Set<string>,
  locations: Set<string>,
): void {
  for (const field of scan.fields(place.start, place.end)) {
    if (field.number === 8) names.add(scan.text(field));
    if (field.number !== 13) continue;
    const [key, value] = [...scan.fields(field.start, field.end)].map((part) => scan.text(part));
    if (key === 'location' && value !== undefined) locations.add(value);
  }
}

function port(scan: Scan, place: FieldPlace): OnnxPort {
  const found: OnnxPort = { name: '', elementType: 0, dims: [] };
  for (const field of scan.fields(place.start, place.end)) {
    if (field.number === 1) found.name = scan.text(field);
    if (field.number !== 2) continue;
    for (const type of scan.fields(field.start, field.end)) {
      if (type.number !== 1) continue;
      for (const part of scan.fields(type.start, type.end)) {
        if (part.number === 1) found.elementType = part.value;
        if (part.number === 2) found.dims = dims(scan, part);
      }
    }
  }
  return found;
}

function dims(scan: Scan, place: FieldPlace): (number | string)[] {
  return [...scan.fields(place.start, place.end)].map((dim) => {
    const [size] = scan.fields(dim.start, dim.end);
    if (!size) return '';
    return size.number === 1 ? size.value : scan.text(size);
  });
}

/** Protobuf's wire format, by position. */
class Scan {
  readonly #source: ByteSource;
  #window = new Uint8Array();
  #windowAt = 0;
  #fields = 0;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  *fields(start: number, end: number): Generator<FieldPlace> {
    let at = start;
    while (at < end) {
      this.#fields += 1;
      if (this.#fields > MOST_FIELDS) throw new OnnxError('It has too many parts.');
      const [tag, afterTag] = this.#varint(at);
      const [number, wire] = [Math.floor(tag / 8), tag % 8];
      if (number === 0) throw new OnnxError('It is damaged.');
      const place = { number, wire, value: 0, start: afterTag, end: afterTag };
      if (wire === 0) [place.value, place.end] = this.#varint(afterTag);
      else if (wire === 1) place.end = afterTag + 8;
      else if (wire === 5) place.end = afterTag + 4;
      else if (wire === 2) {
        const [length, from] = this.#varint(afterTag);
        place.start = from;
        place.end = from + length;
      } else throw new OnnxError('It is damaged.');
      if (!(place.end <= end)) throw new OnnxError('It is cut off.');
      at = place.end;
      yield place;
    }
  }

  text({ wire, start, end }: FieldPlace): string {
    if (wire !== 2 || end - start > MOST_TEXT_BYTES) throw new OnnxError('A name is too long.');
    return utf8.decode(this.#source.read(start, end - start));
  }

  #varint(at: number): [value: number, end: number] {
    let value = 0;
    for (let index = 0; index < 10; index += 1) {
      const byte = this.#byte(at + index);
      value += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) return [value, at + index + 1];
    }
    throw new OnnxError('It is damaged.');
  }

  #byte(at: number): number {
    if (at < this.#windowAt || at >= this.#windowAt + this.#window.length) {
      this.#window = this.#source.read(at, WINDOW_BYTES) as Uint8Array<ArrayBuffer>;
      this.#windowAt = at;
      if (this.#window.length === 0) throw new OnnxError('It is cut off.');
    }
    return this.#window[at - this.#windowAt]!;
  }
}

/** Inputs of the decoder that SAM's exporter and those built on it write. */
const pointInputs = ['point_coords', 'point_labels'];

/**
 * Whether this is SAM's usual export, which picks one of several masks by a score: for the two corners of a box it takes
 * 500 off mask 0, the only one that a box-trained model was trained to give, so that it is never chosen.
 */
export const isPointDecoder = ({ inputs }: OnnxInfo): boolean =>
  pointInputs.every((name) => inputs.some((input) => input.name === name));
