import { createGraph, type Graph, type Value, type Weights } from './graph.ts';
import { biasGelu, layerNorm, linear, neck, TORCH_EPSILON } from './layers.ts';
import type { BuiltGraph, NetworkConfig, TinyVitConfig } from './types.ts';
import { windowCells } from './window-cells.ts';

/** torch's BatchNorm2d. */
const BATCH_NORM_EPSILON = 1e-5;

/**
 * The TinyViT of MobileSAM and LiteMedSAM: a stage of convolutions, then three stages of attention in windows with a
 * depthwise convolution in each block. Pictures are [1, C, H, H]; tokens are rows in raster order.
 */
export function tinyVitEncoder(
  weights: Weights,
  { encoder, embedding }: NetworkConfig & { encoder: TinyVitConfig },
): BuiltGraph {
  const graph = createGraph(weights);
  const { imagePx, widths, depths } = encoder;
  let side = encoder.patch === 'pointwise' ? imagePx : imagePx / 4;
  const patch = encoder.patch === 'pointwise' ? { side: 1, stride: 1 } : { side: 3, stride: 2 };
  const stem = 'image_encoder.patch_embed.seq';
  const first = gelu(graph, convolution(graph, 'image', `${stem}.0`, patch));
  let picture = convolution(graph, first, `${stem}.2`, patch);
  for (let at = 0; at < depths[0]; at += 1) {
    picture = bottleneck(graph, picture, `image_encoder.layers.0.blocks.${at}`);
  }
  let tokens: Value = '';
  for (let stage = 0; stage < 4; stage += 1) {
    const name = `image_encoder.layers.${stage}`;
    if (stage > 0) {
      for (let at = 0; at < depths[stage]!; at += 1) {
        tokens = block(graph, tokens, `${name}.blocks.${at}`, { encoder, stage, side });
      }
    }
    if (stage === 3) break;
    const source = stage === 0 ? picture : toPicture(graph, tokens, widths[stage]!, side);
    // SAM's TinyViT keeps the resolution before its last stage.
    const stride = stage === 2 ? 1 : 2;
    const merged = merging(graph, source, `${name}.downsample`, stride);
    side /= stride;
    tokens = toTokens(graph, merged, widths[stage + 1]!, side);
  }
  const { channels } = embedding;
  return graph.finish({
    role: 'encoder',
    optimised: true,
    inputs: [{ name: 'image', dims: [1, 3, imagePx, imagePx] }],
    outputs: [
      {
        name: 'embedding',
        dims: [1, channels, side, side],
        value: neck(graph, tokens, { width: widths[3], channels, side }),
      },
    ],
  });
}

const gelu = (graph: Graph, x: Value) => graph.op('Gelu', [x], {}, 'com.microsoft');

const toTokens = (graph: Graph, picture: Value, width: number, side: number) =>
  graph.transpose(graph.reshape(picture, [width, side * side]), [1, 0]);

const toPicture = (graph: Graph, tokens: Value, width: number, side: number) =>
  graph.reshape(graph.transpose(tokens, [1, 0]), [1, width, side, side]);

/** A convolution with its BatchNorm folded in; `each` filters every channel by itself. */
function convolution(
  graph: Graph,
  x: Value,
  name: string,
  { side, stride, each = false }: { side: number; stride: number; each?: boolean },
): Value {
  const { source } = graph.weights;
  const read = (part: string) => source.tensor(`${name}.${part}`).read();
  const { dims } = source.tensor(`${name}.c.weight`);
  const channels = dims[0]!;
  const factors = () => {
    const variance = read('bn.running_var');
    return read('bn.weight').map(
      (weight, at) => weight / Math.sqrt(variance[at]! + BATCH_NORM_EPSILON),
    );
  };
  const weight = graph.derived(`${name} weight`, dims, () => {
    const factor = factors();
    const filters = read('c.weight');
    const perChannel = filters.length / channels;
    return filters.map((value, at) => value * factor[Math.floor(at / perChannel)]!);
  });
  const bias = graph.derived(`${name} bias`, [channels], () => {
    const factor = factors();
    const mean = read('bn.running_mean');
    return read('bn.bias').map((value, at) => value - mean[at]! * factor[at]!);
  });
  const pad = Math.floor(side / 2);
  return graph.op('Conv', [x, weight, bias], {
    kernel_shape: { ints: [side, side] },
    strides: { ints: [stride, stride] },
    pads: { ints: [pad, pad, pad, pad] },
    group: { int: each ? channels : 1 },
  });
}

const pointwise = { side: 1, stride: 1 };

function bottleneck(graph: Graph, x: Value, name: string): Value {
  const wide = gelu(graph, convolution(graph, x, `${name}.conv1`, pointwise));
  const filtered = convolution(graph, wide, `${name}.conv2`, { side: 3, stride: 1, each: true });
  const narrow = convolution(graph, gelu(graph, filtered), `${name}.conv3`, pointwise);
  return gelu(graph, graph.op('Add', [narrow, x]));
}

