import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { SeededRandom } from '../../../src/samples/random';
import { onnxModel } from '../../unit/onnxModel';
import { npyFile } from '../npyFile';
import { randomGraph, type GraphPlan } from '../graphs/randomGraph';

/** A model with what lies beside it. */
export interface SeedFiles {
  readonly name: string;
  readonly model: Uint8Array;
  /** The data file by its name, or null: random inputs. */
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
