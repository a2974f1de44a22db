import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { decodeModel } from '../../../../src/formats/onnx/decode';
import { TensorProto_DataType as DataType } from '../../../../src/formats/onnx/onnx_pb';
import { readModel } from '../../../../src/formats/readModel';
import type { Graph } from '../../../../src/graph/graph';
import { Session } from '../../../../src/runtime/session';
import type { ExecutableModel, RunFeeds, RunTensor } from '../../../../src/runtime/session';
import { graphBytes, onnxModel } from '../../onnxModel';
import type { ModelParts, TensorValue } from '../../onnxModel';
import { corpusFile, corpusNote, corpusPresent, referenceFile } from '../corpus';
import { failureFrom } from '../failures';
import { temporaryFolder } from '../temporaryFolder';

const folder = temporaryFolder();

async function read(parts: ModelParts) {
  return readModel(await folder.write('model.onnx', onnxModel(parts)));
}

async function results(
  model: ExecutableModel,
  feeds: RunFeeds,
): Promise<Readonly<Record<string, RunTensor>>> {
  const session = await Session.open(model, 1);
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}

/** Numbers in [−1, 1], the same each time (Park and Miller's generator). */
function numbers(count: number, seed = 1): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (state * 48271) % 2147483647;
    return (2 * state) / 2147483647 - 1;
  });
}

function values(dims: readonly number[], seed = 1): TensorValue {
  return {
    dims,
    data: numbers(
      dims.reduce((product, dim) => product * dim, 1),
      seed,
    ),
  };
}

const shape = (...elements: number[]): TensorValue => ({
  dims: [elements.length],
  data: BigInt64Array.from(elements, BigInt),
});

const names = (model: ExecutableModel) => {
  const { graph } = decodeModel(model.bytes, 'model.onnx', false);
  return {
    inputs: graph.input.map((input) => input.name),
    nodes: graph.node.map((node) => node.opType),
    initialisers: graph.initializer.map((tensor) => tensor.name),
    outputs: graph.output.map((output) => output.name),
  };
};

const twoHeads: ModelParts = {
  nodes: [
    { operator: 'MatMul', inputs: ['x', 'W'], outputs: ['hidden'] },
    { operator: 'Relu', inputs: ['hidden'], outputs: ['first'] },
    { operator: 'Add', inputs: ['hidden', 'z'], outputs: ['sum'] },
    { operator: 'Mul', inputs: ['sum', 'V'], outputs: ['second'] },
  ],
  initialisers: { W: values([3, 2]), V: values([2]) },
  inputs: [
    { name: 'x', dims: ['N', 3] },
    { name: 'z', dims: ['N', 2] },
    { name: 'V', dims: [2] },
  ],
  outputs: [
    { name: 'first', dims: ['N', 2] },
    { name: 'second', dims: ['N', 2] },
  ],
  valueInfo: [{ name: 'hidden', dims: ['N', 2] }],
};

