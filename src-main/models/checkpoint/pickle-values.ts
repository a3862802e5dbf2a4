/*
 * What a pickle of PyTorch's can hold here. Nothing is a Python object: names of classes stay names, and a storage is
 * a reference to an entry of the archive.
 */

export const torchTypes = {
  float32: 4,
  float16: 2,
  bfloat16: 2,
  float64: 8,
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  uint8: 1,
  bool: 1,
} as const;
export type TorchType = keyof typeof torchTypes;

export interface PickleTuple {
  kind: 'tuple';
  items: PickleValue[];
}
export interface PickleList {
  kind: 'list';
  items: PickleValue[];
}
export interface PickleDict {
  kind: 'dict';
  entries: Map<PickleValue, PickleValue>;
}
/** `module name`, as pickle writes it. */
export interface PickleGlobal {
  kind: 'global';
  name: string;
}
export interface PickleStorage {
  kind: 'storage';
  type: TorchType;
  /** Name of the entry below `data/`. */
  key: string;
  elements: number;
}
/** A view of a storage; offset and strides count elements. */
export interface PickleTensor {
  kind: 'tensor';
  storage: PickleStorage;
  offset: number;
  dims: number[];
  strides: number[];
}
/** Something that weights do not need, such as a device or a data type. */
export interface PickleOpaque {
  kind: 'opaque';
  name: string;
}
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleTuple
  | PickleList
  | PickleDict
  | PickleGlobal
  | PickleStorage
  | PickleTensor
  | PickleOpaque;

type Kind = Extract<PickleValue, { kind: string }>['kind'];

export function isKind<K extends Kind>(
  value: PickleValue | undefined,
  kind: K,
): value is Extract<PickleValue, { kind: K }> {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind;
}
