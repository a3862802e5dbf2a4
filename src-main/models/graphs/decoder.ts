import {
  askImage,
  askProjectedImage,
  attentionScale,
  imageAsks,
  projectedImageAsks,
  type Attention,
} from './decoder-attention.ts';
import { createGraph, type Graph, type Value, type Weights } from './graph.ts';
import { layerNorm, linear, TORCH_EPSILON } from './layers.ts';
import { maskLogits, perceptron } from './mask-head.ts';
import type { BuiltGraph, DecoderConfig, GraphValue, NetworkConfig } from './types.ts';

/*
 * SAM's prompt encoder and mask decoder for boxes: tokens [iou, mask tokens, two corners], no padding point, mask 0.
 * (The decoder of SAM's own ONNX exporter never chooses mask 0 for a box, which is the only one that MedSAM trained.)
 */

const prompt = 'prompt_encoder';
const transformer = 'mask_decoder.transformer';

/** Own tokens and two corners. */
const tokensOf = ({ maskTokens }: DecoderConfig) => 1 + maskTokens + 2;

/** Random Fourier features of points [.., 2] in 0 … 1: sin and cos of 2π(2p − 1)·G. */
function pointFeatures(graph: Graph, points: Value): Value {
  const centred = graph.op('Sub', [
    graph.op('Mul', [points, graph.floats([2])]),
    graph.floats([1]),
  ]);
  const projected = graph.op('MatMul', [
    centred,
    graph.weight(`${prompt}.pe_layer.positional_encoding_gaussian_matrix`),
  ]);
  const angles = graph.op('Mul', [projected, graph.floats([2 * Math.PI])]);
  return graph.op('Concat', [graph.op('Sin', [angles]), graph.op('Cos', [angles])], {
    axis: { int: -1 },
  });
}

/** Positions of the image's cells, [side², width]; made of constants only, so onnxruntime works it out at loading. */
function imagePositions(graph: Graph, side: number): Value {
  const centres = graph.derived(`cell centres ${side}`, [side * side, 2], () =>
    Float32Array.from({ length: 2 * side * side }, (_, at) => {
      const cell = Math.floor(at / 2);
      return ((at % 2 === 0 ? cell % side : Math.floor(cell / side)) + 0.5) / side;
    }),
  );
  return pointFeatures(graph, centres);
}

interface SliceFeatures {
  image: Value;
  keys: Value;
  values: Value;
  queries: Value;
}

const featureValues = ({
  decoder,
  embedding,
}: NetworkConfig): Record<keyof SliceFeatures, GraphValue> => {
  const cells = embedding.side ** 2;
  const head = decoder.width / 2 / decoder.heads;
  return {
    image: { name: 'image', dims: [cells, decoder.width] },
    keys: { name: 'keys', dims: [decoder.heads, head, cells] },
    values: { name: 'values', dims: [decoder.heads, cells, head] },
    queries: { name: 'queries', dims: [cells, decoder.width / 2] },
  };
};

/** What does not depend on the box: the image's tokens and their projections in the first layer. */
export function decoderSlice(weights: Weights, network: NetworkConfig): BuiltGraph {
  const { decoder, embedding } = network;
  const { channels, side } = embedding;
  const graph = createGraph(weights);
  const cells = side * side;
  const rows = graph.transpose(graph.reshape('embedding', [channels, cells]), [1, 0]);
  const image = graph.op('Add', [rows, graph.weight(`${prompt}.no_mask_embed.weight`)]);
  const positioned = graph.op('Add', [image, imagePositions(graph, side)]);
  const head = decoder.width / 2 / decoder.heads;
  const toImage = `${transformer}.layers.0.cross_attn_token_to_image`;
  const toTokens = `${transformer}.layers.0.cross_attn_image_to_token`;
  const byHead = (x: Value, perm: number[]) =>
    graph.transpose(graph.reshape(x, [cells, decoder.heads, head]), perm);
  const features: SliceFeatures = {
    image,
    keys: byHead(linear(graph, positioned, `${toImage}.k_proj`), [1, 2, 0]),
    values: byHead(linear(graph, image, `${toImage}.v_proj`), [1, 0, 2]),
    queries: graph.op('Mul', [
      linear(graph, positioned, `${toTokens}.q_proj`),
      graph.floats([attentionScale(decoder)]),
    ]),
  };
  const named = featureValues(network);
  return graph.finish({
    role: 'decoder-slice',
    inputs: [{ name: 'embedding', dims: [1, channels, side, side] }],
    outputs: (Object.keys(named) as (keyof SliceFeatures)[]).map((key) => ({
      ...named[key],
      value: features[key],
    })),
  });
}

