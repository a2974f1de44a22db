import type { TensorValue } from '../../onnxModel';
import { floats } from '../../autodiff/opening';
import type { OperatorCase } from './operatorCase';

const image = [5, 4, 3];

const einsum = (
  equation: string,
  shape: readonly number[],
  size: number,
  tensors: Readonly<Record<string, TensorValue>> = {},
): OperatorCase => ({
  operator: 'Einsum',
  note: equation,
  shape,
  size,
  tensors,
  attributes: { equation: { string: equation } },
});

/** Operators that few exporters write. */
export const furtherCases: readonly OperatorCase[] = [
  {
    operator: 'Shrink',
    shape: [6],
    float32Only: true,
    attributes: { lambd: { float: 0.3 }, bias: { float: 0.2 } },
  },
  { operator: 'Shrink', note: 'without a bias', shape: [6], float32Only: true },
  { operator: 'Asinh', shape: [6], float32Only: true },
  { operator: 'Acosh', shape: [6], shift: 4, float32Only: true },
  {
    operator: 'Atanh',
    shape: [6],
    float32Only: true,
    nodes: [
      { operator: 'Tanh', inputs: ['x'], outputs: ['t'] },
      { operator: 'Mul', inputs: ['t', 't'], outputs: ['s'] },
      { operator: 'Atanh', inputs: ['s'], outputs: ['y'] },
    ],
  },
  {
    operator: 'Asin',
    shape: [6],
    float32Only: true,
    nodes: [
      { operator: 'Tanh', inputs: ['x'], outputs: ['t'] },
      { operator: 'Asin', inputs: ['t'], outputs: ['y'] },
    ],
  },
  {
    operator: 'Acos',
    shape: [6],
    float32Only: true,
    nodes: [
      { operator: 'Tanh', inputs: ['x'], outputs: ['t'] },
      { operator: 'Acos', inputs: ['t'], outputs: ['y'] },
    ],
  },
  { operator: 'Atan', shape: [6], float32Only: true },
  {
    operator: 'LRN',
    shape: image,
    float32Only: true,
    attributes: { size: { int: 3 }, alpha: { float: 0.5 }, bias: { float: 2 } },
  },
  {
    operator: 'LRN',
    note: 'wider than the channels',
    shape: image,
    float32Only: true,
    attributes: { size: { int: 13 }, alpha: { float: 1 } },
  },
  { operator: 'GlobalLpPool', shape: image, size: 5, float32Only: true },
  {
    operator: 'GlobalLpPool',
    note: 'of the third power',
    shape: image,
    size: 5,
    float32Only: true,
    attributes: { p: { int: 3 } },
  },
  {
    operator: 'LpPool',
    shape: image,
    size: 30,
    float32Only: true,
    attributes: { kernel_shape: { ints: [2, 2] }, pads: { ints: [0, 0, 0, 0] } },
  },
  {
    operator: 'LpPool',
    note: 'padded, strided',
    shape: image,
    size: 20,
    float32Only: true,
    attributes: {
      kernel_shape: { ints: [3, 2] },
      strides: { ints: [2, 2] },
      pads: { ints: [1, 1, 0, 0] },
      p: { int: 1 },
    },
  },
  { operator: 'Sum', shape: [2, 3], tensors: { b: floats(5, [3]), c: floats(6, [2, 1]) } },
  {
    operator: 'Mean',
    shape: [2, 3],
    float32Only: true,
    tensors: { b: floats(5, [3]), c: floats(6, [2, 1]) },
  },
  { operator: 'Tan', shape: [6], float32Only: true },
  { operator: 'Swish', shape: [6], opset: 24, float32Only: true, attributes: { alpha: { float: 1.5 } } },
  { operator: 'CastLike', shape: [6], opset: 19, tensors: { like: floats(5, [1]) } },
  {
    operator: 'Or',
    note: 'and other logic',
    shape: [6],
    nodes: [
      { operator: 'GreaterOrEqual', inputs: ['x', 'b'], outputs: ['c'] },
      { operator: 'LessOrEqual', inputs: ['x', 'minus'], outputs: ['d'] },
      { operator: 'And', inputs: ['c', 'd'], outputs: ['both'] },
      { operator: 'Not', inputs: ['both'], outputs: ['not both'] },
      { operator: 'Equal', inputs: ['c', 'd'], outputs: ['same'] },
      { operator: 'Or', inputs: ['both', 'same'], outputs: ['e'] },
      { operator: 'And', inputs: ['e', 'not both'], outputs: ['f'] },
      { operator: 'Sin', inputs: ['x'], outputs: ['s'] },
      { operator: 'Where', inputs: ['f', 's', 'x'], outputs: ['y'] },
    ],
    tensors: { b: floats(5, [6]), minus: floats(6, [6]) },
  },
  {
    operator: 'Xor',
    shape: [6],
    nodes: [
      { operator: 'Greater', inputs: ['x', 'b'], outputs: ['c'] },
      { operator: 'Less', inputs: ['x', 'minus'], outputs: ['d'] },
      { operator: 'Xor', inputs: ['c', 'd'], outputs: ['e'] },
      { operator: 'Sin', inputs: ['x'], outputs: ['s'] },
      { operator: 'Where', inputs: ['e', 's', 'x'], outputs: ['y'] },
    ],
    tensors: { b: floats(5, [6]), minus: floats(6, [6]) },
  },
  einsum('...ij,jk->...ik', [3, 4], 6, { w: floats(5, [4, 2]) }),
  einsum('...j,...j->...j', [3, 4], 12, { w: floats(5, [1, 3, 4]) }),
  einsum('n...,...->n...', [3, 4], 12, { w: floats(5, [3, 4]) }),
  einsum('...j,kj', [3, 4], 6, { w: floats(5, [2, 4]) }),
  einsum('nii->ni', [4, 4], 4),
  einsum('nii->n', [4, 4], 1),
  einsum('nij,ij->nj', [3, 4], 4, { w: floats(5, [1, 4]) }),
  einsum('nij,nij->n', [3, 4], 1, { w: floats(5, [1, 3, 4]) }),
];
