import type { Graph, Value } from './graph.ts';
import { biasOf, type Linear } from './layers.ts';

/**
 * Weights are kept within ±63: on processors without VNNI the 8-bit kernels add pairs of products in 16 bits, which
 * full 8-bit weights can overflow without a word.
 */
const LARGEST = 63;

/** Rounded weights [from, to] as the kernel takes them, and the step of each output. */
export function quantised(
  weight: Float32Array,
  [to, from]: readonly [number, number],
): { values: Int8Array; steps: Float32Array } {
  const steps = new Float32Array(to);
  const values = new Int8Array(weight.length);
  for (let out = 0; out < to; out += 1) {
    let largest = 0;
    const row = out * from;
    for (let at = 0; at < from; at += 1) {
      const size = Math.abs(weight[row + at]!);
      if (size > largest) largest = size;
    }
    const step = largest > 0 ? largest / LARGEST : 1;
    steps[out] = step;
    for (let at = 0; at < from; at += 1) {
      values[at * to + out] = Math.round(weight[row + at]! / step);
    }
  }
  return { values, steps };
}

/**
 * x·Wᵀ + b with weights of 7 bits per output and inputs rounded to 8 bits as they come: faster and less exact, for
 * drafts.
 */
export const quantisedLinear: Linear = (graph, x, name, rows, { bias } = { bias: true }) => {
  const key = `${name}.weight${rows ? `[${rows[0]}:${rows[1]}]` : ''} int8`;
  const stored = graph.weights.source.tensor(`${name}.weight`);
  const from = stored.dims[1]!;
  const [first, last] = rows ?? [0, stored.dims[0]!];
  const to = last - first;
  const part = () => quantised(stored.read().subarray(first * from, last * from), [to, from]);
  const [values, steps] = quantisedParts(graph, key, [from, to], part);
  return graph.op(
    'DynamicQuantizeMatMul',
    [x, values, steps, ...(bias ? ['', ...biasOf(graph, name, rows, bias)] : [])],
    {},
    'com.microsoft',
  );
};

function quantisedParts(
  graph: Graph,
  key: string,
  dims: readonly [number, number],
  make: () => { values: Int8Array; steps: Float32Array },
): [Value, Value] {
  let made: ReturnType<typeof make> | undefined;
  const once = () => (made ??= make());
  return [
    graph.derivedInt8(key, dims, () => once().values),
    graph.derived(`${key} steps`, [dims[1]], () => once().steps),
  ];
}