describe('executable', () => {
  it('leaves out what the asked outputs do not need', async () => {
    const model = await read(twoHeads);
    expect(names(model.executable(['first']))).toEqual({
      inputs: ['x'],
      nodes: ['MatMul', 'Relu'],
      initialisers: ['W'],
      outputs: ['first'],
    });
    expect(names(model.executable(['second', 'second', 'hidden']))).toEqual({
      inputs: ['x', 'z'],
      nodes: ['MatMul', 'Add', 'Mul'],
      initialisers: ['W', 'V'],
      outputs: ['second', 'hidden'],
    });
  });

  it('gives tensors inside, inputs and initialisers as outputs', async () => {
    const model = (await read(twoHeads)).executable(['hidden', 'x', 'W']);
    const x = { dims: [1, 3], data: Float32Array.of(1, 0, 0) };
    const { hidden, x: same, W } = await results(model, { x });
    expect(same?.data).toEqual(x.data);
    expect(W?.dims).toEqual([3, 2]);
    expect([...(hidden?.data ?? [])]).toEqual([...numbers(6).subarray(0, 2)]);
  });

  it('refuses a tensor that the model does not have', async () => {
    const model = await read(twoHeads);
    const failure = await failureFrom(async () => model.executable(['logits']));
    expect(failure).toMatchObject({
      kind: 'UsageError',
      message: '"model.onnx" has no tensor "logits"; name one of its outputs.',
    });
  });

  it('drops the tail that a classifier of scikit-learn has', async () => {
    const model = await read({
      nodes: [
        { operator: 'MatMul', inputs: ['x', 'W'], outputs: ['logits'] },
        { operator: 'Softmax', inputs: ['logits'], outputs: ['probabilities'] },
        { operator: 'ArgMax', inputs: ['probabilities'], outputs: ['index'] },
        {
          operator: 'ArrayFeatureExtractor',
          domain: 'ai.onnx.ml',
          inputs: ['classes', 'index'],
          outputs: ['label'],
        },
        {
          operator: 'ZipMap',
          domain: 'ai.onnx.ml',
          inputs: ['probabilities'],
          outputs: ['map'],
          attributes: { classlabels_strings: { strings: ['a', 'b'] } },
        },
      ],
      initialisers: {
        W: values([3, 2]),
        classes: {
          dims: [2n],
          dataType: DataType.STRING,
          stringData: [Uint8Array.of(97), Uint8Array.of(98)],
        },
      },
      inputs: [{ name: 'x', dims: [null, 3] }],
      outputs: ['label', 'map'],
      opset: { '': 15, 'ai.onnx.ml': 1 },
    });
    const executable = model.executable(['probabilities']);
    expect(names(executable).nodes).toEqual(['MatMul', 'Softmax']);
    const { probabilities } = await results(executable, { x: values([4, 3]) });
    expect(probabilities?.dims).toEqual([4, 2]);
  });

  it('runs a graph whose nodes stand in no order', async () => {
    const model = await read({ ...twoHeads, nodes: twoHeads.nodes.toReversed() });
    expect(model.graph.nodes[0]?.operator).toBe('MatMul');
    const { first } = await results(model.executable(['first']), { x: values([2, 3]) });
    expect(first?.dims).toEqual([2, 2]);
  });

  it('keeps what a subgraph takes from around it', async () => {
    const branch = (operator: string) =>
      graphBytes({
        nodes: [{ operator, inputs: ['scaled'], outputs: [`${operator}ed`] }],
        outputs: [`${operator}ed`],
      });
    const model = await read({
      nodes: [
        { operator: 'Mul', inputs: ['x', 'two'], outputs: ['scaled'] },
        {
          operator: 'If',
          inputs: ['condition'],
          outputs: ['y'],
          attributes: { then_branch: { graph: branch('Neg') }, else_branch: { graph: branch('Abs') } },
        },
      ],
      initialisers: {
        two: { dims: [], data: Float32Array.of(2) },
        condition: { dims: [], dataType: DataType.BOOL, int32Data: [1] },
      },
      inputs: [{ name: 'x', dims: ['N'] }],
      outputs: ['y'],
    });
    const executable = model.executable(['y']);
    expect(names(executable)).toMatchObject({ nodes: ['Mul', 'If'], initialisers: ['two', 'condition'] });
    const { y } = await results(executable, { x: { dims: [2], data: Float32Array.of(3, -4) } });
    expect([...(y?.data ?? [])]).toEqual([-6, 8]);
  });

  it('keeps fields that are not read here', async () => {
    // Field 14 of a ModelProto, metadata_props: { key: "k", value: "kept" }.
    const metadata = Uint8Array.of(0x72, 9, 0x0a, 1, 0x6b, 0x12, 4, 0x6b, 0x65, 0x70, 0x74);
    const bytes = Buffer.concat([onnxModel(twoHeads), metadata]);
    const model = await readModel(await folder.write('metadata.onnx', bytes));
    expect(Buffer.from(model.executable(['first']).bytes).includes(Buffer.from(metadata))).toBe(true);
  });
});

