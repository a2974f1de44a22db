import type { NodeParts } from '../../onnxModel';
import { floats } from '../../autodiff/opening';
import type { OperatorCase } from './operatorCase';
import { int, ints } from './operatorCase';

const two = ints(2);

const topOf = (inputs: readonly string[], outputs: readonly string[], axis = 1): NodeParts => ({
  operator: 'TopK',
  inputs,
  outputs,
  attributes: { axis: { int: axis } },
});

const topK = (
  note: string,
  size: number,
  shape: readonly number[],
  opset: number,
  attributes: NodeParts['attributes'] & {},
  tensors: OperatorCase['tensors'] & {} = {},
): OperatorCase => ({
  operator: 'TopK',
  note,
  shape,
  size,
  opset,
  nodes: [{ operator: 'TopK', inputs: ['x', ...Object.keys(tensors)], outputs: ['y', 'places'], attributes }],
  tensors,
});

const turn = (input: string, output: string): NodeParts => ({
  operator: 'Transpose',
  inputs: [input],
  outputs: [output],
  attributes: { perm: { ints: [1, 0, 2] } },
});

/** The samples behind the first axis, which constant indices can then reach over. */
const scatterND = (
  note: string,
  indices: readonly number[],
  attributes: NodeParts['attributes'] = {},
): OperatorCase => ({
  operator: 'ScatterND',
  note,
  shape: [4, 3],
  opset: 18,
  nodes: [
    turn('x', 't'),
    { operator: 'Slice', inputs: ['t', 'zero', 'two', 'zero'], outputs: ['part'] },
    { operator: 'Exp', inputs: ['part'], outputs: ['updates'] },
    { operator: 'ScatterND', inputs: ['t', 'i', 'updates'], outputs: ['put'], attributes },
    turn('put', 'y'),
  ],
  tensors: {
    i: { dims: [2, 1], data: BigInt64Array.from(indices, BigInt) },
    zero: ints(0),
    two,
  },
});

const scatterElements = (
  note: string,
  operator: string,
  opset: number,
  indices: readonly number[],
  attributes: NodeParts['attributes'] = {},
): OperatorCase => ({
  operator,
  note,
  shape: [4, 3],
  opset,
  nodes: [
    turn('x', 't'),
    { operator: 'Slice', inputs: ['t', 'zero', 'two', 'zero'], outputs: ['part'] },
    { operator: 'Exp', inputs: ['part'], outputs: ['updates'] },
    { operator: 'Shape', inputs: ['updates'], outputs: ['everywhere'] },
    { operator: 'Expand', inputs: ['i', 'everywhere'], outputs: ['e'] },
    { operator, inputs: ['t', 'e', 'updates'], outputs: ['put'], attributes },
    turn('put', 'y'),
  ],
  tensors: {
    i: { dims: [2, 1, 3], data: BigInt64Array.from(indices, BigInt) },
    zero: ints(0),
    two,
  },
});

/** Indices that the weights choose: those of the two largest. */
const scatterTop = (note: string, attributes: NodeParts['attributes'] = {}): OperatorCase => ({
  operator: 'ScatterElements',
  note,
  shape: [4, 3],
  opset: 18,
  nodes: [
    topOf(['x', 'two'], ['top', 'places']),
    { operator: 'Sin', inputs: ['x'], outputs: ['s'] },
    {
      operator: 'ScatterElements',
      inputs: ['s', 'places', 'top'],
      outputs: ['y'],
      attributes: { axis: { int: 1 }, ...attributes },
    },
  ],
  tensors: { two },
});

/** [N, 2]: the number of the sample, and the position of its largest. */
const tuplesOfLargest: readonly NodeParts[] = [
  {
    operator: 'ReduceSum',
    inputs: ['x', 'last axis'],
    outputs: ['sums'],
    attributes: { keepdims: { int: 0 } },
  },
  topOf(['sums', 'one'], ['top', 'places']),
  { operator: 'Shape', inputs: ['x'], outputs: ['n'], attributes: { end: { int: 1 } } },
  { operator: 'Squeeze', inputs: ['n'], outputs: ['count'] },
  { operator: 'Range', inputs: ['no', 'count', 'step'], outputs: ['samples'] },
  { operator: 'Unsqueeze', inputs: ['samples', 'one'], outputs: ['column'] },
  { operator: 'Concat', inputs: ['column', 'places'], outputs: ['tuples'], attributes: { axis: { int: 1 } } },
];
const tupleTensors = { 'last axis': ints(2), one: ints(1), no: int(0), step: int(1) };

