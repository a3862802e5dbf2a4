import { askEncodedImage, askImage, encodedImageAsks, imageAsks } from './decoder-attention.ts';
import { add, forEachBox, stacked, tokensOf, type DecoderGraph } from './decoder-graph.ts';
import { sliceValues } from './decoder-slice.ts';
import { parts } from './decoder-weights.ts';
import { createGraph, type Value, type Weights } from './graph.ts';
import { imageAfterFirst, imageAfterSecond, taken } from './image-after.ts';
import { imagePositions, pointFeatures } from './image-positions.ts';
import { layerNorm, linear, TORCH_EPSILON } from './layers.ts';
import { maskLogits, perceptron } from './mask-head.ts';
import type { BuiltGraph, NetworkConfig } from './types.ts';

/*
 * SAM's prompt encoder and mask decoder for boxes: tokens [iou, mask tokens, two corners], no padding point, mask 0.
 * (The decoder of SAM's own ONNX exporter never chooses mask 0 for a box, which is the only one that MedSAM trained.)
 */

/** Boxes [B, 4] in pixels of an input `imagePx` wide → tokens [B · t, D]. */
function boxTokens(decoder: DecoderGraph, boxes: Value, imagePx: number): Value {
  const { graph, config } = decoder;
  const { width, maskTokens } = config;
  const centred = graph.op('Add', [boxes, graph.floats([0.5])]);
  const inImage = graph.op('Div', [centred, graph.floats([imagePx])]);
  const features = pointFeatures(graph, graph.reshape(inImage, [-1, 2, 2]));
  const kinds = [2, 3].map((at) => graph.weight(`${parts.prompt}.point_embeddings.${at}.weight`));
  const corners = add(decoder, features, stacked(decoder, kinds, 0));
  const ownTokens = ['iou_token', 'mask_tokens'].map((name) =>
    graph.weight(`mask_decoder.${name}.weight`),
  );
  const own = graph.reshape(stacked(decoder, ownTokens, 0), [1, 1 + maskTokens, width]);
  const ownOfBoxes = forEachBox(decoder, own, [1 + maskTokens, width], boxes);
  return graph.reshape(stacked(decoder, [ownOfBoxes, corners], 1), [-1, width]);
}

function selfAttention(decoder: DecoderGraph, query: Value, value: Value, name: string): Value {
  const { graph, config, tokens } = decoder;
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

const norm = ({ graph }: DecoderGraph, x: Value, name: string) =>
  layerNorm(graph, x, name, TORCH_EPSILON);

/** Tokens [B · t, D] after they have `seen` the image. */
function enriched(decoder: DecoderGraph, tokens: Value, seen: Value, layer: string): Value {
  const { graph } = decoder;
  const before = norm(decoder, add(decoder, tokens, seen), `${layer}.norm2`);
  const wide = graph.op('Relu', [linear(graph, before, `${layer}.mlp.lin1`)]);
  const after = linear(graph, wide, `${layer}.mlp.lin2`);
  return norm(decoder, add(decoder, before, after), `${layer}.norm3`);
}

/** The first `count` tokens of every box, [B · t, D] → [B · count, D]. */
function firstTokens({ graph, config, tokens }: DecoderGraph, x: Value, count: number): Value {
  const ofBoxes = graph.reshape(x, [-1, tokens, config.width]);
  const [first] = graph.split(ofBoxes, [count, tokens - count], 1);
  return graph.reshape(first!, [-1, config.width]);
}

/** The two layers: tokens [B · t, D] as they came, where they lie, → tokens and image. */
function twoWayLayers(decoder: DecoderGraph, positions: Value) {
  const placedAt = (tokens: Value) => add(decoder, tokens, positions);
  const own = (query: Value, value: Value, layer: number) =>
    selfAttention(decoder, query, value, `${parts.layer(layer)}.self_attn`);

  const alone = norm(decoder, own(positions, positions, 0), `${parts.layer(0)}.norm1`);
  const seen = askEncodedImage(decoder, placedAt(alone), parts.toImage(0));
  const between = enriched(decoder, alone, seen, parts.layer(0));
  const first = taken(
    decoder,
    0,
    encodedImageAsks(decoder, placedAt(between), parts.toTokens(0)),
    between,
  );
  const image = imageAfterFirst(decoder, first);

  const again = norm(
    decoder,
    add(decoder, between, own(placedAt(between), between, 1)),
    `${parts.layer(1)}.norm1`,
  );
  const slice = { keys: 'keys-1', values: 'values-1' } as const;
  const seenAgain = askImage(decoder, placedAt(again), image, slice, parts.toImage(1));
  const tokens = enriched(decoder, again, seenAgain, parts.layer(1));
  const weights = imageAsks(decoder, placedAt(tokens), image, 'queries-1', parts.toTokens(1));
  const second = taken(decoder, 1, weights, tokens);
  return { tokens, image: imageAfterSecond(decoder, first, image, second) };
}

/** The rest of the decoder: features of a slice and boxes → logits and IoU. */
export function decoderBoxes(weights: Weights, network: NetworkConfig): BuiltGraph {
  const { side } = network.embedding;
  const { width } = network.decoder;
  const graph = createGraph(weights);
  const decoder: DecoderGraph = {
    graph,
    config: network.decoder,
    tokens: tokensOf(network.decoder),
    cells: side * side,
    positions: imagePositions(graph, side),
  };
  const positions = boxTokens(decoder, 'boxes', network.encoder.imagePx);
  const { tokens, image } = twoWayLayers(decoder, positions);

  // Only the token of the IoU and that of mask 0 are asked for.
  const answering = { ...decoder, tokens: 2 };
  const query = firstTokens(decoder, add(decoder, tokens, positions), 2);
  const slice = { keys: 'keys-2', values: 'values-2' } as const;
  const last = askImage(answering, query, image, slice, parts.lastToImage);
  const answers = norm(
    decoder,
    add(decoder, firstTokens(decoder, tokens, 2), last),
    `${parts.transformer}.norm_final_attn`,
  );
  const [iouToken, maskToken] = graph
    .split(graph.reshape(answers, [-1, 2, width]), [1, 1], 1)
    .map((token) => graph.reshape(token, [-1, width]));
  const ious = perceptron(graph, iouToken!, 'mask_decoder.iou_prediction_head');
  const [zero, one, axis] = [graph.integers([0]), graph.integers([1]), graph.integers([1])];
  return graph.finish({
    role: 'decoder',
    // Positions and what is made of them are worked out when it is loaded.
    optimised: false,
    inputs: [...sliceValues(network), { name: 'boxes', dims: ['boxes', 4] }],
    outputs: [
      {
        name: 'logits',
        dims: ['boxes', 1, 4 * side, 4 * side],
        value: maskLogits(decoder, image, maskToken!, side),
      },
      { name: 'iou', dims: ['boxes', 1], value: graph.op('Slice', [ious, zero, one, axis]) },
    ],
  });
}
