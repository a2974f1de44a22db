import { FailureError } from '../../report/failure';
import { ByteCursor } from '../pickle/byteCursor';
import { unpickle, type PickleWorld } from '../pickle/unpickle';
import { PickleObject, type PickleValue } from '../pickle/values';
import { quote } from '../quote';
import type { RandomAccessFile } from '../randomAccess';
import { readZipDirectory, readZipEntry } from '../zip';
import { itemSizeOf, torchItemSizes, type TorchTensor } from './torchTensor';
import { torchWorld } from './torchWorld';

/** What torch.save wrote: its object as data, and the numbers of its tensors when they are asked for. */
export interface TorchFile {
  readonly root: PickleValue;
  /**
   * The numbers of a tensor in row-major order, little-endian.
   * @throws FailureError DamagedModel where they do not lie in the file
   */
  readonly numbers: (tensor: TorchTensor) => Promise<Uint8Array>;
}

/** A pickle without the numbers takes some hundred bytes for each tensor. */
const largestPickle = 256 * 1024 ** 2;
/** Numbers of one storage: what Node holds in one buffer. */
const largestStorage = 2 ** 32 - 1;
/** Pickles in front of the storages of a file from before 1.6: magic, protocol, system, the object, and the keys. */
const legacyPickles = 5;

/**
 * Reads what torch.save wrote, as a zip (since 1.6) or as a row of pickles (before). No code of the pickle runs.
 * @throws FailureError DamagedModel, UnsupportedFormat, TooLarge
 */
export async function readTorchFile(file: RandomAccessFile): Promise<TorchFile> {
  const start = Buffer.from(await file.read(0, Math.min(2, file.size))).toString('latin1');
  return start === 'PK' ? readZipped(file) : readLegacy(file);
}

async function readZipped(file: RandomAccessFile): Promise<TorchFile> {
  const entries = new Map((await readZipDirectory(file)).map((entry) => [entry.name, entry]));
  const pickled = [...entries.keys()].find((name) => /^[^/]*\/data\.pkl$/.test(name));
  const folder = pickled?.slice(0, -'data.pkl'.length) ?? '';
  const bytesOf = async (name: string, limit: number): Promise<Uint8Array> => {
    const entry = entries.get(`${folder}${name}`);
    if (entry === undefined) throw damaged(file.name, `${quote(name)} is not in it`);
    return readZipEntry(file, entry, limit);
  };
  const root = unpickle(
    file.name,
    new ByteCursor(file.name, await bytesOf('data.pkl', largestPickle)),
    torchWorld,
  );
  const order = entries.has(`${folder}byteorder`)
    ? Buffer.from(await bytesOf('byteorder', 16))
        .toString('latin1')
        .trim()
    : 'little';
  if (order !== 'little')
    throw new FailureError(
      'UnsupportedFormat',
      `${quote(file.name)} was written on a machine that stores numbers the other way round; load it in Python on this one and save it again.`,
    );
  const storages = new Map<string, Promise<Uint8Array>>();
  const storage = (key: string): Promise<Uint8Array> => {
    const known = storages.get(key) ?? bytesOf(`data/${key}`, largestStorage);
    storages.set(key, known);
    return known;
  };
  return {
    root,
    numbers: async (tensor) => gather(file.name, tensor, await storage(tensor.storage.key)),
  };
}

async function readLegacy(file: RandomAccessFile): Promise<TorchFile> {
  if (file.size > largestStorage)
    throw new FailureError(
      'TooLarge',
      `${quote(file.name)} is too large for its old format; save it with PyTorch 1.6 or later.`,
    );
  const cursor = new ByteCursor(file.name, await file.read(0, file.size));
  const itemSizes = new Map<string, number>();
  const world: PickleWorld = {
    ...torchWorld,
    persistent: (id) => {
      const storage = torchWorld.persistent?.(id);
      const key = storage instanceof PickleObject ? storage.args[0] : null;
      if (storage instanceof PickleObject && typeof key === 'string')
        itemSizes.set(key, itemSizeOf(storage.of));
      return storage;
    },
  };
  const parts: PickleValue[] = [];
  for (let i = 0; i < legacyPickles; i += 1) parts.push(unpickle(file.name, cursor, world));
  const [, , , root = null, keys = null] = parts;
  if (!Array.isArray(keys)) throw damaged(file.name, 'the list of its storages is missing');
  const storages = new Map<string, Uint8Array>();
  for (const value of keys) {
    const key = typeof value === 'number' ? String(value) : value;
    const count = cursor.longLength();
    const itemSize = typeof key === 'string' ? itemSizes.get(key) : undefined;
    if (typeof key !== 'string' || itemSize === undefined)
      throw damaged(file.name, 'it holds a storage that nothing in it uses');
    storages.set(key, cursor.bytes(count * itemSize));
  }
  return {
    root,
    numbers: (tensor) => {
      const storage = storages.get(tensor.storage.key);
      if (storage === undefined) throw damaged(file.name, 'the numbers of a tensor are not in it');
      return Promise.resolve(gather(file.name, tensor, storage));
    },
  };
}

/**
 * The numbers of a tensor out of its storage, in row-major order.
 * @throws FailureError DamagedModel where they do not lie in it
 */
export function gather(file: string, tensor: TorchTensor, storage: Uint8Array): Uint8Array {
  const { dims, strides, offset, type } = tensor;
  const size = torchItemSizes[type];
  const count = dims.reduce((product, dim) => product * dim, 1);
  const last = dims.reduce((sum, dim, i) => sum + (dim - 1) * (strides[i] ?? 0), offset);
  // A stride of 0 repeats numbers, as an expanded tensor does: no weight is one.
  const isInside = count === 0 || ((last + 1) * size <= storage.length && count * size <= storage.length);
  if (!isInside) throw damaged(file, 'a tensor reaches beyond its numbers');
  if (count === 0) return new Uint8Array();
  if (isContiguous(tensor)) return storage.slice(offset * size, (offset + count) * size);
  const gathered = new Uint8Array(count * size);
  const position = dims.map(() => 0);
  let from = offset;
  for (let to = 0; to < count; to += 1) {
    gathered.set(storage.subarray(from * size, (from + 1) * size), to * size);
    for (let axis = dims.length - 1; axis >= 0; axis -= 1) {
      position[axis]! += 1;
      from += strides[axis] ?? 0;
      if (position[axis]! < (dims[axis] ?? 0)) break;
      from -= (strides[axis] ?? 0) * (dims[axis] ?? 0);
      position[axis] = 0;
    }
  }
  return gathered;
}

function isContiguous({ dims, strides }: TorchTensor): boolean {
  let expected = 1;
  for (let axis = dims.length - 1; axis >= 0; axis -= 1) {
    if (dims[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= dims[axis] ?? 1;
  }
  return true;
}

function damaged(name: string, what: string): FailureError {
  return new FailureError(
    'DamagedModel',
    `${quote(name)} is damaged: ${what}; copy, download or save it again.`,
  );
}
