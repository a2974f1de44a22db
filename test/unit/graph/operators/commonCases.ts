import { floats } from '../../autodiff/opening';
import type { OperatorCase } from './operatorCase';
import { int, ints, scalar } from './operatorCase';

const image = [2, 5, 6];

const listed: readonly OperatorCase[] = [
  ...'Relu Tanh Sigmoid Softplus Erf Exp Sin Cos Abs Neg LeakyRelu Elu Celu Selu HardSigmoid HardSwish Mish Softsign ThresholdedRelu Identity Sinh Cosh'
    .split(' ')
    .map((operator): OperatorCase => ({ operator, shape: [6], opset: 18 })),
  ...'Log Sqrt Reciprocal'.split(' ').map((operator): OperatorCase => ({ operator, shape: [6], shift: 3 })),
  { operator: 'Gelu', shape: [6], opset: 20 },
  { operator: 'Gelu', note: 'tanh', shape: [6], opset: 20, attributes: { approximate: { string: 'tanh' } } },
  { operator: 'Pow', note: 'square', shape: [6], tensors: { p: scalar(2) } },
  { operator: 'Pow', note: 'any power', shape: [6], tensors: { p: scalar(1.3) }, shift: 3 },
  { operator: 'Clip', shape: [6], tensors: { low: scalar(-0.3), high: scalar(0.4) } },
  {
    operator: 'Clip',
    note: 'by attributes',
    shape: [6],
    opset: 10,
    attributes: { min: { float: -0.3 }, max: { float: 6 } },
  },
  { operator: 'Max', shape: [6], tensors: { b: floats(5, [6]) } },
  { operator: 'Min', shape: [6], tensors: { b: floats(5, [6]) } },
  { operator: 'PRelu', shape: [6], tensors: { slope: floats(5, [6]) } },
  { operator: 'Add', shape: [2, 3], tensors: { b: floats(5, [3]) } },
  { operator: 'Mul', shape: [2, 3], tensors: { b: floats(5, [2, 1]) } },
  { operator: 'Div', shape: [6], tensors: { b: { dims: [6], data: Float32Array.of(1, 2, 3, 1, 2, 3) } } },
  { operator: 'Softmax', shape: [2, 3] },
  { operator: 'Softmax', note: 'another axis', shape: [2, 3], attributes: { axis: { int: 1 } } },
  {
    operator: 'Softmax',
    note: 'before operator set 13',
    shape: [2, 3],
    opset: 12,
    attributes: { axis: { int: 1 } },
  },
  { operator: 'LogSoftmax', shape: [2, 3] },
  ...'ReduceMean ReduceSum ReduceMax ReduceMin ReduceL1 ReduceL2 ReduceSumSquare ReduceLogSumExp'
    .split(' ')
    .map((operator): OperatorCase => ({ operator, shape: [2, 3], opset: 18, tensors: { axes: ints(-1) } })),
  {
    operator: 'ReduceMean',
    note: 'axes as an attribute',
    shape: [2, 3],
    opset: 13,
    attributes: { axes: { ints: [1] }, keepdims: { int: 0 } },
  },
  { operator: 'ReduceLogSum', shape: [2, 3], opset: 18, tensors: { axes: ints(-1) }, shift: 3 },
  { operator: 'CumSum', shape: [2, 3], tensors: { axis: int(2) } },
  { operator: 'LayerNormalization', shape: [2, 4], tensors: { s: floats(5, [4]), b: floats(6, [4]) } },
  { operator: 'InstanceNormalization', shape: image, tensors: { s: floats(5, [2]), b: floats(6, [2]) } },
  {
    operator: 'GroupNormalization',
    shape: [4, 3],
    opset: 21,
    attributes: { num_groups: { int: 2 } },
    tensors: { s: floats(5, [4]), b: floats(6, [4]) },
  },
  { operator: 'RMSNormalization', shape: [2, 4], opset: 23, tensors: { s: floats(5, [4]) } },
  {
    operator: 'BatchNormalization',
    shape: image,
    tensors: {
      s: floats(5, [2]),
      b: floats(6, [2]),
      mean: floats(7, [2]),
      variance: { dims: [2], data: Float32Array.of(0.5, 2) },
    },
  },
  { operator: 'LpNormalization', shape: [6] },
  { operator: 'MeanVarianceNormalization', shape: image, attributes: { axes: { ints: [2, 3] } } },
  { operator: 'Flatten', shape: image },
  { operator: 'Reshape', shape: image, tensors: { shape: ints(0, -1, 3) } },
  { operator: 'Transpose', shape: image, attributes: { perm: { ints: [0, 2, 3, 1] } } },
  { operator: 'Squeeze', shape: [1, 6], tensors: { axes: ints(1) } },
  { operator: 'Unsqueeze', shape: [6], tensors: { axes: ints(1) } },
  { operator: 'Expand', shape: [1, 3], tensors: { shape: ints(1, 4, 3) } },
  { operator: 'Tile', shape: [2, 3], tensors: { repeats: ints(1, 2, 2) } },
  {
    operator: 'Slice',
    shape: [4, 5],
    tensors: { starts: ints(1, -1), ends: ints(4, -100), axes: ints(1, 2), steps: ints(1, -2) },
  },
  { operator: 'Pad', shape: [4, 5], tensors: { pads: ints(0, 1, 0, 0, 0, 2), value: scalar(0.5) } },
  { operator: 'Gather', shape: [4, 3], tensors: { i: ints(0, 2, -1) }, attributes: { axis: { int: 1 } } },
  {
    operator: 'Gather',
    note: 'one index',
    shape: [4, 3],
    tensors: { i: int(2) },
    attributes: { axis: { int: 1 } },
  },
  {
    operator: 'GatherND',
    shape: [4, 3],
    nodes: [
      { operator: 'Transpose', inputs: ['x'], outputs: ['t'], attributes: { perm: { ints: [1, 0, 2] } } },
      { operator: 'GatherND', inputs: ['t', 'i'], outputs: ['g'] },
      { operator: 'Transpose', inputs: ['g'], outputs: ['y'], attributes: { perm: { ints: [1, 0, 2] } } },
    ],
    tensors: { i: { dims: [3, 1], data: BigInt64Array.of(0n, 2n, 2n) } },
  },
  { operator: 'Trilu', shape: [3, 3], attributes: { upper: { int: 0 } } },
  { operator: 'DepthToSpace', shape: [4, 2, 3], attributes: { blocksize: { int: 2 } } },
  {
    operator: 'DepthToSpace',
    note: 'columns first',
    shape: [4, 2, 3],
    attributes: { blocksize: { int: 2 }, mode: { string: 'CRD' } },
  },
  { operator: 'SpaceToDepth', shape: [1, 4, 6], attributes: { blocksize: { int: 2 } } },
  {
    operator: 'Split',
    shape: [6],
    nodes: [
      { operator: 'Split', inputs: ['x', 'sizes'], outputs: ['a', 'b'], attributes: { axis: { int: 1 } } },
      { operator: 'Concat', inputs: ['b', 'a', 'b'], outputs: ['y'], attributes: { axis: { int: 1 } } },
    ],
    tensors: { sizes: ints(2, 4) },
  },
  {
    operator: 'Where',
    shape: [6],
    nodes: [
      { operator: 'Greater', inputs: ['x', 'zero'], outputs: ['c'] },
      { operator: 'Mul', inputs: ['x', 'x'], outputs: ['q'] },
      { operator: 'Where', inputs: ['c', 'q', 'x'], outputs: ['y'] },
    ],
    tensors: { zero: scalar(0) },
  },
  { operator: 'MatMul', shape: [3, 4], tensors: { w: floats(5, [4, 2]) } },
  {
    operator: 'MatMul',
    note: 'with itself',
    shape: [3, 4],
    nodes: [
      { operator: 'Transpose', inputs: ['x'], outputs: ['t'], attributes: { perm: { ints: [0, 2, 1] } } },
      { operator: 'MatMul', inputs: ['x', 't'], outputs: ['y'] },
    ],
  },
  {
    operator: 'Gemm',
    shape: [6],
    tensors: { w: floats(5, [4, 6]), b: floats(6, [4]) },
    attributes: { transB: { int: 1 }, alpha: { float: 0.5 }, beta: { float: 2 } },
  },
  {
    operator: 'Einsum',
    shape: [3, 4],
    tensors: { w: floats(5, [4, 2, 3]) },
    attributes: { equation: { string: 'nij,jki->nk' } },
  },
  {
    operator: 'Einsum',
    note: 'attention',
    shape: [3, 4],
    nodes: [
      {
        operator: 'Einsum',
        inputs: ['x', 'x'],
        outputs: ['y'],
        attributes: { equation: { string: 'bid,bjd->bij' } },
      },
    ],
  },
  {
    operator: 'Conv',
    shape: image,
    tensors: { w: floats(5, [3, 2, 3, 3]), b: floats(6, [3]) },
    attributes: { pads: { ints: [1, 1, 1, 1] } },
  },
  {
    operator: 'Conv',
    note: 'strided, dilated',
    shape: [2, 8, 9],
    tensors: { w: floats(5, [3, 2, 3, 2]) },
    attributes: { strides: { ints: [2, 1] }, dilations: { ints: [1, 2] }, pads: { ints: [1, 0, 2, 1] } },
  },
  {
    operator: 'Conv',
    note: 'depthwise',
    shape: image,
    tensors: { w: floats(5, [4, 1, 3, 3]) },
    attributes: { group: { int: 2 } },
  },
  { operator: 'Conv', note: 'of one dimension', shape: [2, 7], tensors: { w: floats(5, [3, 2, 3]) } },
  {
    operator: 'Conv',
    note: 'of three dimensions',
    shape: [2, 3, 4, 3],
    tensors: { w: floats(5, [2, 2, 2, 2, 2]) },
  },
  {
    operator: 'Conv',
    note: 'SAME_UPPER',
    shape: image,
    tensors: { w: floats(5, [3, 2, 2, 4]) },
    attributes: { auto_pad: { string: 'SAME_UPPER' }, strides: { ints: [2, 2] } },
  },
  {
    operator: 'Conv',
    note: 'SAME_LOWER',
    shape: image,
    tensors: { w: floats(5, [3, 2, 2, 4]) },
    attributes: { auto_pad: { string: 'SAME_LOWER' } },
  },
  {
    operator: 'Conv',
    note: 'wide padding',
    shape: image,
    tensors: { w: floats(5, [3, 2, 2, 2]) },
    attributes: { pads: { ints: [2, 2, 2, 2] } },
  },
  {
    operator: 'ConvTranspose',
    shape: [2, 3, 4],
    tensors: { w: floats(5, [2, 3, 3, 3]), b: floats(6, [3]) },
    attributes: { strides: { ints: [2, 2] }, pads: { ints: [1, 1, 1, 1] }, output_padding: { ints: [1, 0] } },
  },
  {
    operator: 'ConvTranspose',
    note: 'in groups',
    shape: [4, 3, 4],
    tensors: { w: floats(5, [4, 2, 2, 2]) },
    attributes: { group: { int: 2 } },
  },
  {
    operator: 'MaxPool',
    shape: image,
    attributes: { kernel_shape: { ints: [2, 2] }, strides: { ints: [2, 2] } },
  },
  {
    operator: 'MaxPool',
    note: 'overlapping, padded',
    shape: image,
    attributes: { kernel_shape: { ints: [3, 3] }, strides: { ints: [2, 2] }, pads: { ints: [1, 1, 1, 1] } },
  },
  {
    operator: 'MaxPool',
    note: 'ceil_mode',
    shape: image,
    attributes: { kernel_shape: { ints: [2, 2] }, strides: { ints: [2, 2] }, ceil_mode: { int: 1 } },
  },
  {
    operator: 'AveragePool',
    shape: image,
    attributes: { kernel_shape: { ints: [2, 3] }, strides: { ints: [2, 2] } },
  },
  {
    operator: 'AveragePool',
    note: 'padding not counted',
    shape: image,
    attributes: { kernel_shape: { ints: [3, 3] }, pads: { ints: [1, 1, 1, 1] } },
  },
  {
    operator: 'AveragePool',
    note: 'padding counted',
    shape: image,
    attributes: {
      kernel_shape: { ints: [3, 3] },
      pads: { ints: [1, 1, 1, 1] },
      count_include_pad: { int: 1 },
    },
  },
  { operator: 'GlobalAveragePool', shape: image },
  { operator: 'GlobalMaxPool', shape: image },
  {
    operator: 'GatherElements',
    shape: [4, 3],
    nodes: [
      { operator: 'Relu', inputs: ['x'], outputs: ['r'] },
      { operator: 'Shape', inputs: ['x'], outputs: ['n'], attributes: { end: { int: 1 } } },
      {
        operator: 'Concat',
        inputs: ['n', 'rest'],
        outputs: ['everywhere'],
        attributes: { axis: { int: 0 } },
      },
      { operator: 'Expand', inputs: ['i', 'everywhere'], outputs: ['e'] },
      { operator: 'GatherElements', inputs: ['r', 'e'], outputs: ['y'], attributes: { axis: { int: 1 } } },
    ],
    tensors: {
      i: { dims: [1, 2, 3], data: BigInt64Array.of(0n, 2n, -1n, 0n, 1n, 1n) },
      rest: ints(2, 3),
    },
  },
  {
    operator: 'Attention',
    shape: [3, 8],
    opset: 23,
    nodes: [
      {
        operator: 'Attention',
        inputs: ['x', 'x', 'x'],
        outputs: ['y'],
        attributes: { q_num_heads: { int: 2 }, kv_num_heads: { int: 2 } },
      },
    ],
  },
  {
    operator: 'Attention',
    note: 'causal, with fewer heads of keys',
    shape: [3, 8],
    opset: 23,
    nodes: [
      { operator: 'Slice', inputs: ['x', 'from', 'to', 'axis'], outputs: ['k'] },
      {
        operator: 'Attention',
        inputs: ['x', 'k', 'k'],
        outputs: ['y'],
        attributes: { q_num_heads: { int: 4 }, kv_num_heads: { int: 2 }, is_causal: { int: 1 } },
      },
    ],
    tensors: { from: ints(2), to: ints(6), axis: ints(2) },
  },
  { operator: 'Dropout', shape: [6] },
];

