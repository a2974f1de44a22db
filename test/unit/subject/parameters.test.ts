import { describe, expect, it } from 'vitest';
import { ancestors } from '../../../src/graph/flow';
import { findHead } from '../../../src/subject/head';
import { chooseOutput } from '../../../src/subject/output';
import { groupLayers } from '../../../src/subject/layers';
import { findParameters } from '../../../src/subject/parameters';
import { separateMerged } from '../../../src/subject/ties';
import { classTargets, floats, modelOf, openParts, samplesOf } from '../autodiff/opening';
import type { ModelParts, NodeParts } from '../onnxModel';

const x = { name: 'x', dims: ['N', 4] };
const node = (operator: string, inputs: readonly string[], output: string, name = ''): NodeParts => ({
  operator,
  inputs,
  outputs: [output],
  name,
});
const scalar = { dims: [], data: Float32Array.of(0.5) };

async function parametersOf(parts: Omit<ModelParts, 'inputs' | 'outputs'>): Promise<readonly string[]> {
  const { graph } = await modelOf({ ...parts, inputs: [x], outputs: ['y'] });
  return findParameters(graph, ancestors(graph, 'y')).map(({ name }) => name);
}

describe('parameters', () => {
  it('are weights and biases in the order of the forward pass, not scalars', async () => {
    const found = await parametersOf({
      nodes: [
        node('MatMul', ['x', 'w1'], 'a'),
        node('Add', ['b1', 'a'], 'b'),
        node('Mul', ['b', 'half'], 'c'),
        node('Gemm', ['c', 'w2', 'b2'], 'y'),
      ],
      initialisers: {
        w2: floats(2, [3, 1]),
        b2: floats(3, [1]),
        w1: floats(1, [4, 3]),
        b1: floats(4, [3]),
        half: scalar,
      },
    });
    expect(found).toEqual(['w1', 'b1', 'w2', 'b2']);
  });

  const constant = (name: string, tensor: { dims: readonly number[]; data: Float32Array }): NodeParts => ({
    operator: 'Constant',
    inputs: [],
    outputs: [name],
    attributes: { value: { tensor } },
  });
  const zeros = { dims: [2, 3], data: new Float32Array(6) };

  it('do not hold a Constant of one number beside weights that are initialisers', async () => {
    const nodes = [
      node('MatMul', ['state', 'w2'], 'a'),
      node('MatMul', ['x', 'w1'], 'b'),
      node('Add', ['a', 'b'], 'y'),
    ];
    const weights = { w1: floats(1, [4, 3]), w2: floats(2, [3, 3]) };
    const asNode = { nodes: [constant('state', zeros), ...nodes], initialisers: weights };
    expect(await parametersOf(asNode)).toEqual(['w1', 'w2']);
    // As a simplifier leaves it.
    const renamed = nodes.map((each) => ({
      ...each,
      inputs: each.inputs.map((name) => (name === 'state' ? '/Constant_1_output_0' : name)),
    }));
    const asInitialiser = { nodes: renamed, initialisers: { ...weights, '/Constant_1_output_0': zeros } };
    expect(await parametersOf(asInitialiser)).toEqual(['w1', 'w2']);
    // An initialiser may be a weight that starts from 0.
    const started = { nodes, initialisers: { ...weights, state: zeros } };
    expect(await parametersOf(started)).toEqual(['w1', 'state', 'w2']);
  });

  it('may all be Constants, whatever their numbers', async () => {
    const parts = { nodes: [constant('w', floats(1, [4, 3])), constant('b', zeros)] };
    const nodes = [...parts.nodes, node('MatMul', ['x', 'w'], 'a'), node('Add', ['a', 'b'], 'y')];
    expect(await parametersOf({ nodes })).toEqual(['w', 'b']);
  });

  it.each([
    ['a threshold', 'Max', ['h', 't']],
    ['a limit', 'Min', ['t', 'h']],
    ['exponents', 'Pow', ['h', 't']],
    ['a token', 'Where', ['chosen', 't', 'h']],
  ])(
    'hold %s that meets what weights made, but no filling under a made-up name',
    async (_, operator, inputs) => {
      const chosen = { dims: [3], data: Uint8Array.of(1, 0, 1) };
      const network = (name: string, data: Float32Array): Promise<readonly string[]> =>
        parametersOf({
          nodes: [
            node('MatMul', ['x', 'w'], 'h'),
            node(
              operator,
              inputs.map((input) => (input === 't' ? name : input)),
              'y',
            ),
          ],
          initialisers: { w: floats(1, [4, 3]), [name]: { dims: [3], data }, chosen },
        });
      expect(await network('norm.tau', floats(2, [3]).data)).toEqual(['w', 'norm.tau']);
      expect(await network('norm.tau', new Float32Array(3))).toEqual(['w', 'norm.tau']);
      expect(await network('onnx::Max_12', new Float32Array(3))).toEqual(['w']);
    },
  );

  it('do not hold statistics of the data, told by their names', async () => {
    const found = await parametersOf({
      nodes: [
        node('MatMul', ['x', 'w'], 'a'),
        node('Mul', ['a', 'head.y_std'], 'b'),
        node('Add', ['b', 'y_mean'], 'c'),
        node('Add', ['c', 'std'], 'y'),
      ],
      initialisers: {
        w: floats(1, [4, 3]),
        'head.y_std': floats(2, [3]),
        y_mean: floats(3, [3]),
        std: floats(4, [3]),
      },
    });
    expect(found).toEqual(['w', 'std']);
  });

  it('do not hold the vectors of a spectral normalisation, which stand beside the weight', async () => {
    const nodes = [
      node('MatMul', ['l.weight_orig', 'l.weight_v'], 'a'),
      node('Mul', ['l.weight_u', 'a'], 'b'),
      node('ReduceSum', ['b'], 'sigma'),
      node('Div', ['l.weight_orig', 'sigma'], 'w'),
      node('MatMul', ['x', 'w'], 'y'),
    ];
    const vectors = { 'l.weight_u': floats(1, [4]), 'l.weight_v': floats(2, [3]) };
    const weight = { 'l.weight_orig': floats(3, [4, 3]) };
    expect(await parametersOf({ nodes, initialisers: { ...vectors, ...weight } })).toEqual(['l.weight_orig']);
  });

  it('do not hold what normalises the samples before the first weight', async () => {
    const found = await parametersOf({
      nodes: [
        node('Sub', ['x', 'mean'], 'a'),
        node('Div', ['a', 'deviation'], 'b'),
        node('MatMul', ['b', 'w'], 'y'),
      ],
      initialisers: { mean: floats(1, [4]), deviation: floats(2, [4]), w: floats(3, [4, 3]) },
    });
    expect(found).toEqual(['w']);
  });

  it('do not hold running statistics, masks and integers', async () => {
    const found = await parametersOf({
      nodes: [
        node('MatMul', ['x', 'w'], 'a'),
        node('BatchNormalization', ['a', 'scale', 'bias', 'mean', 'variance'], 'b'),
        node('Add', ['b', 'mask'], 'c'),
        node('Sub', ['c', 'moving_mean'], 'd'),
        node('Reshape', ['d', 'shape'], 'y'),
      ],
      initialisers: {
        w: floats(1, [4, 3]),
        scale: floats(2, [3]),
        bias: floats(3, [3]),
        mean: floats(4, [3]),
        variance: floats(5, [3]),
        mask: { dims: [3], data: Float32Array.of(0, -1e9, 0) },
        moving_mean: floats(6, [3]),
        shape: { dims: [2], data: BigInt64Array.of(-1n, 3n) },
      },
    });
    expect(found).toEqual(['w', 'scale', 'bias']);
  });

  it('are found in what onnxruntime fuses, by the domain of the operator', async () => {
    const fused = (operator: string, inputs: readonly string[], output: string): NodeParts => ({
      ...node(operator, inputs, output),
      domain: 'com.microsoft',
    });
    const parts = {
      nodes: [
        fused('FusedMatMul', ['x', 'dense.weight'], 'a'),
        fused('BiasGelu', ['a', 'dense.bias'], 'b'),
        fused('FusedMatMul', ['b', 'out.weight'], 'o'),
        fused('SkipLayerNormalization', ['o', 'b', 'norm.weight', 'norm.bias', 'val_9'], 'c'),
        fused('SkipSimplifiedLayerNormalization', ['c', 'c', 'rms.weight'], 'd'),
        fused('FusedGemm', ['d', 'head.weight', 'head.bias'], 'y'),
      ],
      initialisers: {
        'dense.weight': floats(1, [4, 3]),
        'dense.bias': floats(2, [3]),
        'out.weight': floats(9, [3, 3]),
        'norm.weight': floats(3, [3]),
        'norm.bias': floats(4, [3]),
        val_9: floats(5, [3]),
        'rms.weight': floats(6, [3]),
        'head.weight': floats(7, [3, 2]),
        'head.bias': floats(8, [2]),
      },
    };
    const { graph } = await modelOf({ ...parts, inputs: [x], outputs: ['y'] });
    const parameters = findParameters(graph, ancestors(graph, 'y'));
    expect(parameters.map(({ name }) => name)).toEqual(Object.keys(parts.initialisers));
    const layers = groupLayers(graph, parameters, () => [1, 3]);
    const ofLayers = layers.map(({ name, kind, parameters: own }) => `${kind} ${name}, ${own.length}`);
    expect(ofLayers).toEqual([
      'Linear dense, 2',
      'Linear out, 2',
      'LayerNorm norm, 2',
      'RMSNorm rms, 1',
      'Linear head, 2',
    ]);
    const other = { ...parts, nodes: parts.nodes.map((each) => ({ ...each, domain: 'another' })) };
    const { graph: unknown } = await modelOf({ ...other, inputs: [x], outputs: ['y'] });
    expect(findParameters(unknown, ancestors(unknown, 'y'))).toEqual([]);
  });

  it('are counted once where they are tied, also through a view', async () => {
    const found = await parametersOf({
      nodes: [
        node('MatMul', ['x', 'w'], 'a'),
        node('Identity', ['w'], 'again'),
        node('Transpose', ['again'], 'turned'),
        node('MatMul', ['a', 'turned'], 'y'),
      ],
      initialisers: { w: floats(1, [4, 3]) },
    });
    expect(found).toEqual(['w']);
  });
});

