import type { Graph, Value } from './graph.ts';
import { biasGelu, linear, runs, type Linear } from './layers.ts';
import { quantisedLinear } from './quantised-linear.ts';

/** How a ViT's products with weights are made. */
export interface Products {
  linear: Linear;
  /** The two layers under `name` with GELU between: [n, width] → [n, width]. */
  perceptron(graph: Graph, x: Value, name: string): Value;
}

/**
 * Columns of the wide layer at a time. A row of them then is not a whole number of pages long, as the row of all 3072
 * is: rows of that length share few lines of the processor's first cache, which takes a tenth of the speed (measured).
 */
const HIDDEN = 1536;

/** In float32. The sums are made in the order in which the whole product makes them. */
export const exactProducts: Products = {
  linear,
  perceptron(graph, x, name) {
    const hidden = graph.weights.source.tensor(`${name}.lin1.weight`).dims[0]!;
    const widths = runs(hidden, HIDDEN);
    // Cut in each run: columns of a tensor do not lie in one piece in the checkpoint, and a third of the checkpoint laid
    // out anew takes longer to load than it gains in five slices.
    const back = graph.split(graph.weight(`${name}.lin2.weight`), widths, 1);
    let sum = graph.weight(`${name}.lin2.bias`);
    widths.forEach((width, at) => {
      const rows: [number, number] = [at * HIDDEN, at * HIDDEN + width];
      const wide = linear(graph, x, `${name}.lin1`, rows, { bias: false });
      const active = biasGelu(graph, wide, graph.weight(`${name}.lin1.bias`, { rows }));
      sum = graph.op('Gemm', [active, back[at]!, sum], { transB: { int: 1 } });
    });
    return sum;
  },
};

/** In 8 bits, for drafts. */
export const draftProducts: Products = {
  linear: quantisedLinear,
  perceptron(graph, x, name) {
    const wide = quantisedLinear(graph, x, `${name}.lin1`, undefined, { bias: false });
    const active = biasGelu(graph, wide, graph.weight(`${name}.lin1.bias`));
    return quantisedLinear(graph, active, `${name}.lin2`);
  },
};
