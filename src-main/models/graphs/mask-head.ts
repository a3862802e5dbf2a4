import {
  add,
  forEachBox,
  multiply,
  product,
  productWithTransposed,
  stacked,
  type DecoderGraph,
} from './decoder-graph.ts';
import type { SliceValue } from './decoder-slice.ts';
import { doubling, parts, placed, placedProduct, through } from './decoder-weights.ts';
import type { Graph, Value } from './graph.ts';
import type { ImageAfter } from './image-after.ts';
import { biasGelu, layerNorm, linear, runs, SAM_EPSILON } from './layers.ts';

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
 * The image after both layers and the mask token [B, D] → logits [B, 1, 4 side, 4 side]. Fine cells lie under their
 * coarse ones until the end: rows are (cell, cell of its four, cell of those four).
 */
export function maskLogits(
  decoder: DecoderGraph,
  image: ImageAfter,
  maskToken: Value,
  side: number,
): Value {
  const { graph, config } = decoder;
  const { width } = config;
  const name = parts.upscaling;
  const filter = graph.reshape(
    perceptron(graph, maskToken, 'mask_decoder.output_hypernetworks_mlps.0'),
    [-1, width / 8, 1],
  );
  const fine = placed(graph, doubling(graph, `${name}.3`), [width / 2, width / 4]);
  const fineBias = repeated(graph, `${name}.3.bias`);
  const values = coarseStrips(decoder, image).map(({ cells, coarse }) => {
    const doubled = graph.reshape(coarse, [-1, width / 4]);
    const normed = layerNorm(graph, doubled, `${name}.1`, SAM_EPSILON);
    const active = graph.op('Gelu', [normed], {}, 'com.microsoft');
    const finer = graph.op('Gemm', [active, fine], { transB: { int: 1 } });
    const shown = graph.reshape(biasGelu(graph, finer, fineBias), [-1, 16 * cells, width / 8]);
    return product(decoder, shown, filter);
  });
  const all = values.length === 1 ? values[0]! : stacked(decoder, values, 1);
  const nested = graph.reshape(all, [-1, side, side, 2, 2, 2, 2]);
  return graph.reshape(graph.transpose(nested, [0, 1, 3, 5, 2, 4, 6]), [-1, 1, 4 * side, 4 * side]);
}

/** The image through the first doubling, strip by strip: [B, cells, D] each. */
function coarseStrips(
  decoder: DecoderGraph,
  image: ImageAfter,
): { cells: number; coarse: Value }[] {
  const { graph, config, cells } = decoder;
  const { width } = config;
  const name = `${parts.upscaling}.0`;
  const matrix = doubling(graph, name);
  const offered = productWithTransposed(
    decoder,
    image.offers,
    placed(graph, through(graph, matrix, image.norm), [width, width]),
  );
  // β and the bias are one offer more, of which every image token takes all.
  const constant = add(
    decoder,
    placedProduct(graph, matrix, [[`${image.norm}.bias`]], [1, 1, width]),
    repeated(graph, `${name}.bias`),
  );
  const offers = stacked(
    decoder,
    [offered, forEachBox(decoder, constant, [1, width], image.scale)],
    1,
  );
  const ones = forEachBox(decoder, graph.floats([1], [1, 1, 1]), [1, cells], image.scale);
  const weights = stacked(decoder, [multiply(decoder, image.weights, image.scale), ones], 1);
  const base =
    image.baseScale === null ? image.scale : multiply(decoder, image.scale, image.baseScale);
  const heights = runs(cells, IMAGE_ROWS);
  const taken = graph.split(weights, heights, 2);
  const scales = graph.split(graph.transpose(base, [0, 2, 1]), heights, 1);
  const ofSlice = graph.split('coarse' satisfies SliceValue, heights, 0);
  return heights.map((height, at) => {
    const ofTheBox = graph.op(
      'FusedMatMul',
      [taken[at]!, offers],
      { transA: { int: 1 } },
      'com.microsoft',
    );
    const ofTheSlice = multiply(decoder, ofSlice[at]!, scales[at]!);
    return { cells: height, coarse: add(decoder, ofTheBox, ofTheSlice) };
  });
}

/** A bias for each of the four cells that a doubling makes of one. */
function repeated(graph: Graph, name: string): Value {
  const once = graph.weight(name);
  return graph.concat([once, once, once, once], 0);
}
