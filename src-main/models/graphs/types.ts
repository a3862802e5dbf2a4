/*
 * What goes into the graph builder and what comes out of it. Weights are named as in the checkpoints of
 * segment-anything, MedSAM and LiteMedSAM.
 */

/** The networks that can be built; MedSAM and SAM ViT-B are the same network with other weights. */
export type Architecture = 'sam-vit-b' | 'lite-medsam' | 'mobile-sam';

/** Bytes of a file beside the graph. `location` is relative to the model's folder, with forward slashes. */
export interface FileRange {
  location: string;
  offset: number;
  length: number;
}

/** One tensor of a checkpoint. */
export interface StoredTensor {
  /** As torch prints them, outermost first; empty for a scalar. */
  dims: readonly number[];
  /** Where it lies, if it is little-endian float32 in C order without gaps; null if it must be converted. */
  where: FileRange | null;
  /** All values as float32 in C order, whatever the checkpoint's type and strides. */
  read(): Float32Array;
}

/** The weights of a checkpoint, without prefixes like `module.`. */
export interface WeightSource {
  /** Throws when there is no such tensor: what is needed is listed in `tensors.ts` and checked before. */
  tensor(name: string): StoredTensor;
}

/** ViT image encoder of SAM. Lengths in tokens unless they say px. */
export interface VitConfig {
  kind: 'vit';
  imagePx: number;
  patchPx: number;
  width: number;
  depth: number;
  heads: number;
  mlpWidth: number;
  /** Side of an attention window. */
  window: number;
  /** Blocks that attend to the whole image. */
  globalBlocks: readonly number[];
}

/** TinyViT image encoder of MobileSAM and LiteMedSAM: one stage of convolutions, then three of windows. */
export interface TinyVitConfig {
  kind: 'tiny-vit';
  imagePx: number;
  /** `pointwise` keeps the resolution (LiteMedSAM), `strided` takes a quarter of it (MobileSAM). */
  patch: 'pointwise' | 'strided';
  widths: readonly [number, number, number, number];
  depths: readonly [number, number, number, number];
  heads: readonly [number, number, number, number];
  windows: readonly [number, number, number, number];
  expansion: number;
}

/** Prompt encoder and mask decoder of SAM. */
export interface DecoderConfig {
  width: number;
  heads: number;
  mlpWidth: number;
  /** Hidden width of the head that predicts the IoU. */
  iouWidth: number;
  /** Only for the tensors that a checkpoint has: the network itself takes mask token 0. */
  maskTokens: number;
}

export interface NetworkConfig {
  encoder: VitConfig | TinyVitConfig;
  decoder: DecoderConfig;
  /** Channels and side of the embedding, [1, channels, side, side]; the mask's grid is four times as fine. */
  embedding: { channels: number; side: number };
}

/** A value that passes between graphs; `boxes` names the free dimension. */
export interface GraphValue {
  name: string;
  dims: readonly (number | 'boxes')[];
}

/** Roles of the graphs in a manifest's `files`. */
export type GraphRole =
  'encoder' | `encoder-${number}` | `draft-encoder-${number}` | 'decoder-slice' | 'decoder';

export interface BuiltGraph {
  role: GraphRole;
  /** File name in the model's folder. */
  path: string;
  /** Whether nothing is left for onnxruntime to optimise, so that the graph is loaded as it is. */
  optimised: boolean;
  /** The .onnx file: small, as its weights lie in the checkpoint and in the weights file. */
  bytes: Uint8Array;
  inputs: GraphValue[];
  outputs: GraphValue[];
}

/**
 * Takes the weights that need another layout than the checkpoint's; the graphs point to where it put them. Written as
 * they come, so that a model is never whole in memory.
 */
export interface WeightsFile {
  /** The same key gives the same range, and is made only once. */
  put(key: string, make: () => Float32Array | Int8Array): FileRange;
}

/**
 * The graphs of a model:
 * - `encoder`, or `encoder-1` … `encoder-n`: image [1, 3, S, S] → embedding [1, C, E, E], in graphs to run one after
 *   another, each taking what the one before gave, so that other work can come between them;
 * - `draft-encoder-1` … `draft-encoder-n`: the same with 8-bit products, where it was asked for;
 * - `decoder-slice`: embedding → what the decoder makes of it before it knows a box, run once per slice;
 * - `decoder`: the outputs of `decoder-slice` under the same names and boxes [B, 4] (x0, y0, x1, y1 in pixels of the
 *   encoder's input) → logits [B, 1, 4E, 4E] of mask token 0 and iou [B, 1].
 */
export type BuiltModel = BuiltGraph[];
