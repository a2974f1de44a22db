import type { OperationOf, UnaryFunction, Value, Windows } from '../static/value';
import { sizeOf } from '../static/value';
import { tapOffsets } from '../static/windows';
import { writeErf } from './erf';
import type { NodeWriter } from './nodeWriter';

const unaryOperators: Record<Exclude<UnaryFunction, 'erf' | 'softplus' | 'sigmoid'>, string> = {
  neg: 'Neg',
  exp: 'Exp',
  log: 'Log',
  sqrt: 'Sqrt',
  tanh: 'Tanh',
  sin: 'Sin',
  cos: 'Cos',
  sign: 'Sign',
};

export function writeUnary(w: NodeWriter, name: UnaryFunction, x: string, output: string): void {
  if (name === 'erf') {
    // There is no float64 kernel of Erf.
    if (w.precision === 'float64') writeErf(w, x, output);
    else w.emit('Erf', [x], {}, output);
  } else if (name === 'sigmoid') {
    // onnxruntime's own takes 1 − σ(−x) for x < 0, which loses every digit of a small σ(x).
    const below = w.emit('Add', [w.emit('Exp', [w.emit('Neg', [x])]), w.real(1)]);
    w.emit('Div', [w.real(1), below], {}, output);
  } else if (name === 'softplus') {
    const small = w.emit('Exp', [w.emit('Neg', [w.emit('Abs', [x])])]);
    const tail = w.emit('Log', [w.emit('Add', [small, w.real(1)])]);
    w.emit('Add', [w.emit('Relu', [x]), tail], {}, output);
  } else {
    w.emit(unaryOperators[name], [x], {}, output);
  }
}

/** Products of matrices are Gemm, which takes transposes and a summand; products of stacks are MatMul. */
export function writeMatmul(
  w: NodeWriter,
  value: Value,
  { transA, transB }: OperationOf<'matmul'>,
  { a, b, output }: { readonly a: string; readonly b: string; readonly output: string },
): void {
  const [left, right] = value.inputs;
  if (value.dims.length === 2) {
    w.emit('Gemm', [a, b], { transA: Number(transA), transB: Number(transB) }, output);
    return;
  }
  const orient = (name: string, operand: Value | undefined, swapped: boolean): string => {
    const rank = operand?.dims.length ?? 2;
    const perm = Array.from({ length: rank }, (_, axis) =>
      axis < rank - 2 ? axis : axis === rank - 1 ? rank - 2 : rank - 1,
    );
    return swapped ? w.emit('Transpose', [name], { perm }) : name;
  };
  w.emit('MatMul', [orient(a, left, transA), orient(b, right, transB)], {}, output);
}

/**
 * Rows are summed by a product with a row of ones where that is written in float32: onnxruntime 1.30 takes a fifth of the time
 * of its own sum for it, or up to as much where rows are short or few; in float64 up to four times as much.
 */
export function writeReduceSum(
  w: NodeWriter,
  value: Value,
  axes: readonly number[],
  a: string,
  output: string,
): void {
  const dims = value.inputs[0]?.dims ?? [];
  const leading = dims.slice(0, axes.length);
  const isOfRows = value.type === 'real' && axes.length < dims.length && Math.max(...axes) < axes.length;
  if (w.precision === 'float64' || !isOfRows) {
    w.emit('ReduceSum', [a, w.integers(axes)], { keepdims: 1 }, output);
    return;
  }
  const [rows, columns] = [sizeOf(leading), sizeOf(value.dims)];
  const flat = dims.length === 2 ? a : w.emit('Reshape', [a, w.integers([rows, columns])]);
  const product = [w.ones(rows), flat];
  if (dims.length === 2) w.emit('Gemm', product, {}, output);
  else w.emit('Reshape', [w.emit('Gemm', product), w.integers(value.dims)], {}, output);
}