describe('layers', () => {
  it('join a weight and its bias, and are named from either', async () => {
    const parts = {
      nodes: [
        node('MatMul', ['x', 'onnx::MatMul_12'], 'a', '/fc1/MatMul'),
        node('Add', ['fc1.bias', 'a'], 'b', '/fc1/Add'),
        node('LayerNormalization', ['b', 'norm.weight', 'norm.bias'], 'c'),
        node('MatMul', ['c', 'val_3'], 'd', '/head/MatMul'),
        node('Add', ['d', 'val_4'], 'y', '/head/Add'),
      ],
      initialisers: {
        'onnx::MatMul_12': floats(1, [4, 3]),
        'fc1.bias': floats(2, [3]),
        'norm.weight': floats(3, [3]),
        'norm.bias': floats(4, [3]),
        val_3: floats(5, [3, 2]),
        val_4: floats(6, [2]),
      },
    };
    const { graph } = await modelOf({ ...parts, inputs: [x], outputs: ['y'] });
    const parameters = findParameters(graph, ancestors(graph, 'y'));
    const sizes: Readonly<Record<string, number>> = { a: 3, d: 2 };
    const layers = groupLayers(graph, parameters, (name) => [1, sizes[name] ?? 1]);
    expect(layers.map(({ name, kind, inputs, outputs }) => ({ name, kind, inputs, outputs }))).toEqual([
      { name: 'fc1', kind: 'Linear', inputs: 4, outputs: 3 },
      { name: 'norm', kind: 'LayerNorm', inputs: 3, outputs: 3 },
      { name: 'head', kind: 'Linear', inputs: 3, outputs: 2 },
    ]);
    expect(layers.map((layer) => layer.parameters.map(({ name }) => name))).toEqual([
      ['onnx::MatMul_12', 'fc1.bias'],
      ['norm.weight', 'norm.bias'],
      ['val_3', 'val_4'],
    ]);
  });
});

