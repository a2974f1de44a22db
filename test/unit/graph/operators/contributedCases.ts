import type { NodeParts, TensorValue } from '../../onnxModel';
import { floats } from '../../autodiff/opening';
import type { OperatorCase } from './operatorCase';
import { ints, scalar } from './operatorCase';

const domain = 'com.microsoft';

/** From the samples: 1 where a key is shown, of every sample its first; and how many keys are. */
const masks: readonly NodeParts[] = [
  { operator: 'Slice', inputs: ['input', 'from', 'to', 'second axis'], outputs: ['part'] },
  { operator: 'Greater', inputs: ['part', 'thresholds'], outputs: ['shown'] },
  { operator: 'Cast', inputs: ['shown'], outputs: ['keys'], attributes: { to: { int: 6 } } },
  {
    operator: 'ReduceSum',
    inputs: ['keys', 'second axis'],
    outputs: ['lengths'],
    attributes: { keepdims: { int: 0 } },
  },
];
const pairs: readonly NodeParts[] = [
  { operator: 'Unsqueeze', inputs: ['keys', 'second axis'], outputs: ['row'] },
  { operator: 'Unsqueeze', inputs: ['keys', 'third axis'], outputs: ['column'] },
  { operator: 'Max', inputs: ['row', 'column'], outputs: ['pairs'] },
];
const starts: readonly NodeParts[] = [
  { operator: 'Add', inputs: ['lengths', 'one'], outputs: ['ends'] },
  { operator: 'Sub', inputs: ['lengths', 'one'], outputs: ['starts'] },
  { operator: 'Concat', inputs: ['ends', 'starts'], outputs: ['borders'], attributes: { axis: { int: 0 } } },
];
const maskTensors: Readonly<Record<string, TensorValue>> = {
  from: ints(0),
  to: ints(3),
  'second axis': ints(1),
  'third axis': ints(2),
  thresholds: { dims: [3], data: Float32Array.of(-2, 0, 0) },
  one: { dims: [1], data: Int32Array.of(1) },
};

function nodesFor(inputs: readonly string[]): readonly NodeParts[] {
  if (inputs.includes('pairs')) return [...masks, ...pairs];
  if (inputs.includes('borders')) return [...masks, ...starts];
  return inputs.includes('keys') || inputs.includes('lengths') ? masks : [];
}

const attention = (
  note: string,
  inputs: readonly string[],
  tensors: Readonly<Record<string, TensorValue>> = {},
  attributes: NodeParts['attributes'] = {},
): OperatorCase => ({
  operator: 'Attention',
  domain,
  note,
  shape: [3, 8],
  size: 24,
  float32Only: true,
  nodes: [
    ...nodesFor(inputs),
    {
      operator: 'Attention',
      domain,
      inputs,
      outputs: ['y'],
      attributes: { num_heads: { int: 2 }, ...attributes },
    },
  ],
  tensors: { w: floats(5, [8, 24]), b: floats(6, [24]), ...maskTensors, ...tensors },
});

const multiHead = (
  note: string,
  inputs: readonly string[],
  tensors: Readonly<Record<string, TensorValue>> = {},
  attributes: NodeParts['attributes'] = {},
): OperatorCase => ({
  operator: 'MultiHeadAttention',
  domain,
  note,
  shape: [3, 8],
  size: 24,
  float32Only: true,
  nodes: [
    ...nodesFor(inputs),
    {
      operator: 'MultiHeadAttention',
      domain,
      inputs,
      outputs: ['y'],
      attributes: { num_heads: { int: 2 }, ...attributes },
    },
  ],
  tensors: { ...maskTensors, ...tensors },
});

const fusedConv = (activation: string, ...params: number[]): OperatorCase => ({
  operator: 'FusedConv',
  domain,
  note: activation,
  shape: [2, 5, 6],
  size: 90,
  float32Only: true,
  tensors: { w: floats(5, [3, 2, 3, 3]), b: floats(6, [3]) },
  attributes: {
    pads: { ints: [1, 1, 1, 1] },
    activation: { string: activation },
    ...(params.length === 0 ? {} : { activation_params: { floats: params } }),
  },
});

