import type { Graph, Value } from './graph.ts';

/* Layers that the networks share. Tokens are rows: a value of n tokens is [n, width]. */

/** x·Wᵀ + b, with W and b under `name`; `rows` takes only those outputs. `bias: false` leaves b out. */
export type Linear = (
  graph: Graph,
  x: Value,
  name: string,
  rows?: [from: number, to: number],
  options?: { bias: boolean | Value },
) => Value;

/** In float32, with the weight as torch keeps it, [to, from]: it needs no copy. */
export const linear: Linear = (graph, x, name, rows, { bias } = { bias: true }) =>
  graph.op(
    'Gemm',
    [x, graph.weight(`${name}.weight`, { rows }), ...biasOf(graph, name, rows, bias)],
    { transB: { int: 1 } },
  );

/** The bias of a linear layer as an operator's inputs: the layer's own, another value or none. */
export const biasOf = (
  graph: Graph,
  name: string,
  rows: [from: number, to: number] | undefined,
  bias: boolean | Value,
): Value[] =>
  bias === false ? [] : [bias === true ? graph.weight(`${name}.bias`, { rows }) : bias];

/** Layer normalisation over the last axis. */
export function layerNorm(graph: Graph, x: Value, name: string, epsilon: number): Value {
  return graph.op(
    'LayerNormalization',
    [x, graph.weight(`${name}.weight`), graph.weight(`${name}.bias`)],
    { axis: { int: -1 }, epsilon: { float: epsilon } },
  );
}

/** torch's LayerNorm, where it is made without another value; and the one of SAM's encoders. */
export const TORCH_EPSILON = 1e-5;
export const SAM_EPSILON = 1e-6;

/** GELU by the error function, as torch's; `bias` is added first, by itself, as BiasGelu takes longer than both. */
export function biasGelu(graph: Graph, x: Value, bias: Value): Value {
  return graph.op('Gelu', [graph.op('Add', [x, bias])], {}, 'com.microsoft');
}

/** Sizes of the parts when `count` is cut into runs of at most `most`. */
export function runs(count: number, most: number): number[] {
  const full = Array.from({ length: Math.floor(count / most) }, () => most);
  return count % most > 0 ? [...full, count % most] : full;
}

/**
 * The neck of SAM's encoders: [side², width] tokens → embedding [1, channels, side, side]. The 1 × 1 convolution is a
 * product of tokens, and normalisation over channels is one over the width of a token.
 */
export function neck(
  graph: Graph,
  tokens: Value,
  { width, channels, side }: { width: number; channels: number; side: number },
): Value {
  const name = 'image_encoder.neck';
  const weight = graph.weight(`${name}.0.weight`, { dims: [channels, width] });
  const narrow = graph.op('Gemm', [tokens, weight], { transB: { int: 1 } });
  const first = layerNorm(graph, narrow, `${name}.1`, SAM_EPSILON);
  const picture = graph.reshape(graph.transpose(first, [1, 0]), [1, channels, side, side]);
  const filtered = graph.op('Conv', [picture, graph.weight(`${name}.2.weight`)], {
    kernel_shape: { ints: [3, 3] },
    pads: { ints: [1, 1, 1, 1] },
  });
  const rows = graph.transpose(graph.reshape(filtered, [channels, side * side]), [1, 0]);
  const last = layerNorm(graph, rows, `${name}.3`, SAM_EPSILON);
  return graph.reshape(graph.transpose(last, [1, 0]), [1, channels, side, side]);
}
