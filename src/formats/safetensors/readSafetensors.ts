import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { openRandomAccessFile, type RandomAccessFile } from '../../files/randomAccess';
import type { TorchType } from '../../files/torch/torchTensor';
import { torchItemSizes } from '../../files/torch/torchTensor';
import { quote } from '../../files/quote';
import { FailureError, failureOf } from '../../report/failure';
import { sha256Of } from '../weights/fileFacts';
import { countOf, type Weights, type WeightTensor } from '../weights/weights';
import type { WeightsFile } from '../weights/weightsFile';

/** The format's own bound on its header. */
const largestHeader = 100_000_000;

const types: Readonly<Record<string, TorchType>> = {
  F64: 'float64',
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  I64: 'int64',
  I32: 'int32',
  I16: 'int16',
  I8: 'int8',
  U64: 'uint64',
  U32: 'uint32',
  U16: 'uint16',
  U8: 'uint8',
  BOOL: 'bool',
};

/**
 * The weights of a safetensors file; numbers are read tensor by tensor, when they are used.
 * @param path absolute
 * @throws FailureError DamagedModel, TooLarge
 */
export async function readSafetensors(path: string): Promise<WeightsFile> {
  const file = await openRandomAccessFile(path);
  const close = (): Promise<void> => file.close();
  try {
    const weights = await tensorsOf(file);
    const facts = { file: path, sha256: await sha256Of(file), format: 'safetensors', producer: null };
    return { facts, name: file.name, weights, told: null, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * The weights of a model that is cut into several files, by the index that names them.
 * @param path absolute, of the index
 * @throws FailureError DamagedModel, ExternalDataMissing, ExternalDataOutsideFolder, TooLarge
 */
export async function readSafetensorsIndex(path: string): Promise<WeightsFile> {
  const index = await openRandomAccessFile(path);
  const shards = new Map<string, RandomAccessFile>();
  const close = async (): Promise<void> => {
    await Promise.all([index, ...shards.values()].map((file) => file.close()));
  };
  try {
    if (index.size > largestHeader) throw damaged(index, 'it is far larger than a list of names');
    const { weight_map: map } = headerOf(
      index,
      Buffer.from(await index.read(0, index.size)).toString('utf8'),
    );
    if (typeof map !== 'object' || map === null) throw damaged(index, 'it names no files (weight_map)');
    const weights = new Map<string, WeightTensor>();
    for (const shard of new Set(Object.values(map))) {
      if (typeof shard !== 'string' || basename(shard) !== shard || shard.startsWith('..'))
        throw new FailureError(
          'ExternalDataOutsideFolder',
          `${quote(index.name)} names ${quote(String(shard))}, which does not lie beside it; keep the files of a model in one folder.`,
        );
      const file = await openRandomAccessFile(join(dirname(path), shard)).catch((error: unknown) => {
        throw failureOf(error).kind === 'FileNotFound'
          ? new FailureError(
              'ExternalDataMissing',
              `${quote(index.name)} names ${quote(shard)}, which is not in its folder; copy it there.`,
            )
          : error;
      });
      shards.set(shard, file);
      for (const [name, tensor] of await tensorsOf(file))
        if ((map as Readonly<Record<string, unknown>>)[name] === shard) weights.set(name, tensor);
    }
    const hashes = await Promise.all([index, ...shards.values()].map(sha256Of));
    const sha256 = createHash('sha256').update(hashes.join('')).digest('hex');
    const facts = { file: path, sha256, format: 'safetensors', producer: null };
    return { facts, name: index.name, weights, told: null, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The tensors of a safetensors file, in the order in which they lie. @throws FailureError DamagedModel */
export async function tensorsOf(file: RandomAccessFile): Promise<Weights> {
  if (file.size < 8) throw damaged(file, 'it ends within its header');
  const start = await file.read(0, 8);
  const length = Number(new DataView(start.buffer).getBigUint64(0, true));
  if (length > largestHeader || length > file.size - 8)
    throw damaged(file, `its header would have ${String(length)} bytes, of ${String(file.size)}`);
  const room = file.size - 8 - length;
  const header = headerOf(file, Buffer.from(await file.read(8, length)).toString('utf8'));
  const tensors = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, facts]) => [name, sliceOf(file, name, facts, room)] as const)
    .sort(([, a], [, b]) => a.begin - b.begin);
  for (const [index, [name, { begin }]] of tensors.entries()) {
    const [other, { end }] = tensors[index - 1] ?? ['', { end: 0 }];
    if (begin < end) throw damaged(file, `${quote(name)} overlaps ${quote(other)}`);
  }
  const weights = new Map(
    tensors.map(([name, { dims, type, begin, end }]): readonly [string, WeightTensor] => [
      name,
      {
        dims,
        type,
        requiresGrad: null,
        place: name,
        bytes: () => file.read(8 + length + begin, end - begin),
      },
    ]),
  );
  // Where tensors were shared, one is kept, and the other names are told beside it.
  for (const [name, kept] of Object.entries(
    (header['__metadata__'] ?? {}) as Readonly<Record<string, unknown>>,
  )) {
    const shared = weights.get(String(kept));
    if (shared !== undefined && !weights.has(name)) weights.set(name, shared);
  }
  return weights;
}

interface Slice {
  readonly dims: readonly number[];
  readonly type: TorchType;
  readonly begin: number;
  readonly end: number;
}

function sliceOf(file: RandomAccessFile, name: string, facts: unknown, room: number): Slice {
  const { dtype, shape, data_offsets: offsets } = (facts ?? {}) as Readonly<Record<string, unknown>>;
  const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
  if (typeof dtype !== 'string' || !Array.isArray(shape) || !shape.every(isSize))
    throw damaged(file, `${quote(name)} has no type or shape`);
  const [begin, end] = Array.isArray(offsets) ? (offsets as readonly unknown[]) : [];
  if (!isSize(begin) || !isSize(end) || begin > end || end > room)
    throw damaged(file, `${quote(name)} reaches beyond the end of the file`);
  // Types of 8 bits and less that are no numbers here keep their bytes.
  const type = types[dtype] ?? 'uint8';
  const dims: readonly number[] = types[dtype] === undefined ? [end - begin] : shape;
  if (countOf(dims) * torchItemSizes[type] !== end - begin)
    throw damaged(file, `${quote(name)} has ${String(end - begin)} bytes, which its shape does not take`);
  return { dims, type, begin, end };
}

function headerOf(file: RandomAccessFile, text: string): Readonly<Record<string, unknown>> {
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch {
    throw damaged(file, 'its header is no JSON');
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    throw damaged(file, 'its header is no JSON object');
  return header as Readonly<Record<string, unknown>>;
}

function damaged({ name }: RandomAccessFile, what: string): FailureError {
  return new FailureError(
    'DamagedModel',
    `${quote(name)} is damaged: ${what}; copy, download or save it again.`,
  );
}
