import { floatTensor, integerTensor, onnxModel } from '../onnx-writer.ts';
import type { OnnxAttribute, OnnxNode, OnnxTensor } from '../onnx-writer.ts';
import type { BuiltGraph, GraphRole, GraphValue, WeightSource, WeightsFile } from './types.ts';

/** A value inside a graph, by its name. */
export type Value = string;

type Attributes = Record<string, OnnxAttribute>;

/** Where the constants of a graph come from and where those that must be laid out anew go. */
export interface Weights {
  source: WeightSource;
  file: WeightsFile;
}

/** Collects the nodes and constants of one graph. Values are named after the operator that makes them. */
export interface Graph {
  weights: Weights;
  /** The one output of an operator of ONNX, or of onnxruntime's own where `domain` says so. */
  op(op: string, inputs: Value[], attributes?: Attributes, domain?: string): Value;
  /** Parts of the given sizes along an axis. */
  split(x: Value, sizes: number[], axis: number): Value[];
  /** Values joined along an axis. */
  concat(parts: Value[], axis: number): Value;
  reshape(x: Value, dims: readonly number[]): Value;
  transpose(x: Value, perm: readonly number[]): Value;
  /** Rows of a matrix, or slices of its first axis, by number. */
  gather(x: Value, rows: readonly number[]): Value;
  /**
   * A tensor of the checkpoint as it lies there; `dims` sees it in another shape. `rows` takes a run of its first
   * axis, which lies in one piece as well.
   */
  weight(
    name: string,
    view?: { dims?: readonly number[]; rows?: [from: number, to: number] },
  ): Value;
  /** Values worked out from tensors of the checkpoint, kept in the weights file under `key`. */
  derived(key: string, dims: readonly number[], make: () => Float32Array): Value;
  /** 8-bit integers worked out from tensors of the checkpoint, kept in the weights file under `key`. */
  derivedInt8(key: string, dims: readonly number[], make: () => Int8Array): Value;
  /** A small float constant inside the graph file. */
  floats(values: readonly number[], dims?: readonly number[]): Value;
  /** A list of whole numbers inside the graph file. */
  integers(values: readonly number[]): Value;
  /** The finished file; `inputs` and `outputs` are values that have these names. */
  finish(file: {
    role: GraphRole;
    optimised: boolean;
    inputs: GraphValue[];
    outputs: (GraphValue & { value: Value })[];
  }): BuiltGraph;
}

export function createGraph(weights: Weights): Graph {
  const nodes: OnnxNode[] = [];
  const constants = new Map<string, OnnxTensor>();
  let count = 0;
  const fresh = (op: string) => `${op}_${(count += 1)}`;
  /** The same key is the same constant. */
  const constant = (key: string, tensor: () => OnnxTensor): Value => {
    const known = constants.get(key);
    if (known) return known.name;
    const made = tensor();
    constants.set(key, made);
    return made.name;
  };
  const made = new Map<string, Value[]>();
  /** The outputs of an operator; the same operator of the same values is there once. */
  const node = (
    op: string,
    inputs: Value[],
    count: number,
    attributes?: Attributes,
    domain?: string,
  ): Value[] => {
    const key = JSON.stringify([op, inputs, count, attributes, domain]);
    const known = made.get(key);
    if (known) return known;
    const outputs = Array.from({ length: count }, () => fresh(op));
    nodes.push({ op, inputs, outputs, attributes, domain });
    made.set(key, outputs);
    return outputs;
  };

  const graph: Graph = {
    weights,
    op(op, inputs, attributes, domain) {
      return node(op, inputs, 1, attributes, domain)[0]!;
    },
    split(x, sizes, axis) {
      if (sizes.length === 1) return [x];
      return node('Split', [x, graph.integers(sizes)], sizes.length, { axis: { int: axis } });
    },
    concat(parts, axis) {
      return parts.length === 1 ? parts[0]! : graph.op('Concat', parts, { axis: { int: axis } });
    },
    reshape: (x, dims) => graph.op('Reshape', [x, graph.integers(dims)]),
    transpose: (x, perm) => graph.op('Transpose', [x], { perm: { ints: perm } }),
    gather: (x, rows) => graph.op('Gather', [x, graph.integers(rows)]),
    weight(name, { dims, rows } = {}) {
      const stored = weights.source.tensor(name);
      const seen = dims ?? stored.dims;
      const [from, to] = rows ?? [0, seen[0] ?? 1];
      const label = `${name}${rows ? `[${from}:${to}]` : ''}${dims ? ` as ${dims.join('×')}` : ''}`;
      return constant(label, () => {
        const range = stored.where ?? weights.file.put(name, () => stored.read());
        const rowBytes = range.length / (seen[0] ?? 1);
        const data = {
          location: range.location,
          offset: range.offset + from * rowBytes,
          length: (to - from) * rowBytes,
        };
        return { name: label, type: 'float32', dims: [to - from, ...seen.slice(1)], data };
      });
    },
    derived: (key, dims, make) =>
      constant(key, () => ({
        name: key,
        type: 'float32',
        dims,
        data: weights.file.put(key, make),
      })),
    derivedInt8: (key, dims, make) =>
      constant(key, () => ({ name: key, type: 'int8', dims, data: weights.file.put(key, make) })),
    floats: (values, dims = [values.length]) =>
      constant(`floats ${dims.join('×')}: ${values.join()}`, () =>
        floatTensor(fresh('floats'), dims, Float32Array.from(values)),
      ),
    integers: (values) =>
      constant(`integers ${values.join()}`, () => integerTensor(fresh('integers'), values)),
    finish({ role, optimised, inputs, outputs }) {
      const names = new Map(outputs.map(({ name, value }) => [value, name]));
      if (names.size < outputs.length) throw new Error(`${role} has one value under two names.`);
      const named = (values: readonly Value[]) => values.map((value) => names.get(value) ?? value);
      return {
        role,
        path: `${role}.onnx`,
        optimised,
        bytes: onnxModel({
          name: role,
          inputs,
          outputs: outputs.map(({ name, dims }) => ({ name, dims })),
          initializers: [...constants.values()],
          nodes: nodes.map((one) => ({
            ...one,
            inputs: named(one.inputs),
            outputs: named(one.outputs),
          })),
        }),
        inputs,
        outputs: outputs.map(({ name, dims }) => ({ name, dims })),
      };
    },
  };
  return graph;
}
