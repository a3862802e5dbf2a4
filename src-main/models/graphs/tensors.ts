import type { DecoderConfig, NetworkConfig, TinyVitConfig, VitConfig } from './types.ts';

/** Names and shapes of the tensors of a checkpoint. */
export type TensorShapes = Map<string, readonly number[]>;

type Entry = readonly [name: string, ...dims: number[]];

/**
 * All tensors that a published checkpoint of this network holds, in the order of its modules. Those of BatchNorm's
 * `num_batches_tracked` are scalars of int64; all others are floating point.
 */
export function expectedTensors({ encoder, decoder, embedding }: NetworkConfig): TensorShapes {
  const image =
    encoder.kind === 'vit'
      ? vitTensors(encoder, embedding.channels)
      : tinyVitTensors(encoder, embedding.channels);
  return new Map(
    [
      ...under('image_encoder', image),
      ...under('prompt_encoder', promptTensors(decoder.width)),
      ...under('mask_decoder', decoderTensors(decoder)),
    ].map(([name, ...dims]) => [name, dims]),
  );
}

const under = (prefix: string, entries: Entry[]): Entry[] =>
  entries.map(([name, ...dims]) => [`${prefix}.${name}`, ...dims]);

const linear = (name: string, to: number, from: number): Entry[] => [
  [`${name}.weight`, to, from],
  [`${name}.bias`, to],
];

const norm = (name: string, width: number): Entry[] => [
  [`${name}.weight`, width],
  [`${name}.bias`, width],
];

const neck = (width: number, channels: number): Entry[] => [
  ['neck.0.weight', channels, width, 1, 1],
  ...norm('neck.1', channels),
  ['neck.2.weight', channels, channels, 3, 3],
  ...norm('neck.3', channels),
];

function vitTensors(config: VitConfig, channels: number): Entry[] {
  const { width, mlpWidth } = config;
  const side = config.imagePx / config.patchPx;
  const head = width / config.heads;
  const blocks = Array.from({ length: config.depth }, (_, at) => {
    const reach = config.globalBlocks.includes(at) ? side : config.window;
    return under(`blocks.${at}`, [
      ...norm('norm1', width),
      ['attn.rel_pos_h', 2 * reach - 1, head],
      ['attn.rel_pos_w', 2 * reach - 1, head],
      ...linear('attn.qkv', 3 * width, width),
      ...linear('attn.proj', width, width),
      ...norm('norm2', width),
      ...linear('mlp.lin1', mlpWidth, width),
      ...linear('mlp.lin2', width, mlpWidth),
    ]);
  });
  return [
    ['pos_embed', 1, side, side, width],
    ['patch_embed.proj.weight', width, 3, config.patchPx, config.patchPx],
    ['patch_embed.proj.bias', width],
    ...blocks.flat(),
    ...neck(width, channels),
  ];
}

/** A convolution without bias and its BatchNorm; `from` is 1 where every channel is filtered by itself. */
const convolutionNorm = (name: string, to: number, from: number, side: number): Entry[] => [
  [`${name}.c.weight`, to, from, side, side],
  ...norm(`${name}.bn`, to),
  [`${name}.bn.running_mean`, to],
  [`${name}.bn.running_var`, to],
  [`${name}.bn.num_batches_tracked`],
];