describe('a batch size that the file fixes', () => {
  const flattened = (target: TensorValue, batch = 1): ModelParts => ({
    nodes: [
      { operator: 'Relu', inputs: ['x'], outputs: ['active'] },
      { operator: 'Reshape', inputs: ['active', 'target'], outputs: ['flat'] },
      { operator: 'MatMul', inputs: ['flat', 'W'], outputs: ['y'] },
    ],
    initialisers: { W: values([12, 2]), target },
    inputs: [{ name: 'x', dims: [batch, 3, 4] }],
    outputs: [{ name: 'y', dims: [batch, 2] }],
  });

  it.each([
    ['a size', shape(1, 12), 1],
    ['−1', shape(1, -1), 1],
    ['a size, of five samples', shape(5, 12), 5],
    ['−1, of five samples', shape(5, -1), 5],
  ])('is freed where a Reshape names it beside %s', async (_name, target, batch) => {
    const model = await read(flattened(target, batch));
    const { y } = await results(model.executable(['y']), { x: values([7, 3, 4]) });
    expect(y?.dims).toEqual([7, 2]);
  });

  it('is freed where the target is a Constant node, which other nodes may read as it was', async () => {
    const parts = flattened(shape());
    const model = await read({
      ...parts,
      nodes: [
        {
          operator: 'Constant',
          inputs: [],
          outputs: ['target'],
          attributes: { value_ints: { ints: [1, 12] } },
        },
        ...parts.nodes,
      ],
      initialisers: { W: values([12, 2]) },
    });
    const { y, target } = await results(model.executable(['y', 'target']), {
      x: values([2, 3, 4]) as RunTensor,
    });
    expect(y?.dims).toEqual([2, 2]);
    expect([...(target?.data ?? [])]).toEqual([1n, 12n]);
  });

  it('is a symbol that no dimension has already', async () => {
    const model = await read({
      nodes: [{ operator: 'Relu', inputs: ['x'], outputs: ['y'] }],
      inputs: [{ name: 'x', dims: [1, 'batch'] }],
      outputs: [{ name: 'y', dims: [1, 'batch'] }],
    });
    const { graph } = decodeModel(model.executable(['y']).bytes, 'model.onnx', false);
    for (const { type } of [...graph.input, ...graph.output]) {
      expect(type?.tensorType?.shape?.dim.map((dim) => dim.value.value)).toEqual(['batch_', 'batch']);
    }
  });

  it('leaves a Reshape of weights as it is', async () => {
    const model = await read({
      nodes: [
        { operator: 'Reshape', inputs: ['W', 'target'], outputs: ['wide'] },
        { operator: 'Mul', inputs: ['x', 'wide'], outputs: ['y'] },
      ],
      initialisers: { W: values([12]), target: shape(1, 12) },
      inputs: [{ name: 'x', dims: [1, 12] }],
      outputs: ['y'],
    });
    const executable = model.executable(['y']);
    expect(names(executable).initialisers).toEqual(['W', 'target']);
    expect((await results(executable, { x: values([3, 12]) }))['y']?.dims).toEqual([3, 12]);
  });

  it('leaves a target with −1 as it is where the batch may not come first', async () => {
    const model = await read({
      nodes: [
        { operator: 'Transpose', inputs: ['x'], outputs: ['turned'], attributes: { perm: { ints: [1, 0] } } },
        { operator: 'Reshape', inputs: ['turned', 'target'], outputs: ['y'] },
      ],
      initialisers: { target: shape(1, -1) },
      inputs: [{ name: 'x', dims: [1, 4] }],
      outputs: ['y'],
    });
    const executable = model.executable(['y']);
    expect(names(executable).initialisers).toEqual(['target']);
    // At the file's own batch size the result is the file's.
    expect((await results(executable, { x: values([1, 4]) }))['y']?.dims).toEqual([1, 4]);
  });
});

/** Sizes of dimensions that the real files leave open. */
const openSizes: Readonly<Record<string, number>> = {
  'p2o.DynamicDimension.1': 48,
  'p2o.DynamicDimension.2': 192,
  T: 16,
};

