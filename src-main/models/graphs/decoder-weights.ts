import type { Graph, Value } from './graph.ts';
import { columnsTimes, matrix, rowsCentred, times, transposed, type Matrix } from './matrices.ts';

/* What the decoder takes of a checkpoint, and matrices worked out of that; image-after.ts says what for. */

const transformer = 'mask_decoder.transformer';

/** Names of the decoder's parts in a checkpoint; layers are counted from 0. */
export const parts = {
  prompt: 'prompt_encoder',
  transformer,
  layer: (layer: number) => `${transformer}.layers.${layer}`,
  toImage: (layer: number) => `${transformer}.layers.${layer}.cross_attn_token_to_image`,
  toTokens: (layer: number) => `${transformer}.layers.${layer}.cross_attn_image_to_token`,
  imageNorm: (layer: number) => `${transformer}.layers.${layer}.norm4`,
  lastToImage: `${transformer}.final_attn_token_to_image`,
  upscaling: 'mask_decoder.output_upscaling',
};

/** A matrix [rows, D] worked out from a checkpoint's tensors; `key` names it. */
export interface Worked {
  key: string;
  make: () => Matrix;
}

const read = (graph: Graph, name: string) => graph.weights.source.tensor(name).read();

/** A weight as it is in the checkpoint, [to, D]. */
export function weightMatrix(graph: Graph, name: string): Worked {
  const { dims } = graph.weights.source.tensor(`${name}.weight`);
  return { key: name, make: () => matrix(read(graph, `${name}.weight`), dims[1]!) };
}

/** W·Γ·P for a normalisation: what W makes of the image after it, as a product with what was before it. */
export function through(graph: Graph, { key, make }: Worked, norm: string): Worked {
  return {
    key: `${key} through ${norm}`,
    make: () => rowsCentred(columnsTimes(make(), read(graph, `${norm}.weight`))),
  };
}

/** P·W of a layer's last projection, transposed: what an inner channel of the tokens offers the image, [inner, D]. */
export function offers(graph: Graph, layer: number): Worked {
  const { key, make } = weightMatrix(graph, `${parts.toTokens(layer)}.out_proj`);
  return { key: `${key} offers`, make: () => rowsCentred(transposed(make())) };
}

/**
 * A transposed convolution of side and stride 2 is a product: every cell becomes four, each with filters of its own.
 * Its weight [from, to, 2, 2] as a matrix [4 · to, from], cell by cell.
 */
export function doubling(graph: Graph, name: string): Worked {
  const [from, to] = graph.weights.source.tensor(`${name}.weight`).dims as [number, number];
  return {
    key: `${name} by cell`,
    make: () => {
      const stored = read(graph, `${name}.weight`);
      const rows = new Float64Array(stored.length);
      for (let channel = 0; channel < from; channel += 1) {
        for (let out = 0; out < to; out += 1) {
          for (let cell = 0; cell < 4; cell += 1) {
            rows[(cell * to + out) * from + channel] = stored[(channel * to + out) * 4 + cell]!;
          }
        }
      }
      return matrix(rows, from);
    },
  };
}

/** The matrix in the weights file, seen as `dims`. */
export const placed = (graph: Graph, { key, make }: Worked, dims: readonly number[]): Value =>
  graph.derived(key, dims, () => Float32Array.from(make().values));

/** M·v + added, v being a sum of tensors of the checkpoint's and `added` one: kept in the weights file, seen as `dims`. */
export function placedProduct(
  graph: Graph,
  { key, make }: Worked,
  [vectors, added]: [vectors: string[], added?: string],
  dims: readonly number[],
): Value {
  return graph.derived(`${key} of ${vectors.join(' + ')}, ${added ?? '0'}`, dims, () => {
    const vector = sum(vectors.map((name) => read(graph, name)));
    return Float32Array.from(
      times(make(), vector, added === undefined ? undefined : read(graph, added)),
    );
  });
}

/** f = P·(β₁ + the bias of layer 1's answer to the image): [1, D]. */
export function constantOfSecond(graph: Graph): Worked {
  const names = [`${parts.imageNorm(0)}.bias`, `${parts.toTokens(1)}.out_proj.bias`];
  return {
    key: `${names.join(' + ')} less the mean`,
    make: () => {
      const vector = sum(names.map((name) => read(graph, name)));
      return rowsCentred(matrix(vector, vector.length));
    },
  };
}

const sum = (vectors: ArrayLike<number>[]): Float64Array =>
  Float64Array.from({ length: vectors[0]!.length }, (_, at) =>
    vectors.reduce((total, vector) => total + vector[at]!, 0),
  );
