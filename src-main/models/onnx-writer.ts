import { bytes, float, integer, message, serialise, text, type Field } from './protobuf.ts';

/*
 * Graphs as ONNX files (field numbers of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, IR version 8).
 * Raw tensor data is little-endian, as are all machines this runs on.
 */

const elementTypes = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
} as const;
export type OnnxElementType = keyof typeof elementTypes;

/** A constant. Its data is inside the file, or in another file beside it (then nothing is copied). */
export interface OnnxTensor {
  name: string;
  type: OnnxElementType;
  dims: readonly number[];
  data:
    | Float32Array
    | Uint8Array
    | Int8Array
    | Int32Array
    | BigInt64Array
    | { location: string; offset: number; length: number };
}

export type OnnxAttribute =
  | { int: number }
  | { float: number }
  | { string: string }
  | { ints: readonly number[] }
  | { floats: readonly number[] }
  | { tensor: OnnxTensor };

export interface OnnxNode {
  op: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes?: Record<string, OnnxAttribute>;
  /** `com.microsoft` for onnxruntime's own operators. */
  domain?: string;
}

/** A string among `dims` names a dimension that is free. */
export interface OnnxValue {
  name: string;
  type?: OnnxElementType;
  dims: readonly (number | string)[];
}

export interface OnnxGraph {
  name: string;
  inputs: OnnxValue[];
  outputs: OnnxValue[];
  initializers: OnnxTensor[];
  /** In an order in which every input is there before it is used. */
  nodes: OnnxNode[];
}

/** A float32 constant. */
export const floatTensor = (
  name: string,
  dims: readonly number[],
  data: Float32Array,
): OnnxTensor => ({
  name,
  type: 'float32',
  dims,
  data,
});

/** A list of whole numbers, as operators like Reshape and Slice take it. */
export const integerTensor = (name: string, values: readonly number[]): OnnxTensor => ({
  name,
  type: 'int64',
  dims: [values.length],
  data: BigInt64Array.from(values, BigInt),
});

/** The bytes of an .onnx file. `metadata` is kept in the file and read by nobody at run time. */
export function onnxModel(
  graph: OnnxGraph,
  options: { opset?: number; metadata?: Record<string, string> } = {},
): Uint8Array {
  const domains = new Set(graph.nodes.flatMap(({ domain }) => (domain ? [domain] : [])));
  return serialise([
    integer(1, 8),
    text(2, 'medsam-workstation'),
    message(7, [
      ...graph.nodes.map(node),
      text(2, graph.name),
      ...graph.initializers.map((one) => message(5, tensor(one))),
      ...graph.inputs.map((one) => message(11, value(one))),
      ...graph.outputs.map((one) => message(12, value(one))),
    ]),
    message(8, [text(1, ''), integer(2, options.opset ?? 17)]),
    ...[...domains].map((domain) => message(8, [text(1, domain), integer(2, 1)])),
    ...Object.entries(options.metadata ?? {}).map(([key, entry]) =>
      message(14, [text(1, key), text(2, entry)]),
    ),
  ]);
}

function node({ op, inputs, outputs, attributes = {}, domain }: OnnxNode): Field {
  return message(1, [
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(3, `${op} ${outputs[0]}`),
    text(4, op),
    ...Object.entries(attributes).map(([name, one]) => message(5, attribute(name, one))),
    ...(domain ? [text(7, domain)] : []),
  ]);
}

function attribute(name: string, one: OnnxAttribute): Field[] {
  const typed = (type: number, ...fields: Field[]) => [text(1, name), ...fields, integer(20, type)];
  if ('float' in one) return typed(1, float(2, one.float));
  if ('int' in one) return typed(2, integer(3, one.int));
  if ('string' in one) return typed(3, text(4, one.string));
  if ('tensor' in one) return typed(4, message(5, tensor(one.tensor)));
  if ('floats' in one) return typed(6, ...one.floats.map((number) => float(7, number)));
  return typed(7, ...one.ints.map((number) => integer(8, number)));
}

function tensor({ name, type, dims, data }: OnnxTensor): Field[] {
  const head = [
    ...dims.map((dim) => integer(1, dim)),
    integer(2, elementTypes[type]),
    text(8, name),
  ];
  if (ArrayBuffer.isView(data)) {
    return [...head, bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength))];
  }
  const external = {
    location: data.location,
    offset: String(data.offset),
    length: String(data.length),
  };
  return [
    ...head,
    ...Object.entries(external).map(([key, entry]) => message(13, [text(1, key), text(2, entry)])),
    integer(14, 1),
  ];
}

function value({ name, type = 'float32', dims }: OnnxValue): Field[] {
  const shape = dims.map((dim) =>
    message(1, [typeof dim === 'number' ? integer(1, dim) : text(2, dim)]),
  );
  return [
    text(1, name),
    message(2, [message(1, [integer(1, elementTypes[type]), message(2, shape)])]),
  ];
}
