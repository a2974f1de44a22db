import { describe, expect, it } from 'vitest';
import { TensorProto_DataType as DataType } from '../../../../src/runtime/onnx/onnx_pb';
import { readModel } from '../../../../src/formats/readModel';
import { graphBytes, onnxModel } from '../../onnxModel';
import type { ModelParts } from '../../onnxModel';
import { failureFrom } from '../failures';
import { namesIn, numbers, results, values } from '../running';
import { temporaryFolder } from '../temporaryFolder';

const folder = temporaryFolder();

async function read(parts: ModelParts) {
  return readModel(await folder.write('model.onnx', onnxModel(parts)));
}

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
    expect(namesIn(model.executable(['first']))).toEqual({
      inputs: ['x'],
      nodes: ['MatMul', 'Relu'],
      initialisers: ['W'],
      outputs: ['first'],
    });
    expect(namesIn(model.executable(['second', 'second', 'hidden']))).toEqual({
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
    expect(namesIn(executable).nodes).toEqual(['MatMul', 'Softmax']);
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
      },
      inputs: [
        { name: 'x', dims: ['N'] },
        { name: 'condition', dims: [], type: DataType.BOOL },
      ],
      outputs: ['y'],
    });
    const executable = model.executable(['y']);
    expect(namesIn(executable)).toMatchObject({ nodes: ['Mul', 'If'], initialisers: ['two'] });
    const { y } = await results(executable, {
      x: { dims: [2], data: Float32Array.of(3, -4) },
      condition: { dims: [], data: Uint8Array.of(1), type: 'bool' },
    });
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
