import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../../../src/graph/graph';
import { TensorProto_DataType as DataType } from '../../../../src/runtime/onnx/onnx_pb';
import { readModel } from '../../../../src/formats/readModel';
import { graphBytes, onnxModel, tensorParts } from '../../onnxModel';
import type { AttributeValue, ModelParts, NodeParts } from '../../onnxModel';
import { failureFrom } from '../failures';
import { values } from '../running';
import { temporaryFolder } from '../temporaryFolder';

const folder = temporaryFolder();

async function graphOf(parts: ModelParts) {
  return (await readModel(await folder.write('model.onnx', onnxModel(parts)))).graph;
}

const relu = (input: string, output: string, name = ''): NodeParts => ({
  operator: 'Relu',
  inputs: [input],
  outputs: [output],
  name,
});

const inputs = [{ name: 'x', dims: ['N', 3] }] as const;

describe('the Graph of an ONNX file', () => {
  it('has nodes, attributes, initialisers, inputs, outputs and opsets as they are in the file', async () => {
    const W = values([2, 3]);
    const graph = await graphOf({
      nodes: [
        {
          operator: 'Gemm',
          name: 'dense',
          inputs: ['x', 'W', ''],
          outputs: ['y'],
          attributes: {
            alpha: { float: 0.5 },
            transB: { int: 1 },
            pads: { ints: [0, -1] },
            mode: { string: 'é' },
          },
        },
      ],
      initialisers: { W },
      inputs: [
        { name: 'x', dims: ['N', 3] },
        { name: 'W', dims: [2, 3] },
        { name: 'n', dims: [null, -1, 0, 5], type: DataType.INT64 },
        { name: 'any' },
      ],
      outputs: [{ name: 'y', dims: ['N', 2] }],
      opset: { 'ai.onnx': 13, custom: 2 },
    });
    expect(graph).toEqual({
      nodes: [
        {
          name: 'dense',
          operator: 'Gemm',
          domain: '',
          inputs: ['x', 'W', ''],
          outputs: ['y'],
          attributes: new Map([
            ['alpha', { kind: 'float', value: 0.5 }],
            ['transB', { kind: 'int', value: 1 }],
            ['pads', { kind: 'ints', value: [0, -1] }],
            ['mode', { kind: 'string', value: 'é' }],
          ]),
        },
      ],
      initialisers: new Map([['W', { type: 'float32', dims: [2, 3], data: W.data }]]),
      inputs: [
        { name: 'x', type: 'float32', dims: ['N', 3] },
        { name: 'n', type: 'int64', dims: [null, null, null, 5] },
        { name: 'any', type: 'other', dims: null },
      ],
      outputs: [{ name: 'y', type: 'float32', dims: ['N', 2] }],
      opsets: new Map([
        ['', 13],
        ['custom', 2],
      ]),
    });
  });

  it.each<[string, AttributeValue, Tensor]>([
    [
      'value',
      { tensor: { dims: [2], data: Float32Array.of(1, 2) } },
      { type: 'float32', dims: [2], data: Float32Array.of(1, 2) },
    ],
    ['value_float', { float: 0.5 }, { type: 'float32', dims: [], data: Float32Array.of(0.5) }],
    ['value_floats', { floats: [1, 2] }, { type: 'float32', dims: [2], data: Float32Array.of(1, 2) }],
    [
      'value_int',
      { int: 2n ** 62n + 1n },
      { type: 'int64', dims: [], data: BigInt64Array.of(2n ** 62n + 1n) },
    ],
    [
      'value_ints',
      { ints: [1, 2n ** 63n - 1n] },
      { type: 'int64', dims: [2], data: BigInt64Array.of(1n, 2n ** 63n - 1n) },
    ],
  ])('has the Constant of %s as an initialiser', async (name, value, tensor) => {
    const graph = await graphOf({
      nodes: [{ operator: 'Constant', inputs: [], outputs: ['c'], attributes: { [name]: value } }],
      outputs: ['c'],
    });
    expect(graph.nodes).toEqual([]);
    expect(graph.initialisers).toEqual(new Map([['c', { ...tensor, isConstantNode: true }]]));
  });

  it('keeps constants that a Tensor cannot hold, and subgraphs, as nodes to be refused', async () => {
    const graph = await graphOf({
      nodes: [
        {
          operator: 'Constant',
          inputs: [],
          outputs: ['words'],
          attributes: { value_strings: { strings: ['a'] } },
        },
        {
          operator: 'If',
          inputs: ['condition'],
          outputs: ['y'],
          attributes: { then_branch: { graph: graphBytes({ nodes: [], outputs: ['x'] }) } },
        },
      ],
      initialisers: {
        names: { dims: [1n], dataType: DataType.STRING, stringData: [Uint8Array.of(97)] },
      },
      inputs: [...inputs, { name: 'condition', dims: [], type: DataType.BOOL }],
      outputs: ['y'],
    });
    expect(
      graph.nodes.map(({ name, operator, outputs, attributes }) => [name, operator, outputs, ...attributes]),
    ).toEqual([
      [
        'Constant names',
        'Constant',
        ['names'],
        ['value', { kind: 'unsupported', value: 'a tensor of strings' }],
      ],
      [
        'Constant words',
        'Constant',
        ['words'],
        ['value', { kind: 'unsupported', value: 'a tensor of strings' }],
      ],
      ['If_1', 'If', ['y'], ['then_branch', { kind: 'unsupported', value: 'a subgraph' }]],
    ]);
  });

  it('gives every node a name of its own', async () => {
    const graph = await graphOf({
      nodes: [relu('x', 'a', 'act'), relu('a', 'b', 'act'), relu('b', 'c'), relu('c', 'd', 'Relu_2')],
      inputs,
      outputs: ['d'],
    });
    expect(graph.nodes.map((node) => node.name)).toEqual(['act', 'Relu_1', 'Relu_2_', 'Relu_2']);
  });

  it('sorts nodes so that each follows what it reads, through subgraphs too', async () => {
    const graph = await graphOf({
      nodes: [
        {
          operator: 'If',
          name: 'last',
          inputs: ['condition'],
          outputs: ['y'],
          attributes: { then_branch: { graph: graphBytes({ nodes: [], outputs: ['b'] }) } },
        },
        relu('a', 'b', 'second'),
        relu('x', 'a', 'first'),
      ],
      inputs: [...inputs, { name: 'condition', dims: [], type: DataType.BOOL }],
      outputs: ['y'],
    });
    expect(graph.nodes.map((node) => node.name)).toEqual(['first', 'second', 'last']);
  });

  it('sorts 20,000 nodes in reverse', async () => {
    const count = 20_000;
    const tensor = (index: number): string => (index === 0 ? 'x' : `t${index}`);
    const nodes = Array.from({ length: count }, (_, index) => relu(tensor(index), tensor(index + 1)));
    const graph = await graphOf({ nodes: nodes.toReversed(), inputs, outputs: [tensor(count)] });
    expect(graph.nodes.map((node) => node.outputs[0])).toEqual(nodes.map((node) => node.outputs[0]));
  });

  it.each<[string, Partial<ModelParts>, string]>([
    [
      'a cycle',
      { nodes: [relu('c', 'a', 'one'), relu('a', 'b', 'two'), relu('b', 'c')], outputs: ['c'] },
      'its nodes form a cycle: the node "one" (Relu) depends on itself, through "a"',
    ],
    [
      'a node that reads what nothing makes',
      { nodes: [relu('absent', 'y', 'one')] },
      'the node "one" (Relu) reads "absent", which nothing in it makes',
    ],
    [
      'a tensor that two nodes make',
      { nodes: [relu('x', 'y', 'one'), relu('x', 'y', 'two')] },
      'the node "two" (Relu) makes "y", which is made already',
    ],
    [
      'a node that makes an input',
      { nodes: [relu('x', 'x', 'one')], outputs: ['x'] },
      'the node "one" (Relu) makes "x", which is made already',
    ],
    [
      'an initialiser given twice',
      { initialisers: [tensorParts('W', values([1])), tensorParts('W', values([1]))] },
      'it holds the initialiser "W" twice',
    ],
    [
      'an initialiser without a name',
      { initialisers: [tensorParts('', values([1]))] },
      'an initialiser in it has no name',
    ],
    ['an input given twice', { inputs: [{ name: 'x' }, { name: 'x' }] }, 'its graph has the input "x" twice'],
    ['an output that nothing makes', { outputs: ['z'] }, 'nothing in it makes its output "z"'],
    ['no outputs', { outputs: [] }, 'its graph has no outputs'],
    [
      'a node without an operator',
      { nodes: [{ operator: '', name: 'one', inputs: ['x'], outputs: ['y'] }] },
      'the node "one" has no operator',
    ],
    [
      'a Constant without a value',
      { nodes: [{ operator: 'Constant', inputs: [], outputs: ['y'] }] },
      'the Constant "y" does not hold exactly one value',
    ],
    [
      'a Constant of another attribute',
      { nodes: [{ operator: 'Constant', inputs: [], outputs: ['y'], attributes: { number: { int: 1 } } }] },
      'the Constant "y" holds its value in an unknown attribute "number"',
    ],
    [
      'operators without their version',
      { opset: { custom: 1 } },
      "it does not say which version of ONNX's operators it uses",
    ],
    [
      'a domain imported twice',
      { opset: { '': 13, 'ai.onnx': 14 } },
      'it imports the operators of "" in two versions, 13 and 14',
    ],
  ])('refuses %s', async (_name, parts, what) => {
    const failure = await failureFrom(() =>
      graphOf({ nodes: [relu('x', 'y')], inputs, outputs: ['y'], ...parts }),
    );
    expect(failure).toEqual({
      kind: 'DamagedModel',
      message: `"model.onnx" is damaged: ${what}; copy the file again or export the model again.`,
      detail: null,
    });
  });

  it.each([
    [
      6,
      'the oldest that can be analysed is 7; convert it with onnx.version_converter.convert_version(model, 17) and save it again.',
    ],
    [27, 'the newest that can be analysed is 26; export it with opset_version=26 or lower.'],
  ])("refuses version %i of ONNX's operators and says what to do", async (opset, rest) => {
    const failure = await failureFrom(() =>
      graphOf({ nodes: [relu('x', 'y')], inputs, outputs: ['y'], opset }),
    );
    expect(failure).toEqual({
      kind: 'UnsupportedStructure',
      message: `"model.onnx" uses version ${opset} of ONNX's operators, but ${rest}`,
      detail: null,
    });
  });

  it.each([
    [{ name: 'pytorch', version: '1.13.1' }, 'PyTorch 1.13.1'],
    [{ name: 'skl2onnx', version: '1.16' }, 'scikit-learn (skl2onnx) 1.16'],
    [{ name: 'CNTK', version: '' }, 'CNTK'],
    [{ name: '', version: '3' }, null],
    [{ name: 'a\u202eb', version: '' }, 'a b'],
  ])('names the producer of %o', async (producer, expected) => {
    const path = await folder.write('made.onnx', onnxModel({ nodes: [], inputs, outputs: ['x'], producer }));
    expect((await readModel(path)).producer).toBe(expected);
  });
});
