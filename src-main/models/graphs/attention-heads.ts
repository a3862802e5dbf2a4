import type { Graph, Value } from './graph.ts';
import { upTo } from './strips.ts';

/**
 * Rows of `x`, [all rows, heads · n], by number, those of each group head by head: [groups, heads, rows of a group, n].
 * All threads copy, where one would transpose.
 */
export function byHead(
  graph: Graph,
  x: Value,
  { rows, groups, heads, n }: { rows: number[]; groups: number; heads: number; n: number },
): Value {
  const firstOfRows = graph.integers(rows.map((row) => row * heads));
  const index = graph.op('Add', [
    graph.reshape(firstOfRows, [groups, 1, rows.length / groups]),
    graph.reshape(graph.integers(upTo(heads)), [heads, 1]),
  ]);
  return graph.op('Gather', [graph.reshape(x, [-1, n]), index]);
}

/**
 * softmax(q·kᵀ/√head + bias)·v of `heads` heads. Queries and answers [groups, n, heads · head], keys and values [groups,
 * heads, keys, head], bias [groups, heads, n, keys].
 */
export function multiHead(
  graph: Graph,
  inputs: { query: Value; key: Value; value: Value; bias: Value },
  heads: number,
): Value {
  const { query, key, value, bias } = inputs;
  // Order: query, key, value, bias, key_padding_mask, attention_bias. Its scale is 1/√head by itself.
  return graph.op(
    'MultiHeadAttention',
    [query, key, value, '', '', bias],
    { num_heads: { int: heads } },
    'com.microsoft',
  );
}
