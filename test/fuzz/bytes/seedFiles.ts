import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { encode } from 'jpeg-js';
import { SeededRandom } from '../../../src/samples/random';
import { writePng } from '../../unit/files/pictures/writePng';
import { onnxModel } from '../../unit/onnxModel';
import { npyFile } from '../npyFile';
import { randomGraph, type GraphPlan } from '../graphs/randomGraph';

/** A model with what lies beside it. */
export interface SeedFiles {
  readonly name: string;
  readonly model: Uint8Array;
  /** The data file by its name, below its folder where it is one of pictures; or null: random inputs. */
  readonly data: { readonly name: string; readonly bytes: Uint8Array } | null;
  readonly sidecar: string | null;
}

/** Larger files would only make the campaign slow. */
const largest = 300_000;

export function seedFiles(root: string): readonly SeedFiles[] {
  const references = join(root, 'test', 'references');
  const read = (...path: readonly string[]): Uint8Array => readFileSync(join(root, ...path));
  const plain = perceptron();
  return [
    ...['x,y,label\n0.5,1,0\n-1,2.5,1\n3,-0.25,2\n', '1;2;0\r\n3;4;1\r\n'].map((text, i) => ({
      name: `perceptron with CSV ${i}`,
      model: plain,
      data: { name: 'data.csv', bytes: Buffer.from(text) },
      sidecar: null,
    })),
    ...[0, 9].map((level) => ({
      name: `perceptron with npz, deflated ${level}`,
      model: plain,
      data: { name: 'data.npz', bytes: npz(level as 0 | 9) },
      sidecar:
        '{"samples": "data.npz", "inputs": {"x": "x"}, "labels": "y", "scale": 0.5, "limit": 3, "loss": "auto", "labelSmoothing": 0.1, "classWeights": [1, 2, 3]}',
    })),
    {
      name: 'perceptron with npy',
      model: plain,
      data: { name: 'data.npy', bytes: npy([3, 2]) },
      sidecar: null,
    },
    {
      name: 'perceptron with Parquet',
      model: plain,
      data: { name: 'data.parquet', bytes: parquet() },
      sidecar: null,
    },
    ...Array.from({ length: 24 }, (_, i) => graphFiles(i)),
    ...['cnn', 'transformer', 'resnet'].map((name) => ({
      name,
      model: read('test', 'references', 'products', `${name}.onnx`),
      data: { name: 'data.npz', bytes: read('test', 'references', 'products', `${name}.npz`) },
      sidecar: null,
    })),
    ...['a', 'csmall'].map((name) => ({
      name,
      model: readFileSync(join(references, `${name}.onnx`)),
      data: null,
      sidecar: '{"limit": 5}',
    })),
    { name: 'digits', model: read('examples', 'digits.onnx'), data: null, sidecar: '{"output": null}' },
    ...fixtures(join(root, 'test', 'unit', 'samples', 'fixtures'), plain),
    ...pictures(),
    ...tensors(plain),
    ...trained(join(references, 'formats')),
    ...trained(join(references, 'keras')),
    ...trained(join(process.env['MODEL_SHARPNESS_SHARED'] ?? '', 'reference', 'formats')),
    ...foreign(process.env['MODEL_SHARPNESS_SHARED']),
  ];
}

function perceptron(): Uint8Array {
  const random = SeededRandom.fromSeed(1);
  const tensor = (...dims: number[]) => ({
    dims,
    data: Float32Array.from({ length: dims.reduce((a, b) => a * b) }, () => random.normal()),
  });
  return onnxModel({
    nodes: [
      { operator: 'Gemm', inputs: ['x', 'w1', 'b1'], outputs: ['a'], attributes: { transB: { int: 1 } } },
      { operator: 'Tanh', inputs: ['a'], outputs: ['b'] },
      { operator: 'MatMul', inputs: ['b', 'w2'], outputs: ['c'] },
      { operator: 'Add', inputs: ['c', 'b2'], outputs: ['logits'] },
      { operator: 'Softmax', inputs: ['logits'], outputs: ['y'], attributes: { axis: { int: -1 } } },
    ],
    initialisers: { w1: tensor(4, 2), b1: tensor(4), w2: tensor(4, 3), b2: tensor(3) },
    inputs: [{ name: 'x', dims: ['N', 2] }],
    outputs: [{ name: 'y', dims: ['N', 3] }],
  });
}

