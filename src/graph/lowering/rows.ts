import { inversePerm, reshape, transpose } from '../static/shape';
import type { StaticGraph } from '../static/staticGraph';
import type { Value } from '../static/value';
import { sizeOf } from '../static/value';

function toBack(rank: number, axis: number): number[] {
  return [...Array.from({ length: rank }, (_, i) => i).filter((i) => i !== axis), axis];
}

/** Every line along the axis as a row of a matrix. */
export function rowsAlong(g: StaticGraph, x: Value, axis: number): Value {
  const size = x.dims[axis] ?? 1;
  return reshape(g, transpose(g, x, toBack(x.dims.length, axis)), [sizeOf(x.dims) / size, size]);
}

/** The inverse of rowsAlong. @param dims of the result */
export function fromRows(g: StaticGraph, rows: Value, dims: readonly number[], axis: number): Value {
  const order = toBack(dims.length, axis);
  const moved = reshape(
    g,
    rows,
    order.map((from) => dims[from]!),
  );
  return transpose(g, moved, inversePerm(order));
}
