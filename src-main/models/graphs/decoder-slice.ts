import { innerOf } from './decoder-graph.ts';
import {
  constantOfSecond,
  doubling,
  offers,
  parts,
  placed,
  placedProduct,
  through,
  weightMatrix,
  type Worked,
} from './decoder-weights.ts';
import { createGraph, type Graph, type Value, type Weights } from './graph.ts';
import { imagePositions } from './image-positions.ts';
import type { BuiltGraph, GraphValue, NetworkConfig } from './types.ts';

/*
 * What the decoder needs of a slice before it knows a box; image-after.ts says why this is all. Image tokens are
 * columns, but for `coarse`. The numbers are layers, 2 being what follows both.
 */

/** Projections of the image as the encoder gave it, of B₁ and of B₂: [inner, n]. */
const projections = [
  ...(['keys-0', 'values-0', 'queries-0', 'keys-1', 'values-1', 'queries-1'] as const),
  ...(['keys-2', 'values-2'] as const),
];
/** Products with what an inner channel of the tokens offers in layer 0 or 1, of B₁ and of B₂: [inner, n]. */
const overlaps = ['overlap-0', 'overlap-0-1', 'overlap-1'] as const;
/** |B₁|², |B₂|² and the product of B₂ with f: [1, n]. */
const numbers = ['squares-0', 'squares-1', 'overlap-constant'] as const;

export type SliceValue =
  | (typeof projections)[number]
  | (typeof overlaps)[number]
  | (typeof numbers)[number]
  /** B₂ through the first doubling of the mask's upscaling: [n, D]. */
  | 'coarse';

export function sliceValues({ decoder, embedding }: NetworkConfig): GraphValue[] {
  const cells = embedding.side ** 2;
  const rows = (names: readonly SliceValue[], count: number) =>
    names.map((name) => ({ name, dims: [count, cells] }));
  return [
    ...rows([...projections, ...overlaps], innerOf(decoder)),
    ...rows(numbers, 1),
    { name: 'coarse', dims: [cells, decoder.width] },
  ];
}

export function decoderSlice(weights: Weights, network: NetworkConfig): BuiltGraph {
  const { channels, side } = network.embedding;
  const graph = createGraph(weights);
  const embedding = graph.reshape('embedding', [channels, side * side]);
  const values: Record<SliceValue, Value> = {
    ...encodedImage(graph, embedding, network),
    ...laterImages(graph, embedding, network),
    ...squares(graph, embedding, network),
  };
  return graph.finish({
    role: 'decoder-slice',
    // Positions and what is made of them are worked out when it is loaded.
    optimised: false,
    inputs: [{ name: 'embedding', dims: [1, channels, side, side] }],
    outputs: sliceValues(network).map((output) => ({
      ...output,
      value: values[output.name as SliceValue],
    })),
  });
}

const noMask = `${parts.prompt}.no_mask_embed.weight`;
/** b: what is added to the embedding before the first normalisation. */
const shift = [noMask, `${parts.toTokens(0)}.out_proj.bias`];

/** Keys and queries, which see positions, and values of the image as the encoder gave it. */
function encodedImage(
  graph: Graph,
  embedding: Value,
  { decoder, embedding: { side } }: NetworkConfig,
) {
  const inner = innerOf(decoder);
  const add = (a: Value, b: Value) => graph.op('Add', [a, b]);
  const projected = (name: string, x: Value) =>
    graph.op('MatMul', [graph.weight(`${name}.weight`), x]);
  const constant = (name: string) =>
    placedProduct(graph, weightMatrix(graph, name), [[noMask], `${name}.bias`], [inner, 1]);
  const positions = imagePositions(graph, side);
  const plain = (name: string) => add(projected(name, embedding), constant(name));
  const positioned = (name: string) =>
    add(projected(name, embedding), add(projected(name, positions), constant(name)));
  return {
    'keys-0': positioned(`${parts.toImage(0)}.k_proj`),
    'values-0': plain(`${parts.toImage(0)}.v_proj`),
    'queries-0': positioned(`${parts.toTokens(0)}.q_proj`),
  };
}

/** What is asked of B₁ and, with one normalisation more, of B₂. */
function laterImages(graph: Graph, embedding: Value, { decoder: { width } }: NetworkConfig) {
  /** M·(E + b) for M [rows, D] */
  const product = (matrix: Worked, rows: number) =>
    graph.op('Add', [
      graph.op('MatMul', [placed(graph, matrix, [rows, width]), embedding]),
      placedProduct(graph, matrix, [shift], [rows, 1]),
    ]);
  const inner = (matrix: Worked) => product(matrix, width / 2);
  const weight = (name: string) => weightMatrix(graph, name);
  const first = (matrix: Worked) => through(graph, matrix, parts.imageNorm(0));
  const second = (matrix: Worked) => first(through(graph, matrix, parts.imageNorm(1)));
  const coarse = second(doubling(graph, `${parts.upscaling}.0`));
  return {
    'keys-1': inner(first(weight(`${parts.toImage(1)}.k_proj`))),
    'values-1': inner(first(weight(`${parts.toImage(1)}.v_proj`))),
    'queries-1': inner(first(weight(`${parts.toTokens(1)}.q_proj`))),
    'keys-2': inner(second(weight(`${parts.lastToImage}.k_proj`))),
    'values-2': inner(second(weight(`${parts.lastToImage}.v_proj`))),
    'overlap-0': inner(offers(graph, 0)),
    'overlap-0-1': inner(first(first(offers(graph, 0)))),
    'overlap-1': inner(first(offers(graph, 1))),
    'overlap-constant': product(first(constantOfSecond(graph)), 1),
    coarse: graph.op(
      'Gemm',
      [
        embedding,
        placed(graph, coarse, [width, width]),
        placedProduct(graph, coarse, [shift], [width]),
      ],
      { transA: { int: 1 }, transB: { int: 1 } },
    ),
  };
}

function squares(graph: Graph, embedding: Value, { decoder: { width } }: NetworkConfig) {
  const column = (name: string) => graph.weight(name, { dims: [width, 1] });
  const centred = (x: Value) =>
    graph.op('Sub', [x, graph.op('ReduceMean', [x], { axes: { ints: [0] } })]);
  const ones = graph.floats(new Array<number>(width).fill(1), [1, width]);
  const squared = (x: Value) => graph.op('MatMul', [ones, graph.op('Mul', [x, x])]);
  const first = centred(graph.op('Add', [embedding, graph.op('Add', shift.map(column))]));
  const second = centred(graph.op('Mul', [first, column(`${parts.imageNorm(0)}.weight`)]));
  return { 'squares-0': squared(first), 'squares-1': squared(second) };
}