function graphFiles(seed: number): SeedFiles {
  const kinds = ['vector', 'sequence', 'image', 'volume', 'tokens'] as const;
  const families = [
    ['Conv', 'Relu', 'MaxPool', 'BatchNormalization', 'AveragePool'],
    ['MatMul', 'LayerNormalization', 'attention written out', 'Add of two', 'Gelu'],
    ['Slice', 'Pad', 'Gather', 'Concat', 'Einsum', 'Softmax'],
    ['Reshape', 'Transpose', 'ReduceMean', 'Where', 'Expand', 'Tile', 'Split'],
  ];
  const plan: GraphPlan = {
    opset: [13, 17, 20, 23][seed % 4] ?? 17,
    input: kinds[seed % kinds.length] ?? 'vector',
    twoInputs: seed % 7 === 0,
    steps: (families[seed % families.length] ?? []).map((operator, i) => [operator, 100 * seed + i] as const),
    loss: 'cross-entropy',
    head: seed % 2 === 0,
    rows: ([null, 'last axis', 'axis 1'] as const)[seed % 3] ?? null,
    secondOutput: seed % 3 === 0,
    width: 3,
    samples: 2,
    seed,
  };
  return { name: `graph ${seed}`, model: onnxModel(randomGraph(plan).parts), data: null, sidecar: null };
}

/** Small whole numbers. */
function npy(shape: readonly number[], type: '<f8' | '<i8' = '<f8'): Buffer {
  const numbers = Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i % 3);
  return npyFile(shape, numbers, type);
}

function npz(level: 0 | 9): Uint8Array {
  return zipSync({ 'x.npy': npy([6, 2]), 'y.npy': npy([6], '<i8') }, { level });
}

function parquet(): Uint8Array {
  const column = Array.from({ length: 40 }, (_, i) => i / 3);
  return new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: 'a', data: column, type: 'DOUBLE' },
        { name: 'b', data: column.map((number) => 1 - number), type: 'FLOAT' },
        { name: 'label', data: column.map((_, i) => i % 3), type: 'INT32' },
      ],
    }),
  );
}

function fixtures(folder: string, model: Uint8Array): SeedFiles[] {
  return readdirSync(folder)
    .filter((name) => /\.np[yz]$/.test(name))
    .map((name) => ({ name, model, data: { name, bytes: readFileSync(join(folder, name)) }, sidecar: null }));
}

/** Models of other libraries; of weights alone with the architecture that makes a network of them. */
function trained(folder: string): SeedFiles[] {
  if (!existsSync(folder)) return [];
  const known = join(folder, 'architectures.json');
  const architectures = existsSync(known)
    ? (JSON.parse(readFileSync(known, 'utf8')) as Readonly<Record<string, unknown>>)
    : {};
  return readdirSync(folder)
    .filter((name) => /\.(ptl?|pth|ckpt|pt2|safetensors|keras|h5\.gz|joblib|pkl)$/.test(name))
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).size < largest)
    .map((path) => {
      const bytes = readFileSync(path);
      const architecture = architectures[basename(path).split('.')[0] ?? ''];
      return {
        name: path,
        model: path.endsWith('.gz') ? gunzipSync(bytes) : bytes,
        data: null,
        sidecar: JSON.stringify({ limit: 3, ...(architecture !== undefined && { architecture }) }),
      };
    });
}

