import {
  add,
  compare,
  convert,
  div,
  magnitude,
  mul,
  neg,
  power,
  select,
  sub,
  unary,
} from '../static/elementwise';
import { cumulativeSum, reduceMax, softmax } from '../static/indexing';
import { mean, reduceSum } from '../static/linear';
import { concat, range, reshape, transpose } from '../static/shape';
import type { StaticGraph } from '../static/staticGraph';
import type { Value } from '../static/value';
import { sizeOf } from '../static/value';
import { realInput } from './elementwise';
import type { LoweredNode, Lowering, LoweringTable } from './loweredNode';
import { normalisedAxis } from './loweredNode';

/** The largest over the axes, which stay as 1; between equals the gradient is shared, as in PyTorch's amax. */
export function largestOver(g: StaticGraph, x: Value, axes: readonly number[]): Value {
  if (axes.every((axis) => x.dims[axis] === 1)) return x;
  const hit = compare(g, 'equal', x, reduceMax(g, x, axes));
  const share = div(g, g.scalar(1), reduceSum(g, convert(g, hit, 'real'), axes));
  return mul(g, reduceSum(g, select(g, hit, x, g.scalar(0)), axes), share);
}

/** log Σ exp over the axes. The largest is only a shift, through which nothing flows. */
function logSumExp(g: StaticGraph, x: Value, axes: readonly number[]): Value {
  if (axes.every((axis) => x.dims[axis] === 1)) return x;
  const shift = reduceMax(g, x, axes);
  const sum = reduceSum(g, unary(g, 'exp', sub(g, x, shift)), axes);
  return add(g, unary(g, 'log', sum), shift);
}

/** The product over the axes, which stay as 1: halves times halves, so that zeros do no harm. */
function productOver(g: StaticGraph, x: Value, axes: readonly number[]): Value {
  const kept = x.dims.flatMap((_, axis) => (axes.includes(axis) ? [] : [axis]));
  const last = x.dims.flatMap((_, axis) => (axes.includes(axis) ? [axis] : []));
  const count = sizeOf(last.map((axis) => x.dims[axis]!));
  let rows = reshape(g, transpose(g, x, [...kept, ...last]), [sizeOf(x.dims) / count, count]);
  for (let left = count; left > 1; left = Math.ceil(left / 2)) {
    const half = Math.floor(left / 2);
    const products = mul(g, range(g, rows, 1, 0, half), range(g, rows, 1, half, 2 * half));
    rows = left % 2 === 0 ? products : concat(g, [products, range(g, rows, 1, left - 1, left)], 1);
  }
  return reshape(
    g,
    rows,
    x.dims.map((dim, axis) => (axes.includes(axis) ? 1 : dim)),
  );
}

const reduction =
  (reduce: (g: StaticGraph, x: Value, axes: readonly number[]) => Value): Lowering =>
  (n) => {
    const x = realInput(n, 0);
    const given = n.axes(1, x.dims.length) ?? [];
    // Over no axes the sum of squares is still the square: only the sum is left out.
    const isOfAll = given.length === 0 && n.int('noop_with_empty_axes', 0) === 0;
    const axes = isOfAll ? x.dims.map((_, axis) => axis) : given;
    return reshape(n.g, reduce(n.g, x, axes), n.outputDims());
  };

const square = (g: StaticGraph, x: Value): Value => mul(g, x, x);

/** Softmax over the last axis of what `compute` is given, over the axis (from operator set 13) or all from it on. */
function overLast(n: LoweredNode, compute: (x: Value) => Value): Value {
  const { g } = n;
  const x = realInput(n, 0);
  const rank = x.dims.length;
  if (n.opset < 13) {
    const axis = normalisedAxis(n.int('axis', 1), rank);
    const rows = sizeOf(x.dims.slice(0, axis));
    return reshape(g, compute(reshape(g, x, [rows, sizeOf(x.dims) / rows])), x.dims);
  }
  const axis = normalisedAxis(n.int('axis', -1), rank);
  const perm = x.dims.map((_, i) => (i === axis ? rank - 1 : i === rank - 1 ? axis : i));
  return transpose(g, compute(transpose(g, x, perm)), perm);
}

function logSoftmax(g: StaticGraph, x: Value): Value {
  const axes = [x.dims.length - 1];
  const shifted = sub(g, x, reduceMax(g, x, axes));
  return sub(g, shifted, unary(g, 'log', reduceSum(g, unary(g, 'exp', shifted), axes)));
}

function lowerCumSum(n: LoweredNode): Value {
  const x = realInput(n, 0);
  const axis = normalisedAxis(n.constantNumbers(1)?.[0] ?? 0, x.dims.length);
  return cumulativeSum(n.g, x, axis, n.int('exclusive', 0) !== 0, n.int('reverse', 0) !== 0);
}

export const reductionLowerings = {
  ReduceSum: reduction(reduceSum),
  ReduceMean: reduction(mean),
  ReduceMax: reduction(largestOver),
  ReduceMin: reduction((g, x, axes) => neg(g, largestOver(g, neg(g, x), axes))),
  ReduceProd: reduction(productOver),
  ReduceL1: reduction((g, x, axes) => reduceSum(g, magnitude(g, x), axes)),
  ReduceL2: reduction((g, x, axes) => power(g, reduceSum(g, square(g, x), axes), 0.5)),
  ReduceSumSquare: reduction((g, x, axes) => reduceSum(g, square(g, x), axes)),
  ReduceLogSum: reduction((g, x, axes) => unary(g, 'log', reduceSum(g, x, axes))),
  ReduceLogSumExp: reduction(logSumExp),
  Softmax: (n) => overLast(n, (x) => softmax(n.g, x, false)),
  LogSoftmax: (n) => overLast(n, (x) => logSoftmax(n.g, x)),
  CumSum: lowerCumSum,
} satisfies LoweringTable;