/** Boxes [B, 4] in input pixels → tokens [B · t, width]. */
function boxTokens(graph: Graph, boxes: Value, { decoder, encoder }: NetworkConfig): Value {
  const { width } = decoder;
  const centred = graph.op('Add', [boxes, graph.floats([0.5])]);
  const inImage = graph.op('Div', [centred, graph.floats([encoder.imagePx])]);
  const features = pointFeatures(graph, graph.reshape(inImage, [-1, 2, 2]));
  const kinds = [2, 3].map((at) => graph.weight(`${prompt}.point_embeddings.${at}.weight`));
  const corners = graph.op('Add', [features, graph.op('Concat', kinds, { axis: { int: 0 } })]);
  const ownTokens = ['iou_token', 'mask_tokens'].map((name) =>
    graph.weight(`mask_decoder.${name}.weight`),
  );
  const own = graph.reshape(graph.op('Concat', ownTokens, { axis: { int: 0 } }), [
    1,
    1 + decoder.maskTokens,
    width,
  ]);
  const count = graph.op('Shape', [boxes], { start: { int: 0 }, end: { int: 1 } });
  const dims = graph.op('Concat', [count, graph.integers([1 + decoder.maskTokens, width])], {
    axis: { int: 0 },
  });
  const tokens = graph.op('Concat', [graph.op('Expand', [own, dims]), corners], {
    axis: { int: 1 },
  });
  return graph.reshape(tokens, [-1, width]);
}

function selfAttention(graph: Graph, query: Value, value: Value, attention: Attention): Value {
  const { name, config, tokens } = attention;
  const project = (x: Value, part: string) =>
    graph.reshape(linear(graph, x, `${name}.${part}`), [-1, tokens, config.width]);
  const answer = graph.op(
    'MultiHeadAttention',
    [project(query, 'q_proj'), project(query, 'k_proj'), project(value, 'v_proj')],
    { num_heads: { int: config.heads } },
    'com.microsoft',
  );
  return linear(graph, graph.reshape(answer, [-1, config.width]), `${name}.out_proj`);
}

/** The rest of the decoder: features of a slice and boxes → logits and IoU. */
export function decoderBoxes(weights: Weights, network: NetworkConfig): BuiltGraph {
  const { decoder, embedding } = network;
  const { side } = embedding;
  const graph = createGraph(weights);
  const named = featureValues(network);
  const positions = boxTokens(graph, 'boxes', network);
  const add = (a: Value, b: Value) => graph.op('Add', [a, b]);
  const sizes = { config: decoder, tokens: tokensOf(decoder) };
  const norm = (x: Value, name: string) =>
    layerNorm(graph, x, `${transformer}.${name}`, TORCH_EPSILON);

  let tokens = positions;
  let image: Value = named.image.name;
  let positioned: Value = '';
  for (const layer of [0, 1] as const) {
    const name = `layers.${layer}`;
    const part = (which: string): Attention => ({
      name: `${transformer}.${name}.${which}`,
      ...sizes,
    });
    const asked = layer === 0 ? tokens : add(tokens, positions);
    const own = selfAttention(graph, asked, tokens, part('self_attn'));
    tokens = norm(layer === 0 ? own : add(tokens, own), `${name}.norm1`);

    const toImage = part('cross_attn_token_to_image');
    const query = add(tokens, positions);
    const seen =
      layer === 0
        ? askProjectedImage(
            graph,
            query,
            { keys: named.keys.name, values: named.values.name },
            toImage,
          )
        : askImage(graph, query, { positioned, plain: image }, toImage);
    tokens = norm(add(tokens, seen), `${name}.norm2`);

    const wide = graph.op('Relu', [linear(graph, tokens, `${transformer}.${name}.mlp.lin1`)]);
    tokens = norm(
      add(tokens, linear(graph, wide, `${transformer}.${name}.mlp.lin2`)),
      `${name}.norm3`,
    );

    const toTokens = part('cross_attn_image_to_token');
    const offered = { key: add(tokens, positions), value: tokens };
    const taken =
      layer === 0
        ? projectedImageAsks(graph, named.queries.name, offered, toTokens)
        : imageAsks(graph, positioned, offered, toTokens);
    image = norm(add(taken, image), `${name}.norm4`);
    positioned = add(image, imagePositions(graph, side));
  }
  const final = { name: `${transformer}.final_attn_token_to_image`, ...sizes };
  const seen = askImage(graph, add(tokens, positions), { positioned, plain: image }, final);
  tokens = norm(add(tokens, seen), 'norm_final_attn');

  const answers = graph.reshape(tokens, [-1, sizes.tokens, decoder.width]);
  const tokenRow = (at: number) =>
    graph.reshape(
      graph.op('Slice', [
        answers,
        graph.integers([at]),
        graph.integers([at + 1]),
        graph.integers([1]),
      ]),
      [-1, decoder.width],
    );
  const ious = perceptron(graph, tokenRow(0), 'mask_decoder.iou_prediction_head');
  const iou = graph.op('Slice', [
    ious,
    graph.integers([0]),
    graph.integers([1]),
    graph.integers([1]),
  ]);
  const logits = maskLogits(graph, image, tokenRow(1), network);
  return graph.finish({
    role: 'decoder',
    inputs: [...Object.values(named), { name: 'boxes', dims: ['boxes', 4] }],
    outputs: [
      { name: 'logits', dims: ['boxes', 1, 4 * side, 4 * side], value: logits },
      { name: 'iou', dims: ['boxes', 1], value: iou },
    ],
  });
}