function merging(graph: Graph, x: Value, name: string, stride: number): Value {
  const wide = gelu(graph, convolution(graph, x, `${name}.conv1`, pointwise));
  const filtered = convolution(graph, wide, `${name}.conv2`, { side: 3, stride, each: true });
  return convolution(graph, gelu(graph, filtered), `${name}.conv3`, pointwise);
}

interface Place {
  encoder: TinyVitConfig;
  stage: number;
  /** Tokens in a row of the picture. */
  side: number;
}

function block(graph: Graph, tokens: Value, name: string, place: Place): Value {
  const width = place.encoder.widths[place.stage]!;
  const attended = graph.op('Add', [tokens, attention(graph, tokens, `${name}.attn`, place)]);
  const filtered = convolution(
    graph,
    toPicture(graph, attended, width, place.side),
    `${name}.local_conv`,
    { side: 3, stride: 1, each: true },
  );
  const local = toTokens(graph, filtered, width, place.side);
  const normed = layerNorm(graph, local, `${name}.mlp.norm`, TORCH_EPSILON);
  const wide = linear(graph, normed, `${name}.mlp.fc1`, undefined, { bias: false });
  const active = biasGelu(graph, wide, graph.weight(`${name}.mlp.fc1.bias`));
  return graph.op('Add', [local, linear(graph, active, `${name}.mlp.fc2`)]);
}

/** Attention in windows with a learned bias per distance. Padding is zeros before the norm: the norm's bias after it. */
function attention(graph: Graph, tokens: Value, name: string, place: Place): Value {
  const { encoder, stage, side } = place;
  const [width, heads, window] = [
    encoder.widths[stage]!,
    encoder.heads[stage]!,
    encoder.windows[stage]!,
  ];
  const cells = windowCells(side, side, window);
  const normed = layerNorm(graph, tokens, `${name}.norm`, TORCH_EPSILON);
  const padding = graph.weight(`${name}.norm.bias`, { dims: [1, width] });
  const padded = graph.concat([normed, padding], 0);
  const [query, key, value] = [0, 1, 2].map((which) => {
    const projected = graph.op(
      'Gemm',
      [
        padded,
        headPart(graph, name, 'weight', which, place),
        headPart(graph, name, 'bias', which, place),
      ],
      { transB: { int: 1 } },
    );
    return graph.reshape(graph.gather(projected, cells.toWindows), [
      cells.count,
      window * window,
      width,
    ]);
  }) as [Value, Value, Value];
  const answer = graph.op(
    'MultiHeadAttention',
    [query, key, value, '', '', distanceBias(graph, name, heads, window)],
    { num_heads: { int: heads } },
    'com.microsoft',
  );
  const rows = graph.reshape(answer, [cells.count * window * window, width]);
  return linear(graph, graph.gather(rows, cells.toTokens), `${name}.proj`);
}

/** The rows of `qkv` that make queries (0), keys (1) or values (2): the checkpoint has them head by head. */
function headPart(
  graph: Graph,
  name: string,
  kind: 'weight' | 'bias',
  which: number,
  { encoder, stage }: Place,
): Value {
  const [width, heads] = [encoder.widths[stage]!, encoder.heads[stage]!];
  const head = width / heads;
  const across = kind === 'weight' ? width : 1;
  const dims = kind === 'weight' ? [width, width] : [width];
  return graph.derived(`${name}.qkv.${kind} part ${which}`, dims, () => {
    const stored = graph.weights.source.tensor(`${name}.qkv.${kind}`).read();
    const part = new Float32Array(width * across);
    for (let at = 0; at < heads; at += 1) {
      const from = (at * 3 + which) * head * across;
      part.set(stored.subarray(from, from + head * across), at * head * across);
    }
    return part;
  });
}

/**
 * Bias [1, heads, window², window²] from one number per head and distance. Distances are numbered as they first occur
 * when all pairs of cells are gone through in raster order, which is the order of the first cell's distances.
 */
function distanceBias(graph: Graph, name: string, heads: number, window: number): Value {
  const cells = window * window;
  return graph.derived(`${name} bias`, [1, heads, cells, cells], () => {
    const perDistance = graph.weights.source.tensor(`${name}.attention_biases`).read();
    return Float32Array.from({ length: heads * cells * cells }, (_, at) => {
      const [from, to] = [Math.floor(at / cells) % cells, at % cells];
      const down = Math.abs(Math.floor(from / window) - Math.floor(to / window));
      const across = Math.abs((from % window) - (to % window));
      return perDistance[Math.floor(at / (cells * cells)) * cells + down * window + across]!;
    });
  });
}