/** Numbers of one sample after the operator, where they are not as many as before it. */
const outputSizes: Readonly<Record<string, number>> = {
  'Expand ': 12,
  'Tile ': 24,
  'Slice ': 9,
  'Pad ': 35,
  'Gather ': 9,
  'Gather one index': 3,
  'GatherND ': 9,
  'Split ': 10,
  'GatherElements ': 6,
  'MatMul ': 6,
  'MatMul with itself': 9,
  'Gemm ': 4,
  'Einsum ': 2,
  'Einsum attention': 9,
  'Conv ': 90,
  'Conv strided, dilated': 120,
  'Conv depthwise': 48,
  'Conv of one dimension': 15,
  'Conv of three dimensions': 24,
  'Conv SAME_UPPER': 27,
  'Conv SAME_LOWER': 90,
  'Conv wide padding': 216,
  'ConvTranspose ': 126,
  'ConvTranspose in groups': 80,
  'MaxPool ': 12,
  'MaxPool overlapping, padded': 18,
  'MaxPool ceil_mode': 18,
  'AveragePool ': 8,
  'GlobalAveragePool ': 2,
  'GlobalMaxPool ': 2,
  ...Object.fromEntries(
    'ReduceMean ReduceSum ReduceMax ReduceMin ReduceL1 ReduceL2 ReduceSumSquare ReduceLogSumExp ReduceLogSum'
      .split(' ')
      .map((operator) => [`${operator} `, 2]),
  ),
  'ReduceMean axes as an attribute': 3,
};

const withoutFloat64 = new Set(
  'Erf Celu Sinh Cosh Gelu InstanceNormalization GroupNormalization MeanVarianceNormalization Conv ConvTranspose AveragePool GlobalAveragePool GlobalMaxPool'.split(
    ' ',
  ),
);

/** What the first models needed: most of ONNX's own operators, each as exporters write it. */
export const commonCases: readonly OperatorCase[] = listed.map((one) => {
  const size = outputSizes[`${one.operator} ${one.note ?? ''}`];
  return {
    ...one,
    ...(size === undefined ? {} : { size }),
    float32Only: withoutFloat64.has(one.operator) || one.opset === 10,
  };
});
