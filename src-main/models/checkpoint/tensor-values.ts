import type { ByteSource } from './byte-source.ts';
import { CheckpointError } from './checkpoint-error.ts';
import { torchTypes, type TorchType } from './pickle-values.ts';
import type { CheckpointTensor } from './read-checkpoint.ts';

/** The float types that weights come in. */
export const isFloat = (type: TorchType): boolean =>
  type === 'float32' || type === 'float16' || type === 'bfloat16' || type === 'float64';

/**
 * The tensor's elements as float32 in the order of its dimensions, whatever its strides and type (half precision is
 * widened exactly, double precision is rounded). Machines here are little-endian, as the file is.
 *
 * @throws CheckpointError `checkpoint-cut-off`
 */
export function tensorValues(
  source: ByteSource,
  tensor: CheckpointTensor,
): Float32Array<ArrayBuffer> {
  const bytes = source.read(tensor.byteOffset, tensor.byteLength);
  if (bytes.length < tensor.byteLength) throw new CheckpointError('checkpoint-cut-off');
  const stored = asFloat32(bytes, tensor.type);
  return tensor.contiguous ? stored : gathered(stored, tensor);
}

/** `bytes` is a fresh array (its buffer starts at 0), so that it can be looked at as other types. */
function asFloat32(bytes: Uint8Array, type: TorchType): Float32Array<ArrayBuffer> {
  const buffer =
    bytes.byteOffset === 0 ? (bytes.buffer as ArrayBuffer) : (bytes.slice().buffer as ArrayBuffer);
  const length = bytes.length / torchTypes[type];
  switch (type) {
    case 'float32':
      return new Float32Array(buffer, 0, length);
    case 'float16':
      return Float32Array.from(new Float16Array(buffer, 0, length));
    case 'bfloat16': {
      const wide = Uint32Array.from(new Uint16Array(buffer, 0, length), (bits) => bits * 65536);
      return new Float32Array(wide.buffer);
    }
    case 'float64':
      return Float32Array.from(new Float64Array(buffer, 0, length));
    case 'int64':
      return Float32Array.from(new BigInt64Array(buffer, 0, length), Number);
    case 'int32':
      return Float32Array.from(new Int32Array(buffer, 0, length));
    case 'int16':
      return Float32Array.from(new Int16Array(buffer, 0, length));
    case 'int8':
      return Float32Array.from(new Int8Array(buffer, 0, length));
    default:
      return Float32Array.from(new Uint8Array(buffer, 0, length));
  }
}

function gathered(
  stored: Float32Array,
  { dims, strides }: CheckpointTensor,
): Float32Array<ArrayBuffer> {
  const result = new Float32Array(dims.reduce((product, dim) => product * dim, 1));
  const index = dims.map(() => 0);
  let from = 0;
  for (let to = 0; to < result.length; to += 1) {
    result[to] = stored[from]!;
    for (let axis = dims.length - 1; axis >= 0; axis -= 1) {
      index[axis]! += 1;
      from += strides[axis]!;
      if (index[axis]! < dims[axis]!) break;
      from -= index[axis]! * strides[axis]!;
      index[axis] = 0;
    }
  }
  return result;
}
