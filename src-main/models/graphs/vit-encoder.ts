import { createGraph, type Graph, type Value, type Weights } from './graph.ts';
import { layerNorm, neck, SAM_EPSILON } from './layers.ts';
import { inverse, rowStrips, windowStrips } from './strips.ts';
import type { BuiltGraph, GraphRole, GraphValue, NetworkConfig, VitConfig } from './types.ts';
import { globalAttention, windowAttention } from './vit-attention.ts';
import { draftProducts, exactProducts, type Products } from './vit-products.ts';

/** Image rows at a time where attention is global, which bounds its logits. */
const GLOBAL_ROWS = 16;

/**
 * SAM's image encoder as `pieces` graphs of about equal work. Every value between them is the tokens [side², width] in
 * raster order.
 */
export function vitEncoder(
  weights: Weights,
  { encoder, embedding }: NetworkConfig & { encoder: VitConfig },
  options: { pieces: number; role: 'encoder' | 'draft-encoder' },
): BuiltGraph[] {
  const { pieces } = options;
  const products = options.role === 'encoder' ? exactProducts : draftProducts;
  const side = encoder.imagePx / encoder.patchPx;
  const perPiece = Math.ceil(encoder.depth / pieces);
  return Array.from({ length: pieces }, (_, piece) => {
    const graph = createGraph(weights);
    const first = piece === 0;
    const last = piece === pieces - 1;
    const input: GraphValue = first
      ? { name: 'image', dims: [1, 3, encoder.imagePx, encoder.imagePx] }
      : { name: `tokens-${piece}`, dims: [side * side, encoder.width] };
    let x = first ? patchEmbedding(graph, input.name, encoder) : input.name;
    const until = Math.min(encoder.depth, (piece + 1) * perPiece);
    for (let at = piece * perPiece; at < until; at += 1) {
      x = block(graph, x, encoder, at, products);
    }
    const { channels } = embedding;
    const role: GraphRole =
      pieces === 1 && options.role === 'encoder' ? 'encoder' : `${options.role}-${piece + 1}`;
    const output = last
      ? {
          name: 'embedding',
          dims: [1, channels, side, side],
          value: neck(graph, x, { width: encoder.width, channels, side }),
        }
      : { name: `tokens-${piece + 1}`, dims: [side * side, encoder.width], value: x };
    return graph.finish({ role, optimised: true, inputs: [input], outputs: [output] });
  });
}

/** A convolution as wide as its stride is a product of the patches' pixels with the filters. */
function patchEmbedding(graph: Graph, image: Value, config: VitConfig): Value {
  const { patchPx, width } = config;
  const side = config.imagePx / patchPx;
  const name = 'image_encoder.patch_embed.proj';
  const cut = graph.reshape(image, [3, side, patchPx, side, patchPx]);
  const patches = graph.reshape(graph.transpose(cut, [1, 3, 0, 2, 4]), [
    side * side,
    3 * patchPx * patchPx,
  ]);
  const filters = graph.weight(`${name}.weight`, { dims: [width, 3 * patchPx * patchPx] });
  const tokens = graph.op('Gemm', [patches, filters, graph.weight(`${name}.bias`)], {
    transB: { int: 1 },
  });
  const positions = graph.weight('image_encoder.pos_embed', { dims: [side * side, width] });
  return graph.op('Add', [tokens, positions]);
}

/**
 * One block, strip by strip, from the first normalisation to the last sum, so that what lies between stays in the
 * processor's cache. Windows need nothing of each other; all strips need all keys and values where attention is global.
 */
function block(graph: Graph, x: Value, config: VitConfig, at: number, products: Products): Value {
  const name = `image_encoder.blocks.${at}`;
  const side = config.imagePx / config.patchPx;
  const global = config.globalBlocks.includes(at);
  const strips = global ? rowStrips(side, GLOBAL_ROWS) : windowStrips(side, config.window);
  const parts = strips.map(({ tokens }) => graph.gather(x, tokens));
  const normed = parts.map((part) => layerNorm(graph, part, `${name}.norm1`, SAM_EPSILON));
  const attention = { name: `${name}.attn`, config, linear: products.linear };
  const attended = global
    ? globalAttention(graph, normed, strips, attention)
    : strips.map((strip, i) => windowAttention(graph, normed[i]!, strip, attention));
  const answers = parts.map((part, i) => {
    const sum = graph.op('Add', [part, attended[i]!]);
    const normed = layerNorm(graph, sum, `${name}.norm2`, SAM_EPSILON);
    return graph.op('Add', [sum, products.perceptron(graph, normed, `${name}.mlp`)]);
  });
  const joined = graph.concat(answers, 0);
  return global ? joined : graph.gather(joined, inverse(strips.flatMap(({ tokens }) => tokens)));
}
