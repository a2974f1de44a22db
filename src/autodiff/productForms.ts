import { add } from '../graph/static/elementwise';
import { reshape, swapLastTwo, transpose } from '../graph/static/shape';
import type { StaticGraph } from '../graph/static/staticGraph';
import type { OperationOf, Value } from '../graph/static/value';
import { sameDims, sizeOf } from '../graph/static/value';

/** Of an operand: made of the samples and the vector, of the samples alone, or of weights and vector alone. */
export type Standing = 'moving' | 'kept' | 'weights';

/** A left operand with so many times fewer rows than the right one has columns is the small one. */
const smallPart = 2;

/**
 * A product as onnxruntime makes it fastest. Its right operand is copied before it is multiplied, turned or not; its left
 * one is only where it is turned: a small matrix is better on the right, and a left one that is kept is turned before.
 * Stacks have no flags: they are turned before they are multiplied, but for a single row, which is multiplied as a column.
 */
export function orient(
  g: StaticGraph,
  { transA, transB }: OperationOf<'matmul'>,
  operands: readonly Value[],
  dims: readonly number[],
  standing: { readonly left: Standing; readonly right: Standing },
): Value {
  const [a, b] = operands;
  if (a === undefined || b === undefined) throw new RangeError('A product has two operands');
  const isStack = dims.length > 2;
  const turnA = transA && standing.left === 'kept';
  const turnB = transB && isStack && standing.right === 'kept';
  if (isStack && transB && !transA && a.dims.at(-2) === 1 && a.dims.length === b.dims.length) {
    const column = reshape(g, a, [...a.dims.slice(0, -2), a.dims.at(-1) ?? 1, 1]);
    const turned = [...dims.slice(0, -2), dims.at(-1) ?? 1, 1];
    const plain = { kind: 'matmul', transA: false, transB: false } as const;
    return reshape(g, g.make(plain, [b, column], turned, 'real'), dims);
  }
  const flags = { transA: transA && !turnA, transB: transB && !turnB };
  const own = [turnA ? swapLastTwo(g, a) : a, turnB ? swapLastTwo(g, b) : b];
  const [rows = 1, columns = 1] = dims;
  const isSmallLeft = !isStack && columns >= smallPart * rows && standing.right !== 'weights';
  if (!isSmallLeft || flags.transA || !flags.transB)
    return g.make({ kind: 'matmul', ...flags }, own, dims, 'real');
  return transpose(
    g,
    g.make({ kind: 'matmul', ...flags }, own.toReversed(), [columns, rows], 'real'),
    [1, 0],
  );
}

/** Whether a value is one row that is added to all rows of the given dimensions. */
export function isRow(value: Value, dims: readonly number[]): boolean {
  return value.dims.at(-1) === dims.at(-1) && sizeOf(value.dims) === dims.at(-1);
}

/**
 * The sum of a product, or of several, with one row for all of theirs: added to the first of them it costs nothing, for
 * the kernel of products begins with a summand.
 */
export function withBias(g: StaticGraph, sum: Value, row: Value): Value {
  const { operation, inputs, dims } = sum;
  const [first, second] = inputs;
  if (operation.kind === 'reshape' && first?.dims.length === 2 && first.dims[1] === dims.at(-1)) {
    return reshape(g, withBias(g, first, reshape(g, row, [sizeOf(row.dims)])), dims);
  }
  if (
    operation.kind === 'binary' &&
    operation.function === 'add' &&
    first !== undefined &&
    second !== undefined
  ) {
    if (first.operation.kind === 'matmul' && sameDims(first.dims, dims))
      return add(g, second, add(g, first, row));
  }
  return add(g, sum, row);
}
