import { memoryFile, type RandomAccessFile } from '../../files/randomAccess';
import { PickleDict, type PickleValue } from '../../files/pickle/values';
import { quote } from '../../files/quote';
import { gather, readTorchFile, type TorchFile } from '../../files/torch/torchFile';
import { tensorOf, torchItemSizes, type TorchType } from '../../files/torch/torchTensor';
import { readZipDirectory, readZipEntry, type ZipEntry } from '../../files/zip';
import type { Tensor, TensorData } from '../../graph/graph';
import { widenBfloat16, widenFloat16 } from '../../runtime/floats16';
import { FailureError } from '../../report/failure';
import { damagedProgram, list, record, type Json } from './program';

/** What an archive of torch.export.save holds. */
export interface Archive {
  /** The program's JSON. */
  readonly program: string;
  /** A tensor by its name in the program. @throws FailureError DamagedModel */
  readonly tensor: (name: string) => Promise<Tensor>;
}

/** A program of some thousand operators takes megabytes. */
const largestJson = 256 * 1024 ** 2;
const largestTensors = 2 ** 31 - 1;

/** torch/_export/serde/schema.py, ScalarType. */
const torchTypes: Readonly<Record<number, TorchType>> = {
  1: 'uint8',
  2: 'int8',
  3: 'int16',
  4: 'int32',
  5: 'int64',
  6: 'float16',
  7: 'float32',
  8: 'float64',
  12: 'bool',
  13: 'bfloat16',
};

/** An archive's entries by their names behind the folder that all of them lie in, where they do. */
class Entries {
  private constructor(
    private readonly file: RandomAccessFile,
    private readonly entries: ReadonlyMap<string, ZipEntry>,
  ) {}

  static async of(file: RandomAccessFile): Promise<Entries> {
    const all = await readZipDirectory(file);
    const isNested = !all.some(({ name }) => name === 'serialized_exported_program.json');
    const inside = (name: string): string => (isNested ? name.slice(name.indexOf('/') + 1) : name);
    return new Entries(file, new Map(all.map((entry) => [inside(entry.name), entry])));
  }

  names(pattern: RegExp): readonly string[] {
    return [...this.entries.keys()].filter((name) => pattern.test(name));
  }

  has(name: string): boolean {
    return this.entries.has(name);
  }

  async bytes(name: string, limit: number): Promise<Uint8Array> {
    const entry = this.entries.get(name);
    if (entry === undefined) throw damagedProgram(this.file.name, `${quote(name)} is not in it`);
    return readZipEntry(this.file, entry, limit);
  }

  async json(name: string): Promise<Json> {
    try {
      return JSON.parse(await this.text(name)) as Json;
    } catch (error) {
      if (error instanceof FailureError) throw error;
      throw damagedProgram(this.file.name, `${quote(name)} in it is no JSON`);
    }
  }

  async text(name: string): Promise<string> {
    return new TextDecoder().decode(await this.bytes(name, largestJson));
  }

  /** What torch.save wrote into an entry. */
  async torch(name: string): Promise<TorchFile> {
    return readTorchFile(memoryFile(`${this.file.name}/${name}`, await this.bytes(name, largestTensors)));
  }
}

/**
 * Opens an archive of torch.export.save: that of PyTorch 2.1 to 2.6, files of torch.save within a zip, or that of later
 * ones, a folder of weights beside models/NAME.json.
 * @throws FailureError DamagedModel; UnsupportedFormat where there is no program in it, or several
 */
export async function readArchive(file: RandomAccessFile): Promise<Archive> {
  const entries = await Entries.of(file);
  if (entries.has('serialized_exported_program.json')) {
    const held = ['serialized_state_dict.pt', 'serialized_constants.pt'].filter((name) => entries.has(name));
    return {
      program: await entries.text('serialized_exported_program.json'),
      tensor: savedTensors(file.name, await Promise.all(held.map((name) => entries.torch(name)))),
    };
  }
  const [model, ...others] = entries.names(/^models\/[^/]+\.json$/);
  if (model === undefined || others.length > 0)
    throw new FailureError(
      'UnsupportedFormat',
      model === undefined
        ? `${quote(file.name)} holds compiled code and no program; save what torch.export.export gives with torch.export.save.`
        : `${quote(file.name)} holds ${String(others.length + 1)} programs; save one with torch.export.save.`,
    );
  const own = model.slice('models/'.length, -'.json'.length);
  const program = await entries.text(model);
  const saved = [`data/weights/${own}.pt`, `data/constants/${own}.pt`].filter((name) => entries.has(name));
  if (saved.length > 0)
    return {
      program,
      tensor: savedTensors(file.name, await Promise.all(saved.map((name) => entries.torch(name)))),
    };
  return { program, tensor: await rawTensors(file.name, entries, own) };
}