/** Pictures in every kind of file that has them, for a model of pictures of 4 × 5 pixels or CIFAR's. */
function pictures(): SeedFiles[] {
  const model = (...dims: readonly number[]): Uint8Array => {
    const inputs = dims.reduce((a, b) => a * b);
    const w = { dims: [inputs, 3], data: Float32Array.from({ length: 3 * inputs }, (_, i) => (i % 7) / 50) };
    return onnxModel({
      nodes: [
        { operator: 'Flatten', inputs: ['x'], outputs: ['flat'] },
        { operator: 'Gemm', inputs: ['flat', 'w'], outputs: ['y'] },
      ],
      initialisers: { w },
      inputs: [{ name: 'x', dims: ['N', ...dims] }],
      outputs: ['y'],
    });
  };
  const pixels = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (37 * i) % 256);
  const rows = [0, 1, 2, 3].map((y) => Array.from(pixels(15), (value) => (value + y) % 256));
  const idx = Buffer.concat([Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5), pixels(60)]);
  const colour = { data: pixels(80), width: 5, height: 4 };
  const files: readonly (readonly [string, Uint8Array, Uint8Array])[] = [
    ['pictures/0/a.png', writePng({ width: 5, height: 4, type: 2, depth: 8, rows }), model(3, 4, 5)],
    ['pictures/0/a.jpg', encode(colour, 90).data, model(4, 5, 3)],
    ['images-idx3-ubyte', idx, model(1, 4, 5)],
    ['images-idx3-ubyte.gz', gzipSync(idx), model(1, 4, 5)],
    [
      'data_batch_1.bin',
      pixels(2 * 3073).map((value, i) => (i % 3073 === 0 ? value % 10 : value)),
      model(3, 32, 32),
    ],
  ];
  return files.map(([name, bytes, of]) => ({ name, model: of, data: { name, bytes }, sidecar: null }));
}

/** Samples as tensors of safetensors, and of torch.save where there is a folder of such. */
function tensors(model: Uint8Array): SeedFiles[] {
  const header = Buffer.from(
    '{"x":{"dtype":"F32","shape":[3,2],"data_offsets":[0,24]},"y":{"dtype":"I64","shape":[3],"data_offsets":[24,48]}}',
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const numbers = Buffer.from(Float32Array.of(1, 2, 3, -1, 0.5, 0).buffer);
  const labels = Buffer.from(BigInt64Array.of(0n, 2n, 1n).buffer);
  const bytes = Buffer.concat([length, header, numbers, labels]);
  const own: SeedFiles = {
    name: 'perceptron with safetensors',
    model,
    data: { name: 'data.safetensors', bytes },
    sidecar: null,
  };
  const folder = join(process.env['MODEL_SHARPNESS_SHARED'] ?? '', 'reference', 'formats');
  const saved = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.data.pt')) : [];
  return [
    own,
    ...saved.map((name) => ({
      name,
      model: readFileSync(join(folder, name.replace('.data.pt', '.default.onnx'))),
      data: { name: 'data.pt', bytes: readFileSync(join(folder, name)) },
      sidecar: '{"limit": 3}',
    })),
  ];
}

/** Files of every other format, where there is a folder of them; and the beginnings by which formats are known. */
function foreign(shared: string | undefined): SeedFiles[] {
  const beginnings: Readonly<Record<string, Uint8Array>> = {
    'keras archive': zipSync({ 'config.json': Buffer.from('{}'), 'model.weights.h5': new Uint8Array(64) }),
    'torch archive': zipSync({
      'archive/data.pkl': Buffer.from([0x80, 2, 0x7d]),
      'archive/version': Buffer.from('3'),
    }),
    safetensors: Buffer.from('\u0002\u0000\u0000\u0000\u0000\u0000\u0000\u0000{}', 'latin1'),
    hdf5: Buffer.from('\u0089HDF\r\n\u001a\n', 'latin1'),
    gguf: Buffer.from('GGUF\u0003\u0000\u0000\u0000', 'latin1'),
    pickle: Buffer.from([0x80, 2, 0x8a, 10, 0x6c, 0xfc]),
  };
  const folder = shared === undefined ? '' : join(shared, 'corpus');
  const files = existsSync(folder)
    ? readdirSync(folder)
        .map((name) => join(folder, name))
        .filter(
          (path) => statSync(path).isFile() && statSync(path).size < largest && !/\.(md|npz)$/.test(path),
        )
    : [];
  return [
    ...Object.entries(beginnings).map(([name, model]) => ({ name, model, data: null, sidecar: null })),
    ...files.map((path) => ({ name: path, model: readFileSync(path), data: null, sidecar: null })),
  ];
}
