import type { TensorShapes } from '../../src-main/models/graphs/tensors.ts';
import type { StoredTensor, WeightSource } from '../../src-main/models/graphs/types.ts';

/*
 * Weights and pictures by formula: the same numbers as tests/golden/formula_weights.py, so that nothing large is
 * stored and PyTorch can be asked about the very same network.
 */

/** FNV-1a, 32 bits, of an ASCII name. */
function nameHash(name: string): number {
  let value = 2166136261;
  for (let at = 0; at < name.length; at += 1) {
    value = Math.imul(value ^ name.charCodeAt(at), 16777619);
  }
  return value;
}

/** Weights are offset + scale · uniform [−1, 1); the scale keeps the variance of activations near 1. */
function offsetAndScale(name: string, dims: readonly number[]): [number, number] {
  if (name.endsWith('running_var')) return [1, 0.3];
  if (dims.length === 1) return name.endsWith('.weight') ? [1, 0.2] : [0, 0.1];
  if (name.includes('rel_pos')) return [0, 0.2];
  if (name.endsWith('pos_embed')) return [0, 0.5];
  if (name.endsWith('gaussian_matrix')) return [0, Math.sqrt(3)];
  if (
    name.endsWith('attention_biases') ||
    /(tokens?|embed|point_embeddings\.\d)\.weight$/.test(name)
  )
    return [0, 1];
  // A transposed convolution of stride 2 and side 2 gives each output one term per input channel.
  const fanIn = name.includes('output_upscaling') ? dims[0]! : product(dims.slice(1));
  return [0, Math.sqrt(3 / fanIn)];
}

const product = (dims: readonly number[]) => dims.reduce((total, dim) => total * dim, 1);

/** The values of one tensor, in C order. */
export function formulaWeight(name: string, dims: readonly number[]): Float32Array {
  const [offset, scale] = offsetAndScale(name, dims);
  const start = nameHash(name);
  const values = new Float32Array(product(dims));
  for (let at = 0; at < values.length; at += 1) {
    // murmur3's finaliser.
    let mixed = (Math.imul(at, 2654435761) + start) | 0;
    mixed ^= mixed >>> 16;
    mixed = Math.imul(mixed, 0x85ebca6b);
    mixed ^= mixed >>> 13;
    mixed = Math.imul(mixed, 0xc2b2ae35);
    mixed ^= mixed >>> 16;
    values[at] = offset + scale * ((mixed >>> 8) / 2 ** 23 - 1);
  }
  return values;
}

/** All weights of a network out of memory; none of them lies in a file. */
export function formulaSource(shapes: TensorShapes): WeightSource {
  return {
    tensor(name): StoredTensor {
      const dims = shapes.get(name);
      if (!dims) throw new Error(`There is no tensor ${name}.`);
      return { dims, where: null, read: () => formulaWeight(name, dims) };
    },
  };
}

/** 8-bit greys or interleaved red, green, blue: a disc and an ellipse on a textured ground, by whole numbers only. */
export function formulaPicture(widthPx: number, heightPx: number, channels: 1 | 3): Float32Array {
  const greys = new Float32Array(widthPx * heightPx * channels);
  const [w, h] = [widthPx, heightPx];
  for (let y = 0; y < h; y += 1) {
    for (let x = 0; x < w; x += 1) {
      const disc =
        (10 * x - 4 * w) ** 2 + (10 * y - 5 * h) ** 2 < (2 * Math.min(w, h)) ** 2 ? 1 : 0;
      const ellipse =
        (10 * x - 7 * w) ** 2 * h ** 2 + (10 * y - 3 * h) ** 2 * w ** 2 < 2 * (w * h) ** 2 ? 1 : 0;
      const slope = Math.floor(((x + 2 * y) * 40) / (w + 2 * h));
      for (let channel = 0; channel < channels; channel += 1) {
        const ground = 30 + ((x * 7 + y * 3 + channel * 11) % 23) + slope;
        greys[(y * w + x) * channels + channel] =
          ground + disc * (110 + 10 * channel) + ellipse * (60 - 5 * channel);
      }
    }
  }
  return greys;
}