function tinyVitTensors(config: TinyVitConfig, channels: number): Entry[] {
  const { widths, depths, heads, windows, expansion } = config;
  const patchSide = config.patch === 'pointwise' ? 1 : 3;
  const entries: Entry[] = [
    ...convolutionNorm('patch_embed.seq.0', widths[0] / 2, 3, patchSide),
    ...convolutionNorm('patch_embed.seq.2', widths[0], widths[0] / 2, patchSide),
  ];
  widths.forEach((width, layer) => {
    for (let at = 0; at < depths[layer]!; at += 1) {
      const block = `layers.${layer}.blocks.${at}`;
      entries.push(
        ...(layer === 0
          ? [
              ...convolutionNorm(`${block}.conv1`, width * expansion, width, 1),
              ...convolutionNorm(`${block}.conv2`, width * expansion, 1, 3),
              ...convolutionNorm(`${block}.conv3`, width, width * expansion, 1),
            ]
          : under(block, [
              ['attn.attention_biases', heads[layer]!, windows[layer]! ** 2],
              ...norm('attn.norm', width),
              ...linear('attn.qkv', 3 * width, width),
              ...linear('attn.proj', width, width),
              ...norm('mlp.norm', width),
              ...linear('mlp.fc1', 4 * width, width),
              ...linear('mlp.fc2', width, 4 * width),
              ...convolutionNorm('local_conv', width, 1, 3),
            ])),
      );
    }
    const next = widths[layer + 1];
    if (next === undefined) return;
    const merge = `layers.${layer}.downsample`;
    entries.push(
      ...convolutionNorm(`${merge}.conv1`, next, width, 1),
      ...convolutionNorm(`${merge}.conv2`, next, 1, 3),
      ...convolutionNorm(`${merge}.conv3`, next, next, 1),
    );
  });
  // MobileSAM's file still has the head of the classifier that its encoder came from.
  if (config.patch === 'strided') {
    entries.push(...norm('norm_head', widths[3]), ...linear('head', 1000, widths[3]));
  }
  return [...entries, ...neck(widths[3], channels)];
}

function promptTensors(width: number): Entry[] {
  const [few, some] = [4, 16];
  return [
    ['pe_layer.positional_encoding_gaussian_matrix', 2, width / 2],
    ...[0, 1, 2, 3].map((at): Entry => [`point_embeddings.${at}.weight`, 1, width]),
    ['not_a_point_embed.weight', 1, width],
    ['mask_downscaling.0.weight', few, 1, 2, 2],
    ['mask_downscaling.0.bias', few],
    ...norm('mask_downscaling.1', few),
    ['mask_downscaling.3.weight', some, few, 2, 2],
    ['mask_downscaling.3.bias', some],
    ...norm('mask_downscaling.4', some),
    ['mask_downscaling.6.weight', width, some, 1, 1],
    ['mask_downscaling.6.bias', width],
    ['no_mask_embed.weight', 1, width],
  ];
}

function attention(name: string, width: number, inner: number): Entry[] {
  return under(name, [
    ...linear('q_proj', inner, width),
    ...linear('k_proj', inner, width),
    ...linear('v_proj', inner, width),
    ...linear('out_proj', width, inner),
  ]);
}

function decoderTensors({ width, mlpWidth, iouWidth, maskTokens }: DecoderConfig): Entry[] {
  const half = width / 2;
  const layer = (at: number) =>
    under(`transformer.layers.${at}`, [
      ...attention('self_attn', width, width),
      ...norm('norm1', width),
      ...attention('cross_attn_token_to_image', width, half),
      ...norm('norm2', width),
      ...linear('mlp.lin1', mlpWidth, width),
      ...linear('mlp.lin2', width, mlpWidth),
      ...norm('norm3', width),
      ...norm('norm4', width),
      ...attention('cross_attn_image_to_token', width, half),
    ]);
  const perceptron = (name: string, hidden: number, to: number) => [
    ...linear(`${name}.layers.0`, hidden, width),
    ...linear(`${name}.layers.1`, hidden, hidden),
    ...linear(`${name}.layers.2`, to, hidden),
  ];
  return [
    ...layer(0),
    ...layer(1),
    ...attention('transformer.final_attn_token_to_image', width, half),
    ...norm('transformer.norm_final_attn', width),
    ['iou_token.weight', 1, width],
    ['mask_tokens.weight', maskTokens, width],
    ['output_upscaling.0.weight', width, width / 4, 2, 2],
    ['output_upscaling.0.bias', width / 4],
    ...norm('output_upscaling.1', width / 4),
    ['output_upscaling.3.weight', width / 4, width / 8, 2, 2],
    ['output_upscaling.3.bias', width / 8],
    ...Array.from({ length: maskTokens }, (_, at) =>
      perceptron(`output_hypernetworks_mlps.${at}`, width, width / 8),
    ).flat(),
    ...perceptron('iou_prediction_head', iouWidth, maskTokens),
  ];
}
