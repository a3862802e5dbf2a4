import { decoderBoxes, decoderSlice } from './decoder.ts';
import type { Weights } from './graph.ts';
import { tinyVitEncoder } from './tiny-vit-encoder.ts';
import type { BuiltModel, NetworkConfig } from './types.ts';
import { vitEncoder } from './vit-encoder.ts';

/** A box waits at most for one of these when the background encodes a slice with a ViT. */
export const VIT_PIECES = 4;

/**
 * The graphs of a network with the weights of a checkpoint. Weights go to `weights.file` where the checkpoint's layout
 * does not serve. Throws what the source and the file throw; that all tensors are there and have the right shapes is
 * checked before, against `expectedTensors`.
 */
export function buildModel(
  weights: Weights,
  network: NetworkConfig,
  { pieces = VIT_PIECES }: { pieces?: number } = {},
): BuiltModel {
  const { encoder } = network;
  const encoders =
    encoder.kind === 'vit'
      ? vitEncoder(weights, { ...network, encoder }, { pieces, role: 'encoder' })
      : [tinyVitEncoder(weights, { ...network, encoder })];
  return [...encoders, decoderSlice(weights, network), decoderBoxes(weights, network)];
}
