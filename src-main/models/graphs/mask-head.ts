import type { Graph, Value } from './graph.ts';
import { biasGelu, layerNorm, linear, runs, SAM_EPSILON } from './layers.ts';
import type { NetworkConfig } from './types.ts';

/** Image tokens at a time: what is made of them, 16 fine cells each, stays in the processor's cache. */
const IMAGE_ROWS = 512;

/** Three layers with ReLU between them. */
export function perceptron(graph: Graph, x: Value, name: string): Value {
  const relu = (value: Value) => graph.op('Relu', [value]);
  const first = relu(linear(graph, x, `${name}.layers.0`));
  const second = relu(linear(graph, first, `${name}.layers.1`));
  return linear(graph, second, `${name}.layers.2`);
}

/**
 * A transposed convolution of side and stride 2 is a product: every cell becomes four, each with filters of its own.
 * Its weight [from, to, 2, 2] as a matrix [from, 4 · to], cell by cell.
 */
function doublingWeight(graph: Graph, name: string, from: number, to: number): Value {
  return graph.derived(`${name} by cell`, [from, 4 * to], () => {
    const stored = graph.weights.source.tensor(name).read();
    const values = new Float32Array(stored.length);
    for (let channel = 0; channel < from; channel += 1) {
      for (let out = 0; out < to; out += 1) {
        for (let cell = 0; cell < 4; cell += 1) {
          values[channel * 4 * to + cell * to + out] = stored[(channel * to + out) * 4 + cell]!;
        }
      }
    }
    return values;
  });
}

/**
 * Image tokens [B, side², width] and the mask token [B, width] → logits [B, 1, 4 side, 4 side]. Fine cells lie under
 * their coarse ones until the end: rows are (cell, cell of its four, cell of those four).
 */
export function maskLogits(
  graph: Graph,
  image: Value,
  maskToken: Value,
  { decoder, embedding }: NetworkConfig,
): Value {
  const { width } = decoder;
  const { side } = embedding;
  const name = 'mask_decoder.output_upscaling';
  const repeated = (bias: string) => {
    const once = graph.weight(bias);
    return graph.op('Concat', [once, once, once, once], { axis: { int: 0 } });
  };
  const filter = graph.reshape(
    perceptron(graph, maskToken, 'mask_decoder.output_hypernetworks_mlps.0'),
    [-1, width / 8, 1],
  );
  const fineRows = (rows: Value, count: number): Value => {
    const coarse = graph.op('Gemm', [
      graph.reshape(rows, [-1, width]),
      doublingWeight(graph, `${name}.0.weight`, width, width / 4),
      repeated(`${name}.0.bias`),
    ]);
    const doubled = graph.reshape(coarse, [-1, width / 4]);
    const normed = layerNorm(graph, doubled, `${name}.1`, SAM_EPSILON);
    const active = graph.op('Gelu', [normed], {}, 'com.microsoft');
    const fine = graph.op('Gemm', [
      active,
      doublingWeight(graph, `${name}.3.weight`, width / 4, width / 8),
    ]);
    const shown = biasGelu(graph, fine, repeated(`${name}.3.bias`));
    return graph.op('MatMul', [graph.reshape(shown, [-1, 16 * count, width / 8]), filter]);
  };
  const heights = runs(side * side, IMAGE_ROWS);
  const parts = graph.split(image, heights, 1).map((part, at) => fineRows(part, heights[at]!));
  const values = parts.length === 1 ? parts[0]! : graph.op('Concat', parts, { axis: { int: 1 } });
  const nested = graph.reshape(values, [-1, side, side, 2, 2, 2, 2]);
  return graph.reshape(graph.transpose(nested, [0, 1, 3, 5, 2, 4, 6]), [-1, 1, 4 * side, 4 * side]);
}
