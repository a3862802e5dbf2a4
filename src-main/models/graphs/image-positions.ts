import { parts } from './decoder-weights.ts';
import type { Graph, Value } from './graph.ts';

/** Random Fourier features of points [.., 2] in 0 … 1: sin and cos of 2π(2p − 1)·G. */
export function pointFeatures(graph: Graph, points: Value): Value {
  const centred = graph.op('Sub', [
    graph.op('Mul', [points, graph.floats([2])]),
    graph.floats([1]),
  ]);
  const projected = graph.op('MatMul', [
    centred,
    graph.weight(`${parts.prompt}.pe_layer.positional_encoding_gaussian_matrix`),
  ]);
  const angles = graph.op('Mul', [projected, graph.floats([2 * Math.PI])]);
  return graph.concat([graph.op('Sin', [angles]), graph.op('Cos', [angles])], -1);
}

/** Positions of the image's cells, [width, side²]; made of constants only, so onnxruntime works it out at loading. */
export function imagePositions(graph: Graph, side: number): Value {
  const centres = graph.derived(`cell centres ${side}`, [side * side, 2], () =>
    Float32Array.from({ length: 2 * side * side }, (_, at) => {
      const cell = Math.floor(at / 2);
      return ((at % 2 === 0 ? cell % side : Math.floor(cell / side)) + 0.5) / side;
    }),
  );
  return graph.transpose(pointFeatures(graph, centres), [1, 0]);
}