function savedTensors(file: string, saved: readonly TorchFile[]): Archive['tensor'] {
  const found = new Map<string, { readonly torch: TorchFile; readonly value: PickleValue }>();
  for (const torch of saved)
    if (torch.root instanceof PickleDict)
      for (const [name, value] of torch.root.entries())
        if (typeof name === 'string') found.set(name, { torch, value });
  return async (name) => {
    const held = found.get(name);
    const tensor = tensorOf(held?.value);
    if (held === undefined || tensor === null)
      throw damagedProgram(file, `the tensor ${quote(name)} is not in it`);
    return widened(tensor.type, tensor.dims, await held.torch.numbers(tensor));
  };
}

/** Every weight in an entry of its own, its shape in a list beside them. */
async function rawTensors(file: string, entries: Entries, model: string): Promise<Archive['tensor']> {
  const places = new Map<
    string,
    { readonly folder: string; readonly payload: Readonly<Record<string, Json>> }
  >();
  for (const folder of ['weights', 'constants']) {
    const path = `data/${folder}/${model}_${folder}_config.json`;
    if (!entries.has(path)) continue;
    for (const [name, payload] of Object.entries(record(record(await entries.json(path))['config'])))
      places.set(name, { folder, payload: record(payload) });
  }
  const isBig = entries.has('byteorder') && (await entries.text('byteorder')).trim() === 'big';
  if (isBig) throw damagedProgram(file, 'its numbers are big-endian');
  return async (name) => {
    const { folder = '', payload = {} } = places.get(name) ?? {};
    const { path_name: path, use_pickle: isPickled } = payload;
    if (typeof path !== 'string') throw damagedProgram(file, `the tensor ${quote(name)} is not in it`);
    const entry = `data/${folder}/${path}`;
    if (isPickled === true) {
      const torch = await entries.torch(entry);
      const tensor = tensorOf(torch.root);
      if (tensor === null) throw damagedProgram(file, `${quote(name)} in it is no tensor`);
      return widened(tensor.type, tensor.dims, await torch.numbers(tensor));
    }
    const meta = record(payload['tensor_meta']);
    const type = typeof meta['dtype'] === 'number' ? torchTypes[meta['dtype']] : undefined;
    const whole = (json: Json | undefined): number => {
      const { as_int: value } = record(json);
      if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
      throw damagedProgram(file, `the shape of ${quote(name)} is none`);
    };
    if (type === undefined) throw damagedProgram(file, `the type of ${quote(name)} is not known`);
    const dims = list(meta['sizes']).map(whole);
    const storage = await entries.bytes(entry, largestTensors);
    const bytes = gather(
      file,
      {
        type,
        dims,
        strides: list(meta['strides']).map(whole),
        offset: whole(meta['storage_offset']),
        storage: { key: path, count: storage.length / torchItemSizes[type] },
        requiresGrad: null,
      },
      storage,
    );
    return widened(type, dims, bytes);
  };
}

/** Half precision is widened, which is exact; narrow whole numbers become those of 32 bits. */
function widened(type: TorchType, dims: readonly number[], bytes: Uint8Array): Tensor {
  const { buffer } = new Uint8Array(bytes);
  const of = (data: TensorData, own: Tensor['type']): Tensor => ({ type: own, dims, data });
  switch (type) {
    case 'float16':
      return of(widenFloat16(new Uint16Array(buffer)), 'float32');
    case 'bfloat16':
      return of(widenBfloat16(new Uint16Array(buffer)), 'float32');
    case 'float32':
      return of(new Float32Array(buffer), type);
    case 'float64':
      return of(new Float64Array(buffer), type);
    case 'int64':
    case 'uint64':
      return of(new BigInt64Array(buffer), 'int64');
    case 'int32':
    case 'uint32':
      return of(new Int32Array(buffer), 'int32');
    case 'int16':
      return of(Int32Array.from(new Int16Array(buffer)), 'int32');
    case 'uint16':
      return of(Int32Array.from(new Uint16Array(buffer)), 'int32');
    case 'int8':
      return of(Int32Array.from(new Int8Array(buffer)), 'int32');
    case 'uint8':
    case 'bool':
      return of(new Uint8Array(buffer), type);
  }
}
