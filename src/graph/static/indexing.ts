import { compare, convert } from './elementwise';
import { reshape, transpose } from './shape';
import type { StaticGraph } from './staticGraph';
import type { Value, Windows } from './value';
import { sizeOf } from './value';

/** Rows of x by index: [R, d...] and [i...] → [i..., d...]. Indices are not negative. */
export function gather(g: StaticGraph, x: Value, indices: Value): Value {
  return g.make({ kind: 'gather' }, [x, indices], [...indices.dims, ...x.dims.slice(1)], x.type);
}

/** The transpose of gather: [i..., d...] → [rows, d...], rows with the same index summed. */
export function scatterAdd(g: StaticGraph, y: Value, indices: Value, rows: number): Value {
  const dims = [rows, ...y.dims.slice(indices.dims.length)];
  return g.make({ kind: 'scatterAdd', rows }, [y, indices], dims, 'real');
}

/** out[i, j] = x[i, index[i, j]] */
export function gatherElements(g: StaticGraph, x: Value, indices: Value): Value {
  return g.make({ kind: 'gatherElements' }, [x, indices], indices.dims, x.type);
}

/** The transpose of gatherElements: [R, J] → [R, columns]. */
export function scatterElements(
  g: StaticGraph,
  y: Value,
  indices: Value,
  columns: number,
  disjoint: boolean,
): Value {
  return g.make({ kind: 'scatterElements', columns, disjoint }, [y, indices], [y.dims[0]!, columns], 'real');
}

/** [R, C] → [R, count]: the positions of the largest or smallest of every row; of equals the first. */
export function topPositions(
  g: StaticGraph,
  x: Value,
  count: number,
  largest: boolean,
  sorted: boolean,
): Value {
  return g.make({ kind: 'topPositions', largest, sorted }, [x], [x.dims[0]!, count], 'int64');
}

/** Over the last axis. */
export function softmax(g: StaticGraph, x: Value, stable: boolean): Value {
  return g.make({ kind: 'softmax', stable }, [x], x.dims, 'real');
}

export function reduceMax(g: StaticGraph, x: Value, axes: readonly number[]): Value {
  const dims = x.dims.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
  return g.make({ kind: 'reduceMax', axes }, [x], dims, x.type);
}

/** 1 at the first largest element along the last axis, 0 elsewhere. */
export function firstLargest(g: StaticGraph, x: Value): Value {
  const axis = x.dims.length - 1;
  const position = g.make({ kind: 'argMax', axis }, [x], x.dims.with(axis, 1), 'int64');
  const positions = g.constant(
    BigInt64Array.from({ length: x.dims[axis]! }, (_, i) => BigInt(i)),
    [x.dims[axis]!],
  );
  return convert(g, compare(g, 'equal', position, positions), 'real');
}

/** Largest of each window of [N, C, spatial...], padded with nothing; the first of equals, as PyTorch's. */
export function maxPool(
  g: StaticGraph,
  x: Value,
  windows: Windows,
  counts: readonly number[],
  ceil: boolean,
): Value {
  const { operation } = x;
  const [inner] = x.inputs;
  // Pooling does not care which of the two leading axes is which: a transpose of them sinks through.
  if (
    operation.kind === 'transpose' &&
    inner !== undefined &&
    operation.perm.every((from, to) => to < 2 || from === to)
  ) {
    return transpose(g, maxPool(g, inner, windows, counts, ceil), operation.perm);
  }
  const [count = 0, channels = 0, ...spatial] = x.dims;
  const rows = count * channels;
  const indices = g.make({ kind: 'maxPoolIndices', windows, ceil }, [x], [rows, sizeOf(counts)], 'int64');
  const pooled = gatherElements(g, reshape(g, x, [rows, sizeOf(spatial)]), indices);
  return reshape(g, pooled, [count, channels, ...counts]);
}

/** Whether no index comes twice in a row, as far as is known from what the indices are. */
export function positionsAreDistinct({ operation }: Value): boolean {
  if (operation.kind === 'maxPoolIndices') return windowsAreDisjoint(operation.windows);
  return operation.kind === 'topPositions';
}

/** Whether no number is in two windows, so that no index of a maximum comes twice. */
function windowsAreDisjoint({ kernel, strides, dilations }: Windows): boolean {
  return kernel.every((k, i) => dilations[i] === 1 && k <= strides[i]!);
}

/** Sum along an axis up to every element. */
export function cumulativeSum(
  g: StaticGraph,
  x: Value,
  axis: number,
  exclusive: boolean,
  reverse: boolean,
): Value {
  return g.make({ kind: 'cumulativeSum', axis, exclusive, reverse }, [x], x.dims, x.type);
}
