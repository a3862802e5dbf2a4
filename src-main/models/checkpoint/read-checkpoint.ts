import type { ByteSource } from './byte-source.ts';
import { CheckpointError, damaged } from './checkpoint-error.ts';
import { requireZip } from './file-kind.ts';
import { readPickle } from './pickle.ts';
import { torchTypes, type PickleTensor, type TorchType } from './pickle-values.ts';
import { findWeights } from './state-dict.ts';
import { torchHandlers } from './torch-pickle.ts';
import { zipEntries, type ZipEntry } from './zip-entries.ts';

/** A tensor of a checkpoint: a view of bytes that lie uncompressed in the file. */
export interface CheckpointTensor {
  name: string;
  type: TorchType;
  dims: readonly number[];
  /** In elements, as PyTorch counts them. */
  strides: readonly number[];
  /** Elements one after the other in the order of the dimensions. */
  contiguous: boolean;
  /** Where the first element lies in the file, in bytes. */
  byteOffset: number;
  /** From the first element to past the last one, in bytes. */
  byteLength: number;
}

export interface Checkpoint {
  tensors: Map<string, CheckpointTensor>;
  /** Where in the file's structure the weights were found, for example `model`; empty at the top. */
  foundUnder: string;
  /** Other entries at the top of a training checkpoint, for example `optimizer`, `epoch`. */
  beside: string[];
}

/**
 * The weights that a file of torch.save (1.6 and later) holds, without running anything of it.
 *
 * @throws CheckpointError with a code `checkpoint-…` that says what is wrong with the file
 */
export async function readCheckpoint(source: ByteSource): Promise<Checkpoint> {
  requireZip(source);
  const { entries, compressed } = await zipEntries(source);
  const description = descriptionIn(entries, compressed);
  const root = description.name.slice(0, -'data.pkl'.length);
  requireLittleEndian(source, entries.get(`${root}byteorder`));
  const bytes = source.read(description.offset, description.length);
  if (bytes.length < description.length) throw new CheckpointError('checkpoint-cut-off');
  const { weights, foundUnder, beside } = findWeights(readPickle(bytes, torchHandlers));
  const tensors = new Map<string, CheckpointTensor>();
  for (const [name, tensor] of weights) {
    tensors.set(name, placed(name, tensor, entries.get(`${root}data/${tensor.storage.key}`)));
  }
  return { tensors, foundUnder, beside };
}

function descriptionIn(entries: Map<string, ZipEntry>, compressed: Set<string>): ZipEntry {
  const names = [...entries.keys(), ...compressed];
  // The folder has the name of the file when it was saved.
  const found = names.filter((name) => /^[^/]*\/data\.pkl$/.test(name));
  if (names.some((name) => /^[^/]*\/(constants\.pkl|code\/)/.test(name))) {
    throw new CheckpointError('checkpoint-torchscript');
  }
  const [one] = found;
  if (one === undefined || found.length > 1) {
    const some = names.slice(0, 3).join(', ').slice(0, 200);
    throw new CheckpointError(
      'checkpoint-not-torch',
      {},
      `A ZIP archive with ${some || 'nothing'}.`,
    );
  }
  // PyTorch stores what belongs to a checkpoint as it is.
  const [packed] = compressed;
  if (packed) throw new CheckpointError('checkpoint-compressed', { entry: packed.slice(0, 120) });
  return entries.get(one)!;
}

function requireLittleEndian(source: ByteSource, entry: ZipEntry | undefined): void {
  // Written by PyTorch 2.1 and later; before that all machines were taken to be little-endian.
  if (!entry) return;
  const order = new TextDecoder().decode(source.read(entry.offset, Math.min(entry.length, 16)));
  if (order.trim() !== 'little') throw new CheckpointError('checkpoint-big-endian', {}, order);
}

/** @throws CheckpointError when the view does not lie inside its storage, or the storage is not whole */
function placed(name: string, tensor: PickleTensor, entry: ZipEntry | undefined): CheckpointTensor {
  const { storage, dims, strides } = tensor;
  if (!entry) throw damaged(`The data of ${name} (data/${storage.key}) is missing.`);
  const bytes = torchTypes[storage.type];
  if (entry.length !== storage.elements * bytes) {
    throw damaged(
      `The data of ${name} has ${entry.length} bytes and should have ${storage.elements * bytes}.`,
    );
  }
  const elements = dims.reduce((product, dim) => product * dim, 1);
  const last = dims.reduce((sum, dim, at) => sum + (dim - 1) * strides[at]!, 0);
  const span = elements === 0 ? 0 : last + 1;
  if (!Number.isSafeInteger(span) || tensor.offset + span > storage.elements) {
    throw damaged(`${name} reaches beyond its data.`);
  }
  return {
    name,
    type: storage.type,
    dims,
    strides,
    contiguous: isContiguous(dims, strides),
    byteOffset: entry.offset + tensor.offset * bytes,
    byteLength: span * bytes,
  };
}

function isContiguous(dims: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = dims.length - 1; axis >= 0; axis -= 1) {
    if (dims[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= dims[axis]!;
  }
  return true;
}
