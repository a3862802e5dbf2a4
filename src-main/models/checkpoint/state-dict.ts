import { CheckpointError } from './checkpoint-error.ts';
import { isKind, type PickleDict, type PickleTensor, type PickleValue } from './pickle-values.ts';

/** Where training scripts put the weights. */
const weightKeys = [
  'model',
  'state_dict',
  'model_state_dict',
  'model_state',
  'net',
  'network',
  'weights',
  'ema',
];

/**
 * The named tensors of a state dict, or of one inside a training checkpoint. Prefixes that wrappers add to every name
 * (`module.` of DataParallel, `_orig_mod.` of torch.compile) are taken off.
 *
 * @throws CheckpointError `checkpoint-no-weights`
 */
export function findWeights(value: PickleValue): {
  weights: Map<string, PickleTensor>;
  foundUnder: string;
  beside: string[];
} {
  if (!isKind(value, 'dict'))
    throw new CheckpointError('checkpoint-no-weights', {}, describe(value));
  const here = tensorsOf(value);
  if (here.size > 0) return { weights: withoutPrefix(here), foundUnder: '', beside: [] };
  const names = [...value.entries.keys()].filter((key) => typeof key === 'string');
  for (const key of weightKeys) {
    const inner = value.entries.get(key);
    if (!isKind(inner, 'dict')) continue;
    const weights = tensorsOf(inner);
    if (weights.size > 0) {
      return {
        weights: withoutPrefix(weights),
        foundUnder: key,
        beside: names.filter((name) => name !== key).map((name) => name.slice(0, 40)),
      };
    }
  }
  throw new CheckpointError(
    'checkpoint-no-weights',
    {},
    names.length > 0
      ? `It has the entries ${names.slice(0, 8).join(', ').slice(0, 200)}.`
      : 'It is empty.',
  );
}

function tensorsOf({ entries }: PickleDict): Map<string, PickleTensor> {
  const tensors = new Map<string, PickleTensor>();
  for (const [name, value] of entries) {
    if (typeof name === 'string' && isKind(value, 'tensor')) tensors.set(name, value);
  }
  return tensors;
}

/** Takes off what stands before the first `image_encoder.` of every name; names without it stay as they are. */
function withoutPrefix(tensors: Map<string, PickleTensor>): Map<string, PickleTensor> {
  const names = [...tensors.keys()];
  const prefix = names
    .map((name) => /^((?:\w+\.)+)(?:image_encoder|prompt_encoder|mask_decoder)\./.exec(name)?.[1])
    .find((found) => found !== undefined);
  if (!prefix || !names.every((name) => name.startsWith(prefix))) return tensors;
  return new Map([...tensors].map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}

const describe = (value: PickleValue): string =>
  typeof value === 'object' && value !== null && 'kind' in value
    ? `It holds a ${value.kind}.`
    : `It holds ${typeof value}.`;
