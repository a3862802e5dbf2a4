import {
  add,
  asHeads,
  asRows,
  byHead,
  headOf,
  headsTogether,
  innerOf,
  multiply,
  ofSlice,
  product,
  productWithTransposed,
  type DecoderGraph,
} from './decoder-graph.ts';
import type { SliceValue } from './decoder-slice.ts';
import { placed, placedProduct, through, weightMatrix } from './decoder-weights.ts';
import type { Value } from './graph.ts';
import type { ImageAfter } from './image-after.ts';
import { linear } from './layers.ts';

/*
 * Attention between the few tokens of a box (t of them) and the many of the image (n), B boxes at once. A head's rows of
 * tokens are [B, heads, t, head]; weights between tokens and image are [B, heads · t, n], head by head.
 */

/**
 * Tokens ask the image as the encoder gave it, by its keys and values of the slice: `query` [B · t, D] → [B · t, D].
 */
export function askEncodedImage(decoder: DecoderGraph, query: Value, name: string): Value {
  const { graph } = decoder;
  const q = scaled(decoder, linear(graph, query, `${name}.q_proj`));
  const weights = overImage(decoder, product(decoder, q, ofSlice(decoder, 'keys-0')));
  const answer = productWithTransposed(decoder, weights, ofSlice(decoder, 'values-0'));
  return linear(graph, headsTogether(decoder, answer), `${name}.out_proj`);
}

/** The image as the encoder gave it asks the tokens, `key` [B · t, D]: weights [B, heads · t, n]. */
export function encodedImageAsks(decoder: DecoderGraph, key: Value, name: string): Value {
  const k = scaled(decoder, linear(decoder.graph, key, `${name}.k_proj`));
  return overTokens(decoder, product(decoder, k, ofSlice(decoder, 'queries-0')));
}

/** Tokens ask the image after a layer, by its keys and values of the slice: `query` [B · t, D] → [B · t, D]. */
export function askImage(
  decoder: DecoderGraph,
  query: Value,
  image: ImageAfter,
  slice: { keys: SliceValue; values: SliceValue },
  name: string,
): Value {
  const { graph, config, cells } = decoder;
  const q = scaled(decoder, linear(graph, query, `${name}.q_proj`));
  const logits = asked(decoder, q, image, slice.keys, `${name}.k_proj`);
  const weights = multiply(decoder, overImage(decoder, logits), image.scale);
  const onSlice = image.baseScale === null ? weights : multiply(decoder, weights, image.baseScale);
  const ofTheSlice = productWithTransposed(
    decoder,
    asHeads(decoder, onSlice, cells),
    ofSlice(decoder, slice.values),
  );
  const offered = product(
    decoder,
    productWithTransposed(decoder, weights, image.weights),
    image.offers,
  );
  const ofTheBox = productWithTransposed(
    decoder,
    asHeads(decoder, offered, config.width),
    projection(decoder, image, `${name}.v_proj`),
  );
  // Weights sum to 1: β and the bias of the values pass through.
  const constant = placedProduct(
    graph,
    weightMatrix(graph, `${name}.v_proj`),
    [[`${image.norm}.bias`], `${name}.v_proj.bias`],
    [innerOf(config)],
  );
  const answer = headsTogether(decoder, add(decoder, ofTheSlice, ofTheBox));
  return linear(graph, add(decoder, answer, constant), `${name}.out_proj`);
}

/** The image after a layer asks the tokens, `key` [B · t, D]: weights [B, heads · t, n]. */
export function imageAsks(
  decoder: DecoderGraph,
  key: Value,
  image: ImageAfter,
  queries: SliceValue,
  name: string,
): Value {
  const k = scaled(decoder, linear(decoder.graph, key, `${name}.k_proj`));
  return overTokens(decoder, asked(decoder, k, image, queries, `${name}.q_proj`));
}

/**
 * Products of rows of tokens x [B, heads, t, head] with a projection W of the image after a layer and of its positions,
 * W·(X + positions) + bias: [B, heads · t, n]. `slice` is W·Γ·B.
 */
function asked(
  decoder: DecoderGraph,
  x: Value,
  image: ImageAfter,
  slice: SliceValue,
  name: string,
): Value {
  const { config, cells } = decoder;
  const withAll = (values: Value) => asRows(decoder, product(decoder, x, values), cells);
  const ofTheSlice = withAll(ofSlice(decoder, slice));
  const inWidth = asRows(
    decoder,
    product(decoder, x, projection(decoder, image, name)),
    config.width,
  );
  const ofTheBox = product(
    decoder,
    productWithTransposed(decoder, inWidth, image.offers),
    image.weights,
  );
  const scaledSlice =
    image.baseScale === null ? ofTheSlice : multiply(decoder, ofTheSlice, image.baseScale);
  return add(
    decoder,
    multiply(decoder, add(decoder, scaledSlice, ofTheBox), image.scale),
    withAll(ofPositions(decoder, image, name)),
  );
}

/** W·Γ·P for the normalisation after a layer, [heads, head, D]. */
function projection({ graph, config }: DecoderGraph, image: ImageAfter, name: string): Value {
  return placed(graph, through(graph, weightMatrix(graph, name), image.norm), [
    config.heads,
    headOf(config),
    config.width,
  ]);
}

/** W·(positions + β) + bias, [heads, head, n]; made of constants only, so onnxruntime works it out at loading. */
function ofPositions(decoder: DecoderGraph, image: ImageAfter, name: string): Value {
  const { graph, config, cells, positions } = decoder;
  const constant = placedProduct(
    graph,
    weightMatrix(graph, name),
    [[`${image.norm}.bias`], `${name}.bias`],
    [innerOf(config), 1],
  );
  const projected = product(decoder, graph.weight(`${name}.weight`), positions);
  const dims = [config.heads, headOf(config), cells];
  return graph.reshape(add(decoder, projected, constant), dims);
}

/** Rows [B · t, inner] by head, with attention's scale. */
function scaled(decoder: DecoderGraph, x: Value): Value {
  const scale = 1 / Math.sqrt(headOf(decoder.config));
  return multiply(decoder, byHead(decoder, x), decoder.graph.floats([scale]));
}

/** Softmax over the image's tokens, the last axis. */
const overImage = ({ graph }: DecoderGraph, logits: Value) =>
  graph.op('Softmax', [logits], { axis: { int: -1 } });

/**
 * Softmax over a box's tokens: [B, heads · t, n], or with heads and t apart, → [B, heads · t, n]. By its parts, since
 * onnxruntime's own would turn the tensor to have these few last.
 */
function overTokens(decoder: DecoderGraph, logits: Value): Value {
  const { graph, cells } = decoder;
  const split = asHeads(decoder, logits, cells);
  const most = graph.op('ReduceMax', [split], { axes: { ints: [2] } });
  const raised = graph.op('Exp', [graph.op('Sub', [split, most])]);
  const total = graph.op('ReduceSum', [raised, graph.integers([2])]);
  return asRows(decoder, graph.op('Div', [raised, total]), cells);
}
