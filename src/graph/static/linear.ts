import { scale } from './elementwise';
import { reshape, swapPerm, transpose } from './shape';
import type { StaticGraph } from './staticGraph';
import type { Value } from './value';
import { sameDims, sizeOf } from './value';

/** Sums over the axes, which stay as 1. */
export function reduceSum(g: StaticGraph, x: Value, axes: readonly number[]): Value {
  const summed = [...new Set(axes)].filter((axis) => x.dims[axis] !== 1).sort((a, b) => a - b);
  if (summed.length === 0) return x;
  const { operation } = x;
  const [inner] = x.inputs;
  if (operation.kind === 'transpose' && inner !== undefined) {
    const own = summed.map((axis) => operation.perm[axis]!);
    return transpose(g, reduceSum(g, inner, own), operation.perm);
  }
  if (operation.kind === 'expand' && inner?.dims.length === x.dims.length) {
    const repeated = summed.filter((axis) => inner.dims[axis] === 1);
    const times = repeated.reduce((product, axis) => product * x.dims[axis]!, 1);
    if (times > 1) {
      const kept = x.dims.map((dim, axis) => (repeated.includes(axis) ? 1 : dim));
      const partial = g.make({ kind: 'expand' }, [inner], kept, x.type);
      const smaller = sameDims(kept, inner.dims) ? inner : partial;
      return scale(g, reduceSum(g, smaller, summed), times);
    }
  }
  const dims = x.dims.map((dim, axis) => (summed.includes(axis) ? 1 : dim));
  return g.make({ kind: 'reduceSum', axes: summed }, [x], dims, x.type);
}

/** Sums what broadcasting repeated: from the dimensions of a result to those of an operand. */
export function sumTo(g: StaticGraph, x: Value, dims: readonly number[]): Value {
  if (sameDims(x.dims, dims)) return x;
  const missing = x.dims.length - dims.length;
  const axes = x.dims.flatMap((dim, axis) => (axis < missing || dims[axis - missing] !== dim ? [axis] : []));
  return reshape(g, reduceSum(g, x, axes), dims);
}

/** The sum along the axes divided by the number of elements; the axes stay as 1. */
export function mean(g: StaticGraph, x: Value, axes: readonly number[]): Value {
  const count = axes.reduce((product, axis) => product * x.dims[axis]!, 1);
  return scale(g, reduceSum(g, x, axes), 1 / count);
}

/**
 * op(A)·op(B) over the last two axes; leading axes broadcast. Transposes of the operands become flags, and where B is a
 * matrix the leading axes of A join its rows, so that one product does all of them.
 */
export function matmul(g: StaticGraph, a: Value, b: Value, transA = false, transB = false): Value {
  const [left, leftSwapped] = withoutSwap(a);
  const [right, rightSwapped] = withoutSwap(b);
  return product(g, left, right, transA !== leftSwapped, transB !== rightSwapped);
}

/** An operand without the transpose of its last two axes, and whether there was one. */
function withoutSwap(x: Value): readonly [Value, boolean] {
  const { operation } = x;
  const [inner] = x.inputs;
  if (operation.kind === 'transpose' && inner !== undefined) {
    if (operation.perm.join() === swapPerm(x.dims.length).join()) return [inner, true];
  }
  return [x, false];
}

function product(g: StaticGraph, a: Value, b: Value, transA: boolean, transB: boolean): Value {
  if (b.dims.length === 2 && a.dims.length > 2) {
    const rows = transA ? transpose(g, a, swapPerm(a.dims.length)) : a;
    const depth = rows.dims.at(-1) ?? 1;
    const flat = product(g, reshape(g, rows, [sizeOf(rows.dims) / depth, depth]), b, false, transB);
    return reshape(g, flat, [...rows.dims.slice(0, -1), flat.dims[1]!]);
  }
  const [rows, depth] = lastTwo(a, transA);
  const [otherDepth, columns] = lastTwo(b, transB);
  if (depth !== otherDepth) {
    throw new RangeError(`A matrix product of [${a.dims.join()}] and [${b.dims.join()}]`);
  }
  const batch = broadcastBatch(a.dims.slice(0, -2), b.dims.slice(0, -2));
  return g.make({ kind: 'matmul', transA, transB }, [a, b], [...batch, rows, columns], 'real');
}

function lastTwo({ dims }: Value, swapped: boolean): readonly [number, number] {
  const [rows, columns] = [dims.at(-2) ?? 1, dims.at(-1) ?? 1];
  return swapped ? [columns, rows] : [rows, columns];
}

function broadcastBatch(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) =>
    Math.max(a[axis - rank + a.length] ?? 1, b[axis - rank + b.length] ?? 1),
  );
}
