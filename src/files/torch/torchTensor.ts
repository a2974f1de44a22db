import type { NpyType } from '../npy';
import { PickleGlobal, PickleObject, PickleTuple, type PickleValue } from '../pickle/values';

export type TorchType = NpyType | 'bfloat16';

/** A tensor of a checkpoint: where its numbers lie. */
export interface TorchTensor {
  readonly type: TorchType;
  readonly dims: readonly number[];
  /** In numbers. */
  readonly strides: readonly number[];
  /** Of its first number in the storage. */
  readonly offset: number;
  readonly storage: { readonly key: string; readonly count: number };
  /** Null: a tensor that says nothing of it. */
  readonly requiresGrad: boolean | null;
}

const types: Readonly<Record<string, TorchType>> = {
  Float: 'float32',
  float32: 'float32',
  Double: 'float64',
  float64: 'float64',
  Half: 'float16',
  float16: 'float16',
  BFloat16: 'bfloat16',
  bfloat16: 'bfloat16',
  Long: 'int64',
  int64: 'int64',
  Int: 'int32',
  int32: 'int32',
  Short: 'int16',
  int16: 'int16',
  Char: 'int8',
  int8: 'int8',
  Byte: 'uint8',
  uint8: 'uint8',
  Bool: 'bool',
  bool: 'bool',
};

/** Bytes of a number. */
export const torchItemSizes: Readonly<Record<TorchType, number>> = {
  float64: 8,
  int64: 8,
  uint64: 8,
  float32: 4,
  int32: 4,
  uint32: 4,
  float16: 2,
  bfloat16: 2,
  int16: 2,
  uint16: 2,
  int8: 1,
  uint8: 1,
  bool: 1,
};

/** Bytes of a number in a storage of a class; storages without a type count bytes. */
export function itemSizeOf(storage: PickleGlobal): number {
  const type = types[storage.name.replace(/Storage$/, '')];
  return type === undefined ? 1 : torchItemSizes[type];
}

/**
 * The tensor that a value is, or null: none, or of a kind that is not read (quantised, sparse, complex, on no device).
 * @throws never: what is not plausible is null
 */
export function tensorOf(value: PickleValue | undefined): TorchTensor | null {
  if (!(value instanceof PickleObject)) return null;
  const { of, args } = value;
  switch (of.path) {
    case 'torch._utils._rebuild_parameter':
    case 'torch._utils._rebuild_parameter_with_state':
      return withGradient(tensorOf(args[0]), args[1]);
    case 'torch._tensor._rebuild_from_type_v2':
      // (function, type, its arguments, state): a tensor with attributes of its own, or of a subclass.
      return args[0] instanceof PickleGlobal && args[2] instanceof PickleTuple
        ? tensorOf(new PickleObject(args[0], args[2].items))
        : null;
    case 'torch._utils._rebuild_tensor':
    case 'torch._utils._rebuild_tensor_v2':
      return plainTensor(args, null);
    case 'torch._utils._rebuild_tensor_v3':
      return plainTensor(args, args[6]);
    default:
      return null;
  }
}

function withGradient(tensor: TorchTensor | null, requiresGrad: PickleValue | undefined): TorchTensor | null {
  return tensor === null || typeof requiresGrad !== 'boolean' ? tensor : { ...tensor, requiresGrad };
}

function plainTensor(args: readonly PickleValue[], dtype: PickleValue | undefined): TorchTensor | null {
  const [storage, offset, size, stride] = args;
  const dims = sizes(size);
  const strides = sizes(stride);
  if (!(storage instanceof PickleObject) || dims === null || strides?.length !== dims.length) return null;
  const [key, count] = storage.args;
  const named = dtype instanceof PickleGlobal ? dtype.name : storage.of.name.replace(/Storage$/, '');
  const type = types[named];
  if (type === undefined || typeof key !== 'string' || typeof count !== 'number' || !isSize(offset))
    return null;
  const view = storage.args[2];
  // In files from before 1.6 a storage may be a part of another: (key, offset, count).
  const [viewOf, viewOffset] = view instanceof PickleTuple ? view.items : [null, 0];
  const from = viewOf === null ? offset : offset + Number(viewOffset);
  return { type, dims, strides, offset: from, storage: { key, count }, requiresGrad: null };
}

function sizes(value: PickleValue | undefined): readonly number[] | null {
  const items = value instanceof PickleObject ? value.args[0] : value;
  if (!(items instanceof PickleTuple)) return null;
  return items.items.every(isSize) ? items.items : null;
}

function isSize(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
