import type { SliceValue } from './decoder-slice.ts';
import type { Graph, Value } from './graph.ts';
import type { DecoderConfig } from './types.ts';

/** A decoder's graph while it is written, with the sizes that all its parts need. */
export interface DecoderGraph {
  graph: Graph;
  config: DecoderConfig;
  /** Tokens of a box, t. */
  tokens: number;
  /** Tokens of the image, n. */
  cells: number;
  /** Where the image's tokens are: [D, n]. */
  positions: Value;
}

/** Channels inside the attention between tokens and image, all heads together. */
export const innerOf = ({ width }: DecoderConfig) => width / 2;
export const headOf = (config: DecoderConfig) => innerOf(config) / config.heads;
/** The decoder's own tokens and the two corners of a box. */
export const tokensOf = ({ maskTokens }: DecoderConfig) => 1 + maskTokens + 2;

/** [B · t, inner] → [B, heads, t, head]. */
export function byHead({ graph, config, tokens }: DecoderGraph, x: Value): Value {
  const split = graph.reshape(x, [-1, tokens, config.heads, headOf(config)]);
  return graph.transpose(split, [0, 2, 1, 3]);
}

/** [B, heads, t, head] → [B · t, inner]. */
export function headsTogether({ graph, config }: DecoderGraph, x: Value): Value {
  return graph.reshape(graph.transpose(x, [0, 2, 1, 3]), [-1, innerOf(config)]);
}

/** [B, heads, t, columns] → [B, heads · t, columns]. */
export function asRows(decoder: DecoderGraph, x: Value, columns: number): Value {
  return decoder.graph.reshape(x, [-1, rowsOf(decoder), columns]);
}

/** [B, heads · t, columns] → [B, heads, t, columns]. */
export function asHeads({ graph, config, tokens }: DecoderGraph, x: Value, columns: number): Value {
  return graph.reshape(x, [-1, config.heads, tokens, columns]);
}

/** heads · t */
export const rowsOf = ({ config, tokens }: DecoderGraph) => config.heads * tokens;

/** A value of the slice [inner, n] as one matrix per head. */
export function ofSlice({ graph, config, cells }: DecoderGraph, name: SliceValue): Value {
  return graph.reshape(name, [config.heads, headOf(config), cells]);
}

export const product = ({ graph }: DecoderGraph, a: Value, b: Value) => graph.op('MatMul', [a, b]);

/** a·bᵀ */
export const productWithTransposed = ({ graph }: DecoderGraph, a: Value, b: Value) =>
  graph.op('FusedMatMul', [a, b], { transB: { int: 1 } }, 'com.microsoft');

export const add = ({ graph }: DecoderGraph, ...values: Value[]) =>
  values.reduce((sum, value) => graph.op('Add', [sum, value]));

export const multiply = ({ graph }: DecoderGraph, ...values: Value[]) =>
  values.reduce((all, value) => graph.op('Mul', [all, value]));

/** Values over one another along an axis. */
export const stacked = ({ graph }: DecoderGraph, values: Value[], axis: number) =>
  graph.op('Concat', values, { axis: { int: axis } });

/** [1, ..dims] → [B, ..dims], B being that of `like`. */
export function forEachBox(
  decoder: DecoderGraph,
  x: Value,
  dims: readonly number[],
  like: Value,
): Value {
  const { graph } = decoder;
  const boxes = graph.op('Shape', [like], { start: { int: 0 }, end: { int: 1 } });
  return graph.op('Expand', [x, stacked(decoder, [boxes, graph.integers(dims)], 0)]);
}
