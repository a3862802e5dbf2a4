import {
  add,
  asRows,
  byHead,
  forEachBox,
  headOf,
  multiply,
  ofSlice,
  product,
  productWithTransposed,
  rowsOf,
  stacked,
  type DecoderGraph,
} from './decoder-graph.ts';
import type { SliceValue } from './decoder-slice.ts';
import {
  constantOfSecond,
  offers,
  parts,
  placed,
  through,
  type Worked,
} from './decoder-weights.ts';
import type { Value } from './graph.ts';
import { linear, TORCH_EPSILON } from './layers.ts';

/*
 * A box changes the image by little: what it adds to the n image tokens of width D has the rank of its attention
 * weights. With image tokens as columns, E the embedding's, P = I − 1·1ᵀ/D (takes a mean away) and Γ, β weight and bias
 * of the normalisation after a layer:
 *
 *   after layer 0   X₁ = Γ₁·Y₁·r₁ + β₁,   Y₁ = B₁ + O₁ᵀ·A₁,                              B₁ = P·(E + b)
 *   after layer 1   X₂ = Γ₂·Y₂·r₂ + β₂,   Y₂ = B₂·r₁ + (O₁·Γ₁·P)ᵀ·A₁·r₁ + O₂ᵀ·A₂ + f,    B₂ = P·Γ₁·B₁
 *
 * A [heads · t, n] are the weights with which the image attends to the box's t tokens, O [heads · t, D] what these offer,
 * less its mean; r [n], one over the deviation, scales columns; b and f hold biases. All that is ever asked of X are
 * products W·X, and W·Γ₁·Y₁ = W·Γ₁·B₁ + (O₁·Γ₁·Wᵀ)ᵀ·A₁: the first part belongs to the slice, the second is small. The
 * same holds for X₂, and for the squares that r is made of. So the image is never made for a box.
 */

/** The image of each of B boxes after a layer, in the parts that are not the slice's. */
export interface ImageAfter {
  /** The normalisation that was last. */
  norm: string;
  /** What each image token takes of the k offers: [B, k, n]. After layer 1: A₁·r₁, A₂ and ones. */
  weights: Value;
  /** What is offered, less its mean: [B, k, D]. */
  offers: Value;
  /** What scales the slice's part beside `scale`, r₁ after layer 1: [B, 1, n]; null for nothing. */
  baseScale: Value | null;
  /** r: [B, 1, n]. */
  scale: Value;
}

/** What the image took from the tokens in a layer. */
interface Taken {
  /** A: [B, heads · t, n] */
  weights: Value;
  /** The tokens' values by head: [B, heads, t, head]. */
  values: Value;
}

/** `weights` A and the tokens [B · t, D] that were asked in a layer. */
export function taken(decoder: DecoderGraph, layer: number, weights: Value, tokens: Value): Taken {
  const values = linear(decoder.graph, tokens, `${parts.toTokens(layer)}.v_proj`);
  return { weights, values: byHead(decoder, values) };
}

export function imageAfterFirst(decoder: DecoderGraph, first: Taken): ImageAfter {
  const { graph } = decoder;
  const offered = offersOf(decoder, first.values, offers(graph, 0));
  const withSlice = overlap(decoder, first, 'overlap-0');
  const squared = add(
    decoder,
    'squares-0',
    twice(decoder, withSlice),
    squaredLength(decoder, first.weights, offered, rowsOf(decoder)),
  );
  return {
    norm: parts.imageNorm(0),
    weights: first.weights,
    offers: offered,
    baseScale: null,
    scale: overDeviation(decoder, squared),
  };
}

export function imageAfterSecond(
  decoder: DecoderGraph,
  first: Taken,
  { scale: r }: ImageAfter,
  second: Taken,
): ImageAfter {
  const { graph, config, cells } = decoder;
  const earlier = { ...first, weights: multiply(decoder, first.weights, r) };
  const constant = placed(graph, constantOfSecond(graph), [1, 1, config.width]);
  const offered = stacked(
    decoder,
    [
      offersOf(decoder, first.values, through(graph, offers(graph, 0), parts.imageNorm(0))),
      offersOf(decoder, second.values, offers(graph, 1)),
      forEachBox(decoder, constant, [1, config.width], r),
    ],
    1,
  );
  const ones = forEachBox(decoder, graph.floats([1], [1, 1, 1]), [1, cells], r);
  const weights = stacked(decoder, [earlier.weights, second.weights, ones], 1);
  const withSlice = add(
    decoder,
    'overlap-constant',
    overlap(decoder, earlier, 'overlap-0-1'),
    overlap(decoder, second, 'overlap-1'),
  );
  const squared = add(
    decoder,
    multiply(decoder, r, r, 'squares-1'),
    multiply(decoder, twice(decoder, withSlice), r),
    squaredLength(decoder, weights, offered, 2 * rowsOf(decoder) + 1),
  );
  return {
    norm: parts.imageNorm(1),
    weights,
    offers: offered,
    baseScale: r,
    scale: overDeviation(decoder, squared),
  };
}

/** O, what tokens with these values offer the image: [B, heads · t, D]. */
function offersOf(decoder: DecoderGraph, values: Value, matrix: Worked): Value {
  const { graph, config } = decoder;
  const byHeads = placed(graph, matrix, [config.heads, headOf(config), config.width]);
  return asRows(decoder, product(decoder, values, byHeads), config.width);
}

const twice = (decoder: DecoderGraph, x: Value) => multiply(decoder, x, decoder.graph.floats([2]));

/** Inner product of what an image token takes with its part of the slice: [B, 1, n]. */
function overlap(decoder: DecoderGraph, { weights, values }: Taken, name: SliceValue): Value {
  const offered = product(decoder, values, ofSlice(decoder, name));
  const products = multiply(decoder, asRows(decoder, offered, decoder.cells), weights);
  return sumOfRows(decoder, products, rowsOf(decoder));
}

/** |Oᵀ·A|² of every image token: [B, 1, n]. */
function squaredLength(decoder: DecoderGraph, weights: Value, offered: Value, rows: number): Value {
  const among = productWithTransposed(decoder, offered, offered);
  const products = multiply(decoder, product(decoder, among, weights), weights);
  return sumOfRows(decoder, products, rows);
}

/** [B, rows, n] → [B, 1, n], as a product: onnxruntime's own sum is slow for one box. */
const sumOfRows = (decoder: DecoderGraph, x: Value, rows: number) =>
  product(decoder, decoder.graph.floats(new Array<number>(rows).fill(1), [1, rows]), x);

/** One over the deviation, from the squared length of what has no mean. */
function overDeviation(decoder: DecoderGraph, squared: Value): Value {
  const { graph, config } = decoder;
  const variance = multiply(decoder, squared, graph.floats([1 / config.width]));
  const deviation = graph.op('Sqrt', [add(decoder, variance, graph.floats([TORCH_EPSILON]))]);
  return graph.op('Reciprocal', [deviation]);
}