export function writeSlice(
  w: NodeWriter,
  { starts, ends, steps }: Omit<OperationOf<'slice'>, 'kind'>,
  dims: readonly number[],
  x: string,
  output: string,
): void {
  const axes = dims.flatMap((dim, axis) =>
    starts[axis] === 0 && ends[axis] === dim && steps[axis] === 1 ? [] : [axis],
  );
  // A negative end counts from the back: one far below zero means "past the first".
  const end = (axis: number): number => (ends[axis]! < 0 ? -(2 ** 31) : ends[axis]!);
  w.emit(
    'Slice',
    [
      x,
      w.integers(axes.map((axis) => starts[axis]!)),
      w.integers(axes.map(end)),
      w.integers(axes),
      w.integers(axes.map((axis) => steps[axis]!)),
    ],
    {},
    output,
  );
}

/** Pad, one Slice for every tap of the kernel, Concat: a copy, where a convolution would have to compute. */
export function writeIm2col(w: NodeWriter, value: Value, windows: Windows, x: string, output: string): void {
  const [channels = 0, count = 0, ...spatial] = value.inputs[0]?.dims ?? [];
  const [, , ...counts] = value.dims;
  const { strides, padsBefore, padsAfter } = windows;
  const pads = [0, 0, ...padsBefore, 0, 0, ...padsAfter];
  const padded = pads.every((amount) => amount === 0) ? x : w.emit('Pad', [x, w.integers(pads)]);
  const dims = [channels, count, ...spatial.map((size, i) => size + padsBefore[i]! + padsAfter[i]!)];
  const taps = Array.from({ length: sizeOf(windows.kernel) }, (_, tap) => {
    const offsets = tapOffsets(tap, windows);
    const part = w.freshName();
    const ends = offsets.map((offset, i) => offset + (counts[i]! - 1) * strides[i]! + 1);
    const region = {
      starts: [0, 0, ...offsets],
      ends: [channels, count, ...ends],
      steps: [1, 1, ...strides],
    };
    writeSlice(w, region, dims, padded, part);
    return part;
  });
  // One after the other along the axis of the samples they lie as they would along one of their own before it.
  const columns = w.emit('Concat', taps, { axis: 1 });
  w.emit('Reshape', [columns, w.integers(value.dims)], {}, output);
}

/** onnxruntime's MaxPool counts through the whole tensor: here every image starts at 0. */
export function writeMaxPoolIndices(
  w: NodeWriter,
  value: Value,
  { windows, ceil }: OperationOf<'maxPoolIndices'>,
  x: string,
  output: string,
): void {
  const indices = w.freshName();
  w.emitNode('MaxPool', [x], [w.freshName(), indices], {
    kernel_shape: windows.kernel,
    strides: windows.strides,
    dilations: windows.dilations,
    pads: [...windows.padsBefore, ...windows.padsAfter],
    ceil_mode: Number(ceil),
  });
  const perImage = w.emit('Reshape', [indices, w.integers(value.dims)]);
  const imageSize = sizeOf(value.inputs[0]?.dims.slice(2) ?? []);
  w.emit('Mod', [perImage, w.integer(imageSize)], {}, output);
}

function zeros(w: NodeWriter, dims: readonly number[]): string {
  const shape = w.emit('ConstantOfShape', [w.integers(dims)]);
  // Without a value attribute it is float32.
  return w.precision === 'float64' ? w.emit('Cast', [shape], { to: w.elementType('real') }) : shape;
}

export function writeScatterAdd(
  w: NodeWriter,
  value: Value,
  y: string,
  indices: string,
  output: string,
): void {
  const count = sizeOf(value.inputs[1]?.dims ?? []);
  const rows = w.emit('Reshape', [indices, w.integers([count, 1])]);
  const updates = w.emit('Reshape', [y, w.integers([count, ...value.dims.slice(1)])]);
  w.emit('ScatterND', [zeros(w, value.dims), rows, updates], { reduction: 'add' }, output);
}

export function writeScatterElements(
  w: NodeWriter,
  value: Value,
  {
    disjoint,
    y,
    indices,
    output,
  }: { readonly disjoint: boolean; readonly y: string; readonly indices: string; readonly output: string },
): void {
  const reduction = disjoint ? 'none' : 'add';
  w.emit('ScatterElements', [zeros(w, value.dims), indices, y], { axis: 1, reduction }, output);
}