/** What takes, puts and sorts by indices. */
export const indexingCases: readonly OperatorCase[] = [
  topK('', 6, [5, 3], 17, { axis: { int: 1 } }, { k: two }),
  topK('smallest, unsorted', 6, [2, 7], 17, { largest: { int: 0 }, sorted: { int: 0 } }, { k: ints(3) }),
  topK('with k as an attribute', 3, [6], 9, { k: { int: 3 } }),
  topK('of operator set 10', 3, [6], 10, {}, { k: ints(3) }),
  {
    operator: 'TopK',
    note: 'whose places are used',
    shape: [5, 3],
    size: 6,
    nodes: [
      topOf(['x', 'two'], ['top', 'places']),
      { operator: 'Sin', inputs: ['x'], outputs: ['s'] },
      {
        operator: 'GatherElements',
        inputs: ['s', 'places'],
        outputs: ['g'],
        attributes: { axis: { int: 1 } },
      },
      { operator: 'Mul', inputs: ['g', 'top'], outputs: ['y'] },
    ],
    tensors: { two },
  },
  ...['ArgMax', 'ArgMin'].map((operator): OperatorCase => ({
    operator,
    note: 'whose place is used',
    shape: [5, 3],
    size: 3,
    nodes: [
      { operator, inputs: ['x'], outputs: ['place'], attributes: { axis: { int: -2 } } },
      {
        operator: 'GatherElements',
        inputs: ['x', 'place'],
        outputs: ['y'],
        attributes: { axis: { int: 1 } },
      },
    ],
  })),
  {
    operator: 'ArgMax',
    note: 'as one hot of a choice between experts',
    shape: [4],
    float32Only: true,
    nodes: [
      {
        operator: 'ArgMax',
        inputs: ['x'],
        outputs: ['expert'],
        attributes: { axis: { int: 1 }, keepdims: { int: 0 } },
      },
      { operator: 'OneHot', inputs: ['expert', 'depth', 'values'], outputs: ['hot'] },
      { operator: 'Mul', inputs: ['hot', 'x'], outputs: ['y'] },
    ],
    tensors: { depth: int(4), values: { dims: [2], data: Float32Array.of(0, 1) } },
  },
  scatterND('', [3, -3]),
  scatterND('added, one place twice', [1, 1], { reduction: { string: 'add' } }),
  ...([{}, { reduction: { string: 'add' } }] as const).map((attributes): OperatorCase => ({
    operator: 'ScatterND',
    note: `at places that the weights choose${'reduction' in attributes ? ', added' : ''}`,
    shape: [4, 3],
    opset: 18,
    nodes: [
      ...tuplesOfLargest,
      { operator: 'Exp', inputs: ['sums'], outputs: ['e'] },
      { operator: 'MatMul', inputs: ['e', 'w'], outputs: ['updates'] },
      { operator: 'ScatterND', inputs: ['x', 'tuples', 'updates'], outputs: ['y'], attributes },
    ],
    tensors: { ...tupleTensors, w: floats(5, [4, 3]) },
  })),
  scatterElements('', 'ScatterElements', 18, [3, -3, 0, 1, 2, 2]),
  scatterElements('one place twice', 'ScatterElements', 13, [3, 2, 0, 1, 2, 0]),
  scatterElements('added', 'ScatterElements', 18, [3, 2, 0, 1, 2, 0], { reduction: { string: 'add' } }),
  scatterElements('before operator set 11', 'Scatter', 10, [3, 1, 0, 1, 2, 2]),
  scatterTop('at places that the weights choose'),
  scatterTop('added at places that the weights choose', { reduction: { string: 'add' } }),
  {
    operator: 'GatherND',
    note: 'at places that the weights choose',
    shape: [4, 3],
    size: 3,
    nodes: [...tuplesOfLargest, { operator: 'GatherND', inputs: ['x', 'tuples'], outputs: ['y'] }],
    tensors: tupleTensors,
  },
  {
    operator: 'GatherND',
    note: 'by batches',
    shape: [4, 3],
    size: 6,
    nodes: [
      { operator: 'Shape', inputs: ['x'], outputs: ['n'], attributes: { end: { int: 1 } } },
      { operator: 'Concat', inputs: ['n', 'rest'], outputs: ['dims'], attributes: { axis: { int: 0 } } },
      { operator: 'Expand', inputs: ['i', 'dims'], outputs: ['e'] },
      { operator: 'GatherND', inputs: ['x', 'e'], outputs: ['y'], attributes: { batch_dims: { int: 1 } } },
    ],
    tensors: { i: { dims: [1, 2, 1], data: BigInt64Array.of(-1n, 1n) }, rest: ints(2, 1) },
  },
  {
    operator: 'GatherElements',
    note: 'of a part',
    shape: [4, 3],
    size: 4,
    nodes: [
      topOf(['x', 'two'], ['top', 'places']),
      { operator: 'Slice', inputs: ['places', 'zero', 'two', 'last axis'], outputs: ['some'] },
      { operator: 'GatherElements', inputs: ['x', 'some'], outputs: ['y'], attributes: { axis: { int: 1 } } },
    ],
    tensors: { two, zero: ints(0), 'last axis': ints(2) },
  },
  { operator: 'ReduceProd', shape: [3, 5], size: 3, opset: 18, tensors: { axes: ints(-1) } },
  {
    operator: 'ReduceProd',
    note: 'over two axes',
    shape: [2, 3, 2],
    size: 2,
    attributes: { axes: { ints: [1, 2] } },
  },
  ...'ReduceL1 ReduceL2 ReduceSumSquare ReduceProd ReduceMean ReduceMax ReduceMin ReduceLogSumExp'
    .split(' ')
    .map((operator): OperatorCase => ({
      operator,
      note: 'over no axes',
      shape: [2, 3],
      opset: 18,
      tensors: { axes: ints() },
      attributes: { noop_with_empty_axes: { int: 1 } },
    })),
];