/** What onnxruntime's optimisers write. */
export const contributedCases: readonly OperatorCase[] = [
  { operator: 'Gelu', domain, shape: [6], float32Only: true },
  { operator: 'QuickGelu', domain, shape: [6], float32Only: true },
  {
    operator: 'QuickGelu',
    domain,
    note: 'as SiLU',
    shape: [6],
    float32Only: true,
    attributes: { alpha: { float: 1 } },
  },
  { operator: 'FastGelu', domain, shape: [6], float32Only: true },
  {
    operator: 'FastGelu',
    domain,
    note: 'with a bias',
    shape: [2, 3],
    float32Only: true,
    tensors: { b: floats(5, [3]) },
  },
  { operator: 'BiasGelu', domain, shape: [2, 3], float32Only: true, tensors: { b: floats(5, [3]) } },
  {
    operator: 'SimplifiedLayerNormalization',
    shape: [2, 4],
    tensors: { s: floats(5, [4]) },
    attributes: { epsilon: { float: 1e-3 }, axis: { int: -1 }, stash_type: { int: 1 } },
  },
  {
    operator: 'LayerNormalization',
    note: 'before operator set 17, as onnxruntime wrote it',
    shape: [2, 4],
    opset: 13,
    tensors: { s: floats(5, [4]), b: floats(6, [4]) },
  },
  {
    operator: 'SkipLayerNormalization',
    domain,
    float32Only: true,
    shape: [2, 4],
    tensors: { skip: floats(4, [1, 2, 4]), s: floats(5, [4]), beta: floats(6, [4]), b: floats(7, [4]) },
    attributes: { epsilon: { float: 1e-5 } },
  },
  {
    operator: 'SkipLayerNormalization',
    domain,
    float32Only: true,
    note: 'whose sum is used too',
    shape: [2, 4],
    nodes: [
      { operator: 'Tanh', inputs: ['x'], outputs: ['t'] },
      {
        operator: 'SkipLayerNormalization',
        domain,
        inputs: ['t', 'x', 's', 'beta'],
        outputs: ['n', '', '', 'sum'],
        attributes: { epsilon: { float: 1e-5 } },
      },
      { operator: 'Mul', inputs: ['n', 'sum'], outputs: ['y'] },
    ],
    tensors: { s: floats(5, [4]), beta: floats(6, [4]) },
  },
  {
    operator: 'SkipSimplifiedLayerNormalization',
    domain,
    float32Only: true,
    shape: [2, 4],
    tensors: { skip: floats(4, [1, 2, 4]), s: floats(5, [4]), b: floats(7, [4]) },
    attributes: { epsilon: { float: 1e-5 } },
  },
  {
    operator: 'FusedMatMul',
    domain,
    shape: [3, 4],
    size: 6,
    tensors: { w: floats(5, [2, 4]) },
    attributes: { transB: { int: 1 }, alpha: { float: 0.5 } },
  },
  {
    operator: 'FusedMatMul',
    domain,
    note: 'with itself, transposed over the batch',
    shape: [3, 4],
    size: 16,
    nodes: [
      { operator: 'Transpose', inputs: ['x'], outputs: ['t'], attributes: { perm: { ints: [1, 0, 2] } } },
      {
        operator: 'FusedMatMul',
        domain,
        inputs: ['t', 't'],
        outputs: ['y'],
        attributes: { transBatchA: { int: 1 }, transBatchB: { int: 1 }, transA: { int: 1 } },
      },
    ],
  },
  ...(
    [
      ['Relu', {}],
      ['Tanh', {}],
      ['Sigmoid', {}],
      ['LeakyRelu', { activation_alpha: { float: 0.2 } }],
      ['HardSigmoid', { activation_alpha: { float: 0.3 }, activation_beta: { float: 0.4 } }],
    ] as const
  ).map(([activation, parameters]): OperatorCase => ({
    operator: 'FusedGemm',
    domain,
    note: activation,
    shape: [6],
    size: 4,
    float32Only: true,
    tensors: { w: floats(5, [4, 6]), b: floats(6, [4]) },
    attributes: { transB: { int: 1 }, activation: { string: activation }, ...parameters },
  })),
  fusedConv('Relu'),
  fusedConv('LeakyRelu', 0.2),
  fusedConv('Clip', 0, 6),
  fusedConv('HardSigmoid', 0.2, 0.5),
  {
    operator: 'FusedConv',
    domain,
    note: 'with a summand',
    shape: [2, 5, 6],
    float32Only: true,
    nodes: [
      {
        operator: 'FusedConv',
        domain,
        inputs: ['x', 'w', 'b', 'x'],
        outputs: ['y'],
        attributes: { pads: { ints: [1, 1, 1, 1] }, activation: { string: 'Relu' } },
      },
    ],
    tensors: { w: floats(5, [2, 2, 3, 3]), b: floats(6, [2]) },
  },
  attention('', ['x', 'w', 'b']),
  attention('causal', ['x', 'w', 'b'], {}, { unidirectional: { int: 1 }, scale: { float: 0.3 } }),
  attention('with a mask of keys', ['x', 'w', 'b', 'keys']),
  attention('causal, with a mask of keys', ['x', 'w', 'b', 'keys'], {}, { unidirectional: { int: 1 } }),
  attention('with a mask of pairs', ['x', 'w', 'b', 'pairs'], {}, { mask_filter_value: { float: -5 } }),
  attention('with lengths', ['x', 'w', 'b', 'lengths']),
  attention('with ends and starts', ['x', 'w', 'b', 'borders']),
  attention('with a bias of scores', ['x', 'w', 'b', '', '', 'scores'], { scores: floats(7, [1, 2, 3, 3]) }),
  {
    ...attention(
      'with values of another width',
      ['x', 'w', 'b'],
      { w: floats(5, [8, 20]), b: floats(6, [20]) },
      { qkv_hidden_sizes: { ints: [8, 8, 4] } },
    ),
    size: 12,
  },
  multiHead('', ['x', 'x', 'x']),
  multiHead('with a bias', ['x', 'x', 'x', 'b'], { b: floats(6, [24]) }),
  multiHead('causal', ['x', 'x', 'x'], {}, { unidirectional: { int: 1 } }),
  multiHead('with a mask of keys', ['x', 'x', 'x', '', 'keys']),
  multiHead('with lengths', ['x', 'x', 'x', '', 'lengths']),
  multiHead('with a bias of scores', ['x', 'x', 'x', '', '', 'scores'], { scores: floats(7, [1, 2, 3, 3]) }),
  {
    operator: 'EmbedLayerNormalization',
    domain,
    shape: [4],
    size: 12,
    float32Only: true,
    nodes: [
      ...masks,
      { operator: 'Abs', inputs: ['part'], outputs: ['positive'] },
      { operator: 'Mul', inputs: ['positive', 'five'], outputs: ['numbers'] },
      { operator: 'Cast', inputs: ['numbers'], outputs: ['words'], attributes: { to: { int: 6 } } },
      {
        operator: 'EmbedLayerNormalization',
        domain,
        inputs: ['words', 'keys', 'table', 'places', 'kinds', 's', 'beta', 'keys'],
        outputs: ['e', 'shown lengths', 'sum'],
        attributes: { epsilon: { float: 1e-5 } },
      },
      { operator: 'Add', inputs: ['e', 'sum'], outputs: ['both'] },
      { operator: 'Unsqueeze', inputs: ['x', 'second axis'], outputs: ['across'] },
      { operator: 'Mul', inputs: ['both', 'across'], outputs: ['scaled'] },
      {
        operator: 'Attention',
        domain,
        inputs: ['scaled', 'w', 'b', 'shown lengths'],
        outputs: ['y'],
        attributes: { num_heads: { int: 2 } },
      },
    ],
    tensors: {
      ...maskTensors,
      five: scalar(4.9),
      table: floats(11, [5, 4]),
      places: floats(12, [6, 4]),
      kinds: floats(13, [2, 4]),
      s: floats(14, [4]),
      beta: floats(15, [4]),
      w: floats(16, [4, 12]),
      b: floats(17, [12]),
    },
  },
];
