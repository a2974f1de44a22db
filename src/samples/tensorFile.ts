import type { NpyArray, NpyHeader } from '../files/npy';
import { PickleDict, PickleObject, PickleTuple, type PickleValue } from '../files/pickle/values';
import { quote } from '../files/quote';
import type { RandomAccessFile } from '../files/randomAccess';
import { readTorchFile } from '../files/torch/torchFile';
import { tensorOf, torchItemSizes, type TorchType } from '../files/torch/torchTensor';
import { tensorsOf } from '../formats/safetensors/readSafetensors';
import { widenBfloat16 } from '../runtime/floats16';
import { FailureError } from '../report/failure';
import { arrayOf, type KeyedArrays } from './npzFile';

/** A tensor of a file, its numbers not read yet. */
interface StoredTensor {
  readonly dims: readonly number[];
  readonly type: TorchType;
  /** Row-major, little-endian. */
  readonly bytes: () => Promise<Uint8Array>;
}

/** The tensors of a safetensors file by their names. @throws FailureError DamagedModel */
export async function openSafetensors(file: RandomAccessFile): Promise<KeyedArrays> {
  return keyedTensors(file.name, await tensorsOf(file));
}

/**
 * The tensors that torch.save wrote: of a dict by its keys, of a pair (inputs, labels), a list of two or a TensorDataset as x
 * and y, of a tensor alone as x. Nothing that the file names is run.
 * @throws FailureError SamplesUnreadable where it holds no tensors; DamagedModel, UnsupportedFormat
 */
export async function openTorchTensors(file: RandomAccessFile): Promise<KeyedArrays> {
  const torch = await readTorchFile(file);
  const tensors = new Map<string, StoredTensor>();
  for (const [name, value] of namedValues(torch.root)) {
    const tensor = tensorOf(value);
    if (tensor === null) continue;
    const { dims, type } = tensor;
    tensors.set(name, { dims, type, bytes: () => torch.numbers(tensor) });
  }
  if (tensors.size > 0) return keyedTensors(file.name, tensors);
  throw new FailureError(
    'SamplesUnreadable',
    `${quote(file.name)} holds no tensors by name; save the samples with torch.save({"x": inputs, "y": labels}, file).`,
  );
}

const pairKeys = ['x', 'y'];

function namedValues(root: PickleValue): readonly (readonly [string, PickleValue])[] {
  if (root instanceof PickleDict)
    return [...root.entries()].flatMap(([key, value]) =>
      typeof key === 'string' ? [[key, value] as const] : [],
    );
  // TensorDataset keeps its tensors in a tuple.
  const listed = root instanceof PickleObject && tensorOf(root) === null ? root.attribute('tensors') : root;
  const values = listed instanceof PickleTuple ? listed.items : Array.isArray(listed) ? listed : [root];
  return values.length > pairKeys.length
    ? []
    : values.map((value, index) => [pairKeys[index] ?? '', value] as const);
}

function keyedTensors(file: string, tensors: ReadonlyMap<string, StoredTensor>): KeyedArrays {
  return {
    title: quote(file),
    keys: [...tensors.keys()],
    inputsKey: null,
    words: () => Promise.resolve(null),
    open: (key) => {
      const tensor = tensors.get(key);
      if (tensor === undefined) throw new RangeError(`no key ${key}`);
      const title = `${quote(key)} in ${quote(file)}`;
      return Promise.resolve(arrayOf(title, headerOf(tensor), () => load(tensor)));
    },
  };
}

function headerOf({ dims, type }: StoredTensor): NpyHeader {
  const stored = type === 'bfloat16' ? 'float32' : type;
  return {
    type: stored,
    itemSize: torchItemSizes[stored],
    bigEndian: false,
    fortranOrder: false,
    shape: dims,
    count: dims.reduce((product, size) => product * size, 1),
    dataOffset: 0,
  };
}

async function load(tensor: StoredTensor): Promise<NpyArray> {
  const bytes = await tensor.bytes();
  if (tensor.type !== 'bfloat16') return { ...headerOf(tensor), bytes };
  const wide = widenBfloat16(new Uint16Array(bytes.slice().buffer));
  return { ...headerOf(tensor), bytes: new Uint8Array(wide.buffer) };
}
