import { createGraph, type Graph, type Value, type Weights } from './graph.ts';
import { biasGelu, layerNorm, linear, neck, runs, SAM_EPSILON, type Linear } from './layers.ts';
import type { BuiltGraph, GraphRole, GraphValue, NetworkConfig, VitConfig } from './types.ts';
import { globalAttention, windowAttention } from './vit-attention.ts';

/** Rows of the wide layer at a time: 512 × 3072 numbers stay in the processor's cache. */
const MLP_ROWS = 512;

/**
 * SAM's image encoder as `pieces` graphs of about equal work. Every value between them is the tokens [side², width] in
 * raster order.
 */
export function vitEncoder(
  weights: Weights,
  { encoder, embedding }: NetworkConfig & { encoder: VitConfig },
  options: { pieces: number; role: 'encoder' | 'draft-encoder'; linear?: Linear },
): BuiltGraph[] {
  const { pieces } = options;
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
      x = block(graph, x, encoder, at, options.linear ?? linear);
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
    return graph.finish({ role, inputs: [input], outputs: [output] });
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

function block(graph: Graph, x: Value, config: VitConfig, at: number, linear: Linear): Value {
  const name = `image_encoder.blocks.${at}`;
  const attention = config.globalBlocks.includes(at) ? globalAttention : windowAttention;
  const normed = layerNorm(graph, x, `${name}.norm1`, SAM_EPSILON);
  const attended = attention(graph, normed, { name: `${name}.attn`, config, linear });
  const sum = graph.op('Add', [x, attended]);
  return graph.op('Add', [sum, perceptron(graph, sum, name, config, linear)]);
}

function perceptron(
  graph: Graph,
  x: Value,
  name: string,
  config: VitConfig,
  linear: Linear,
): Value {
  const side = config.imagePx / config.patchPx;
  const normed = layerNorm(graph, x, `${name}.norm2`, SAM_EPSILON);
  const parts = graph.split(normed, runs(side * side, MLP_ROWS), 0).map((part) => {
    const wide = linear(graph, part, `${name}.mlp.lin1`, undefined, { bias: false });
    const active = biasGelu(graph, wide, graph.weight(`${name}.mlp.lin1.bias`));
    return linear(graph, active, `${name}.mlp.lin2`);
  });
  return parts.length === 1 ? parts[0]! : graph.op('Concat', parts, { axis: { int: 0 } });
}
