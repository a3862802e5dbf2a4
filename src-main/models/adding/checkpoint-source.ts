import type { ByteSource } from '../checkpoint/byte-source.ts';
import { torchTypes } from '../checkpoint/pickle-values.ts';
import type { Checkpoint } from '../checkpoint/read-checkpoint.ts';
import { tensorValues } from '../checkpoint/tensor-values.ts';
import type { StoredTensor, WeightSource } from '../graphs/types.ts';

/** The weights of a checkpoint for the graph builder; `location` is the checkpoint's name in the model's folder. */
export function checkpointSource(
  bytes: ByteSource,
  { tensors }: Checkpoint,
  location: string,
): WeightSource {
  return {
    tensor(name): StoredTensor {
      const tensor = tensors.get(name);
      if (!tensor) throw new Error(`The checkpoint has no tensor ${name}.`);
      const { type, dims, contiguous, byteOffset, byteLength } = tensor;
      // onnxruntime maps the file into memory; values that are not aligned it would have to copy.
      const inPlace = type === 'float32' && contiguous && byteOffset % torchTypes.float32 === 0;
      return {
        dims,
        where: inPlace ? { location, offset: byteOffset, length: byteLength } : null,
        read: () => tensorValues(bytes, tensor),
      };
    },
  };
}
