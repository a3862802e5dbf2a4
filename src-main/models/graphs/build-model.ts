import { decoderBoxes, decoderSlice } from './decoder.ts';
import type { Weights } from './graph.ts';
import { quantisedLinear } from './quantised-linear.ts';
import { tinyVitEncoder } from './tiny-vit-encoder.ts';
import type { BuiltGraph, BuiltModel, NetworkConfig, VitConfig } from './types.ts';
import { vitEncoder } from './vit-encoder.ts';

/** A box waits at most for one of these when the background encodes a slice with a ViT: one for each block of ViT-B. */
export const VIT_PIECES = 12;

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

/**
 * The encoder with 8-bit products, `draft-encoder-1` … `-n`: about 0.6 of the time, and not the exact numbers. Its
 * weights, a quarter of the checkpoint's size, all go to `weights.file`; give it a file of its own.
 */
export function buildDraftEncoder(
  weights: Weights,
  network: NetworkConfig & { encoder: VitConfig },
  { pieces = VIT_PIECES }: { pieces?: number } = {},
): BuiltGraph[] {
  return vitEncoder(weights, network, { pieces, role: 'draft-encoder', linear: quantisedLinear });
}