/** Random inputs: floats in [−1, 1], int64 0 or 1 (token types), int32 bytes (magika's). */
function randomFeeds(inputs: Graph['inputs'], batch: number): RunFeeds {
  const feeds = inputs.map(({ name, type, dims }, seed) => {
    const rest = (dims ?? [])
      .slice(1)
      .map((dim) => (typeof dim === 'number' ? dim : (openSizes[dim ?? ''] ?? 1)));
    const drawn = numbers(
      rest.reduce((product, dim) => product * dim, batch),
      seed + 1,
    );
    const integers =
      type === 'int64'
        ? BigInt64Array.from(drawn, (value) => (value > 0 ? 1n : 0n))
        : Int32Array.from(drawn, (value) => Math.floor(128 * (value + 1)));
    return [name, { dims: [batch, ...rest], data: type === 'float32' ? drawn : integers }];
  });
  return Object.fromEntries(feeds) as RunFeeds;
}

/** Row `index` of tensors with `batch` rows. */
function row(tensors: RunFeeds, index: number, batch: number): RunFeeds {
  const rows = Object.entries(tensors).map(([name, { dims, data }]) => {
    const width = data.length / batch;
    return [name, { dims: [1, ...dims.slice(1)], data: data.slice(index * width, (index + 1) * width) }];
  });
  return Object.fromEntries(rows) as RunFeeds;
}

function expectClose(actual: RunFeeds, expected: RunFeeds): void {
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const [name, { dims, data }] of Object.entries(expected)) {
    expect(actual[name]?.dims).toEqual(dims);
    const values = Array.from<number | bigint>(actual[name]?.data ?? []);
    for (const [index, value] of Array.from<number | bigint>(data).entries()) {
      expect(Number(values[index])).toBeCloseTo(Number(value), 5);
    }
  }
}

describe.skipIf(!corpusPresent)(`executable of real files${corpusNote}`, () => {
  const outputsOf = ({ outputs }: Graph): string[] => outputs.map((output) => output.name);

  it.each([
    ...['a', 'b', 'c', 'csmall', 'd'].map((name) => referenceFile(`${name}.onnx`)),
    ...[
      'magika-standard_v3_3',
      'marabou-KJ_TinyTaxiNet',
      'marabou-certificate_and_controller_mandal',
      'marabou-fc_2-2-3',
      'marabou-mnist2x10',
      'marabou-mnist2x5_sigmoid',
      'marabou-traffic-classifier64',
      'npm-ocr-models-ppocr_v2_cls',
      'npm-openwakeword-hello_deepa',
      'ort-examples-mnist-cntk',
      'torch1.13-bert_17',
      'torch1.13-mlp_13',
      'torch1.13-resnet_eval_17',
      'torch1.13-vit_train_17',
    ].map((name) => corpusFile(`${name}.onnx`)),
  ])('%s gives the rows of a batch as it gives them alone', async (path) => {
    const { graph, executable } = await readModel(path);
    const session = await Session.open(executable(outputsOf(graph)), 1);
    const feeds = randomFeeds(graph.inputs, 3);
    const together = await session.run(feeds);
    for (const index of [0, 1, 2]) {
      expectClose(row(together, index, 3), await session.run(row(feeds, index, 3)));
    }
    await session.release();
  });

  it.each([
    'ort-examples-mnist-cntk',
    'npm-openwakeword-hello_deepa',
    'marabou-certificate_and_controller_mandal',
  ])('%s, which fixes the batch at 1, gives what the file gives', async (name) => {
    const path = corpusFile(`${name}.onnx`);
    const { graph, executable } = await readModel(path);
    const feeds = randomFeeds(graph.inputs, 1);
    const file = await results({ bytes: await readFile(path), externalData: [] }, feeds);
    expectClose(await results(executable(outputsOf(graph)), feeds), file);
  });

  it('keeps the branches of silero_vad', async () => {
    const { executable } = await readModel(corpusFile('npm-vad-web-silero_vad_v5.onnx'));
    const { output } = await results(executable(['output']), {
      input: { dims: [1, 512], data: numbers(512) },
      state: { dims: [2, 1, 128], data: new Float32Array(256) },
      sr: { dims: [], data: BigInt64Array.of(16000n) },
    });
    expect(output?.dims).toEqual([1, 1]);
  });
});
