import { CheckpointError, damaged } from './checkpoint-error.ts';
import type { PickleHandlers } from './pickle.ts';
import {
  isKind,
  type PickleDict,
  type PickleStorage,
  type PickleTensor,
  type PickleValue,
  type TorchType,
} from './pickle-values.ts';

/*
 * The names that torch.save writes for weights, and what is made of each. This is the whole list: a checkpoint that
 * names anything else is refused, so that nothing in a file can ever be run.
 */

const storages: Record<string, TorchType> = {
  FloatStorage: 'float32',
  HalfStorage: 'float16',
  BFloat16Storage: 'bfloat16',
  DoubleStorage: 'float64',
  LongStorage: 'int64',
  IntStorage: 'int32',
  ShortStorage: 'int16',
  CharStorage: 'int8',
  ByteStorage: 'uint8',
  BoolStorage: 'bool',
};

const dtypes = new Set(
  ['float32', 'float', 'float16', 'half', 'bfloat16', 'float64', 'double'].concat([
    'int64', 'long', 'int32', 'int', 'int16', 'short', 'int8', 'uint8', 'bool', 'strided', 'preserve_format',
  ]), // prettier-ignore
);

const calls: Record<string, (args: PickleValue[]) => PickleValue> = {
  'collections.OrderedDict': orderedDict,
  'torch._utils._rebuild_tensor': rebuildTensor,
  'torch._utils._rebuild_tensor_v2': rebuildTensor,
  'torch._utils._rebuild_parameter': ([tensor]) => parameter(tensor),
  'torch._utils._rebuild_parameter_with_state': ([tensor]) => parameter(tensor),
  'torch.nn.parameter.Parameter': ([tensor]) => parameter(tensor),
  'torch.Size': ([items]) => items ?? { kind: 'tuple', items: [] },
  'torch.device': () => ({ kind: 'opaque', name: 'torch.device' }),
};

/** `torch.FloatStorage` and its kin, also as `torch.cuda.FloatStorage` of old versions. */
function storageType(name: string): TorchType | undefined {
  const [, type] = /^torch\.(?:cuda\.)?(\w+Storage)$/.exec(name) ?? [];
  return type !== undefined && Object.hasOwn(storages, type) ? storages[type] : undefined;
}

export const torchHandlers: PickleHandlers = {
  global(name) {
    const known =
      Object.hasOwn(calls, name) ||
      storageType(name) !== undefined ||
      (name.startsWith('torch.') && dtypes.has(name.slice('torch.'.length)));
    if (known) return { kind: 'global', name };
    throw new CheckpointError('checkpoint-forbidden', { name: name.slice(0, 120) });
  },
  call(name, args) {
    const make = Object.hasOwn(calls, name) ? calls[name] : undefined;
    if (!make) throw new CheckpointError('checkpoint-forbidden', { name: name.slice(0, 120) });
    return make(args);
  },
  persistent(id) {
    // ('storage', type, key, location, elements); the location ("cuda:0") says where it was, and does not matter.
    const items = isKind(id, 'tuple') ? id.items : [];
    const [tag, type, key, , elements] = items;
    if (tag !== 'storage' || !isKind(type, 'global'))
      throw damaged('A persistent id is not a storage.');
    const element = storageType(type.name);
    if (!element) throw new CheckpointError('checkpoint-forbidden', { name: type.name });
    if (typeof key !== 'string' || !isCount(elements))
      throw damaged('A storage has no name or size.');
    return { kind: 'storage', type: element, key, elements } satisfies PickleStorage;
  },
};

function orderedDict([pairs]: PickleValue[]): PickleDict {
  const entries = new Map<PickleValue, PickleValue>();
  if (isKind(pairs, 'list')) {
    for (const pair of pairs.items) {
      if (!isKind(pair, 'list') && !isKind(pair, 'tuple'))
        throw damaged('OrderedDict: an entry is no pair.');
      entries.set(pair.items[0] ?? null, pair.items[1] ?? null);
    }
  }
  return { kind: 'dict', entries };
}

/** (storage, offset, size, stride, requires_grad, backward_hooks[, metadata]) */
function rebuildTensor([storage, offset, size, stride]: PickleValue[]): PickleTensor {
  if (!isKind(storage, 'storage') || !isCount(offset)) throw damaged('A tensor has no storage.');
  const dims = counts(size);
  const strides = counts(stride);
  if (dims.length !== strides.length || dims.length > 8) throw damaged('A tensor has no shape.');
  return { kind: 'tensor', storage, offset, dims, strides };
}

function parameter(tensor: PickleValue | undefined): PickleTensor {
  if (!isKind(tensor, 'tensor')) throw damaged('A parameter is not a tensor.');
  return tensor;
}

const isCount = (value: PickleValue | undefined): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

function counts(value: PickleValue | undefined): number[] {
  if (!isKind(value, 'tuple') && !isKind(value, 'list')) throw damaged('A shape is not a tuple.');
  if (!value.items.every(isCount)) throw damaged('A shape holds what is no count.');
  return value.items;
}