describe('the head', () => {
  const logits = node('MatMul', ['x', 'w'], 'z');
  const axes = { dims: [1], data: BigInt64Array.of(1n) };
  it.each([
    ['softmax', [node('Softmax', ['z'], 'p'), node('Identity', ['p'], 'y')]],
    ['softmax', [node('LogSoftmax', ['z'], 'y')]],
    ['sigmoid', [node('Sigmoid', ['z'], 'y')]],
    [
      'softmax',
      [
        { ...node('ReduceMax', ['z'], 'm'), attributes: { axes: { ints: [1] }, keepdims: { int: 1 } } },
        node('Sub', ['z', 'm'], 'c'),
        node('Exp', ['c'], 'e'),
        node('ReduceSum', ['e', 'axes'], 's'),
        node('Div', ['e', 's'], 'y'),
      ],
    ],
  ] as const)('%s is cut off', async (kind, nodes) => {
    const { graph } = await modelOf({
      nodes: [logits, ...nodes],
      initialisers: { w: floats(1, [4, 3]), axes },
      inputs: [x],
      outputs: ['y'],
    });
    expect(findHead(graph, 'y')).toMatchObject({ kind, logits: 'z' });
  });

  it('is the logarithm of probabilities that a loss inside the model gives too', async () => {
    const loss = { operator: 'SoftmaxCrossEntropyLoss', inputs: ['z', 'labels'], outputs: ['loss', 'y'] };
    const { graph } = await modelOf({
      nodes: [logits, loss],
      initialisers: { w: floats(1, [4, 3]) },
      inputs: [x, { name: 'labels', dims: ['N'] }],
      outputs: ['loss', 'y'],
    });
    expect(findHead(graph, 'y')).toEqual({ kind: 'softmax', logits: 'z', isLogarithm: true });
    expect(findHead(graph, 'loss')).toEqual({ kind: 'none', logits: 'loss' });
  });

  it('is none where the output is not one of probabilities', async () => {
    const { graph } = await modelOf({
      nodes: [logits, node('Exp', ['z'], 'e'), node('Div', ['e', 'z'], 'y')],
      initialisers: { w: floats(1, [4, 3]) },
      inputs: [x],
      outputs: ['y'],
    });
    expect(findHead(graph, 'y')).toEqual({ kind: 'none', logits: 'y' });
    expect(chooseOutput(graph, 'z')).toBe('z');
    expect(() => chooseOutput(graph, 'nothing')).toThrow('The model has no output "nothing"');
    expect(chooseOutput(graph, null)).toBe('y');
  });
});

