import { toBinary, create } from '@bufbuild/protobuf';
import { open } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { analyse } from '../../../src/analysis/analyse';
import { refuseUnread } from '../../../src/analysis/refuseUnread';
import { openRandomAccessFile, type RandomAccessFile } from '../../../src/files/randomAccess';
import { readOutline } from '../../../src/formats/onnx/outline';
import { requestDefaults, type AnalysisRequest } from '../../../src/report/request';
import {
  TensorProto_DataLocation as DataLocation,
  TensorProto_DataType as DataType,
  TensorProtoSchema,
} from '../../../src/runtime/onnx/onnx_pb';
import { SeededRandom } from '../../../src/samples/random';
import { failureFrom } from '../formats/failures';
import { temporaryFolder } from '../formats/temporaryFolder';
import { onnxModel, type NodeParts, type TensorParts, type TensorValue } from '../onnxModel';

const folder = temporaryFolder();

const channels = 512;
const kernel = [channels, channels, 3, 3] as const;
const convolutions = 24;
/** Of each convolution, without its bias. */
const weights = kernel.reduce((product, size) => product * size, 1);
const bytes = 4 * weights;

const nodes: NodeParts[] = Array.from({ length: convolutions }, (_, i) => ({
  operator: 'Conv',
  inputs: [i === 0 ? 'x' : `h${i - 1}`, `conv${i}.weight`, `conv${i}.bias`],
  outputs: [i === convolutions - 1 ? 'features' : `h${i}`],
  attributes: { pads: { ints: [1, 1, 1, 1] } },
}));
const rest = {
  nodes: [
    ...nodes,
    { operator: 'GlobalAveragePool', inputs: ['features'], outputs: ['pooled'] },
    { operator: 'Flatten', inputs: ['pooled'], outputs: ['y'] },
  ],
  inputs: [{ name: 'x', dims: ['N', channels, 8, 8] }],
  outputs: ['y'],
};
const numbers = (length: number, seed: number): Float32Array => {
  const random = SeededRandom.fromSeed(seed);
  return Float32Array.from({ length }, () => 0.1 * random.normal());
};
const bias = (i: number): readonly [string, { dims: number[]; data: Float32Array }] => [
  `conv${i}.bias`,
  { dims: [channels], data: numbers(channels, i) },
];
const each = Array.from({ length: convolutions }, (_, i) => i);

/** A file of 226 MB of weights, most of them holes that take no room on a disk. */
async function inline(): Promise<string> {
  const path = await folder.write(
    'inline.onnx',
    onnxModel({ ...rest, initialisers: Object.fromEntries(each.map(bias)) }),
  );
  const file = await open(path, 'r+');
  let { size } = await file.stat();
  for (const i of each) {
    const header = toBinary(
      TensorProtoSchema,
      create(TensorProtoSchema, {
        name: `conv${i}.weight`,
        dims: kernel.map(BigInt),
        dataType: DataType.FLOAT,
      }),
    );
    // raw_data (9), of the tensor, of the initialisers (5), of the graph (7): what is there already is added to.
    const tensor = Buffer.concat([header, tag(9, bytes)]);
    const inGraph = tag(5, tensor.length + bytes);
    const graph = tag(7, inGraph.length + tensor.length + bytes);
    const head = Buffer.concat([graph, inGraph, tensor]);
    await file.write(head, 0, head.length, size);
    size += head.length;
    await writeEnds(file, size, i);
    size += bytes;
  }
  await file.close();
  return path;
}

async function writeEnds(file: Awaited<ReturnType<typeof open>>, at: number, seed: number): Promise<void> {
  const ends = new Uint8Array(numbers(8192, 100 + seed).buffer);
  const half = ends.length / 2;
  await file.write(ends, 0, half, at);
  await file.write(ends, half, half, at + bytes - half);
}

