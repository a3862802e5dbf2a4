import { decoderBoxes } from './decoder.ts';
import { decoderSlice } from './decoder-slice.ts';
import type { Weights } from './graph.ts';
import { tinyVitEncoder } from './tiny-vit-encoder.ts';
import type { BuiltModel, NetworkConfig } from './types.ts';
import { vitEncoder } from './vit-encoder.ts';

/** A box waits at most for one of these when the background encodes a slice with a ViT: one for each block of ViT-B. */
export const VIT_PIECES = 12;

/**
 * The graphs of a network with the weights of a checkpoint. Weights go to `weights.file` where the checkpoint's layout
 * does not serve. Throws what the source and the file throw; that all tensors are there and have the right shapes is
 * checked before, against `expectedTensors`.
 *
 * `draft` adds, for a ViT, the encoder with 8-bit products, `draft-encoder-1` … `-n`: faster, and not the exact numbers.
 * Its weights, a quarter of the checkpoint's size, all go to `weights.file`.
 */
export function buildModel(
  weights: Weights,
  network: NetworkConfig,
  { pieces = VIT_PIECES, draft = false }: { pieces?: number; draft?: boolean } = {},
): BuiltModel {
  const { encoder } = network;
  const decoders = [decoderSlice(weights, network), decoderBoxes(weights, network)];
  if (encoder.kind === 'tiny-vit') {
    return [tinyVitEncoder(weights, { ...network, encoder }), ...decoders];
  }
  const vit = { ...network, encoder };
  const drafts = draft ? vitEncoder(weights, vit, { pieces, role: 'draft-encoder' }) : [];
  return [...vitEncoder(weights, vit, { pieces, role: 'encoder' }), ...decoders, ...drafts];
}