describe('tied weights', () => {
  const tied = floats(1, [4, 3]);
  const transposed = {
    dims: [3, 4],
    data: Float32Array.from({ length: 12 }, (_, i) => tied.data[(i % 4) * 3 + Math.floor(i / 4)] ?? 0),
  };
  const ones = { dims: [3], data: new Float32Array(3).fill(1) };

  it('are counted once where the file holds a transposed copy, and give the products of the tied model', async () => {
    const nodes = [
      node('MatMul', ['x', 'w'], 'a'),
      node('Tanh', ['a'], 'b'),
      node('MatMul', ['b', 'copy'], 'y'),
    ];
    const view = [...nodes.slice(0, 2), node('Transpose', ['w'], 'copy'), ...nodes.slice(2)];
    const samples = samplesOf('x', 5, [4]);
    const shape = { inputs: [x], outputs: ['y'] };
    const stored = await openParts(
      { ...shape, nodes, initialisers: { w: tied, copy: transposed } },
      samples,
      classTargets(5, 4),
    );
    const viewed = await openParts(
      { ...shape, nodes: view, initialisers: { w: tied } },
      samples,
      classTargets(5, 4),
    );
    const vector = Float64Array.from({ length: 12 }, (_, i) => Math.cos(i));
    expect(stored.order).toBe(12);
    expect(await stored.multiply(vector)).toEqual(await viewed.multiply(vector));
    await stored.release();
    await viewed.release();
  });

  it('are not what an exporter merged because all their numbers are equal', async () => {
    const { graph } = await modelOf({
      nodes: [
        node('MatMul', ['x', 'w'], 'a'),
        node('Identity', ['norm1.weight'], 'norm2.weight'),
        node('Mul', ['a', 'norm1.weight'], 'b'),
        node('Mul', ['b', 'norm2.weight'], 'c'),
        node('Mul', ['c', 'norm1.weight'], 'y'),
      ],
      initialisers: { w: tied, 'norm1.weight': ones },
      inputs: [x],
      outputs: ['y'],
    });
    const { graph: separate } = separateMerged(graph);
    const names = findParameters(separate, ancestors(separate, 'y')).map(({ name }) => name);
    expect(names).toEqual(['w', 'norm1.weight', 'norm2.weight']);
  });

  it('are copies that PyTorch merged, under names of their own, whatever their numbers', async () => {
    const square = floats(1, [4, 4]);
    const { graph } = await modelOf({
      nodes: [
        node('Identity', ['layers.0.weight'], 'layers.1.weight'),
        node('MatMul', ['x', 'layers.0.weight'], 'a'),
        node('MatMul', ['a', 'layers.1.weight'], 'y'),
      ],
      initialisers: { 'layers.0.weight': square },
      inputs: [x],
      outputs: ['y'],
    });
    const { graph: separate } = separateMerged(graph);
    const names = findParameters(separate, ancestors(separate, 'y')).map(({ name }) => name);
    expect(names).toEqual(['layers.0.weight', 'layers.1.weight']);
  });

  it.each([
    [['/n/Mul', '/n_1/Mul'], ['n.weight']],
    [['/a/n/Mul', '/a_1/n/Mul'], ['a.n.weight']],
    [['/a/a.n/Mul', '/a_1/a.n/Mul'], ['a.n.weight']],
    [
      ['/n/Mul', '/m/Mul'],
      ['n.weight', 'n.weight (2)'],
    ],
    [
      ['/n_1/Mul', '/n_2/Mul'],
      ['n_1.weight', 'n_1.weight (2)'],
    ],
    [['Mul_1', 'Mul_2'], ['n.weight']],
  ] as const)('of equal numbers at %s are %s', async ([first, second], expected) => {
    const [name] = expected;
    const { graph } = await modelOf({
      nodes: [
        node('MatMul', ['x', 'w'], 'a'),
        node('Mul', ['a', name], 'b', first),
        node('Mul', ['b', name], 'y', second),
      ],
      initialisers: { w: tied, [name]: ones },
      inputs: [x],
      outputs: ['y'],
    });
    const { graph: separate } = separateMerged(graph);
    const names = findParameters(separate, ancestors(separate, 'y')).map((each) => each.name);
    expect(names).toEqual(['w', ...expected]);
  });
});