function tag(field: number, length: number): Buffer {
  const varint: number[] = [8 * field + 2];
  for (let left = length; ; left = Math.floor(left / 128)) {
    varint.push(left < 128 ? left : (left % 128) + 128);
    if (left < 128) return Buffer.from(varint);
  }
}

async function external(): Promise<string> {
  const weightsOf = (i: number): TensorParts => ({
    name: `conv${i}.weight`,
    dims: kernel.map(BigInt),
    dataType: DataType.FLOAT,
    dataLocation: DataLocation.EXTERNAL,
    externalData: [
      { key: 'location', value: 'external.data' },
      { key: 'offset', value: String(i * bytes) },
      { key: 'length', value: String(bytes) },
    ],
  });
  const model = onnxModel({
    ...rest,
    initialisers: Object.fromEntries<TensorValue | TensorParts>([
      ...each.map(bias),
      ...each.map((i) => [`conv${i}.weight`, weightsOf(i)] as const),
    ]),
  });
  const file = await open(await folder.write('external.data', new Uint8Array(0)), 'r+');
  for (const i of each) await writeEnds(file, i * bytes, i);
  await file.close();
  return folder.write('external.onnx', model);
}

function request(model: string): AnalysisRequest {
  return { ...requestDefaults, model, samples: { kind: 'random', count: 4 }, memoryBudget: 2e9 };
}

it('what is too large for the memory is refused before it is read, by the count of its headers', async () => {
  for (const path of [await inline(), await external()]) {
    const failure = await failureFrom(() => analyse(request(path), () => undefined));
    expect(failure.kind).toBe('TooLarge');
    // 24 × (512² × 3² + 512)
    expect(failure.message).toContain(
      'The products of at least 56,635,392 parameters take about 4.53 GB for their',
    );
  }
});

it('reads some kilobytes of every tensor and no more', async () => {
  for (const path of [await inline(), await external()]) {
    const file = await openRandomAccessFile(path);
    let read = 0;
    const counted: RandomAccessFile = {
      ...file,
      read: (offset, length) => {
        read += length;
        return file.read(offset, length);
      },
    };
    const outline = await readOutline(path, counted, 1e6);
    const { initialisers } = outline!.graph;
    expect(initialisers.get('conv3.weight')?.dims).toEqual(kernel);
    expect(initialisers.get('conv3.weight')?.data.length).toBe(4096);
    expect(initialisers.get('conv3.bias')?.data).toEqual(numbers(channels, 3));
    expect(read).toBeLessThan(2e6);
    expect(convolutions * bytes).toBeGreaterThan(100 * read);
    expect(await readOutline(path, file, 1e9)).toBeNull();
    await file.close();
  }
});

it('nothing is refused that may have a closed form, fits, or is damaged', async () => {
  const path = await inline();
  await expect(refuseUnread(request(path), 1e10)).resolves.toBeUndefined();
  await expect(refuseUnread({ ...request(path), fixed: ['conv*'] }, 2e9)).resolves.toBeUndefined();
  await expect(refuseUnread({ ...request(path), method: 'closed-form' }, 2e9)).resolves.toBeUndefined();
  const wide = 4096;
  const perceptron = await folder.write(
    'perceptron.onnx',
    onnxModel({
      nodes: [{ operator: 'Gemm', inputs: ['x', 'W', 'b'], outputs: ['y'] }],
      initialisers: {
        W: { dims: [64, wide], data: numbers(64 * wide, 1) },
        b: { dims: [wide], data: numbers(wide, 2) },
      },
      inputs: [{ name: 'x', dims: ['N', 64] }],
      outputs: ['y'],
    }),
  );
  await expect(refuseUnread(request(perceptron), 1e7)).resolves.toBeUndefined();
  await expect(refuseUnread({ ...request(perceptron), method: 'estimate' }, 1e7)).rejects.toThrow('at least');
  const cut = await open(path, 'r+');
  await cut.truncate(1e8);
  await cut.close();
  await expect(refuseUnread(request(path), 2e9)).resolves.toBeUndefined();
});
