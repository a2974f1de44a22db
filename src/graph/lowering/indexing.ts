import { add, compare, select } from '../static/elementwise';
import { gather, gatherElements } from '../static/indexing';
import { inversePerm, range, reshape, transpose } from '../static/shape';
import type { StaticGraph } from '../static/staticGraph';
import type { Value } from '../static/value';
import { sameDims, sizeOf } from '../static/value';
import type { LoweredNode, LoweringTable } from './loweredNode';
import { CannotLower, normalisedAxis } from './loweredNode';

/** Indices counted from the front: a negative one counts from the back of `size`. */
function fromFront(g: StaticGraph, indices: Value, size: number): Value {
  const { operation } = indices;
  if (operation.kind === 'constant' && operation.data instanceof BigInt64Array) {
    return g.constant(
      operation.data.map((index) => (index < 0n ? index + BigInt(size) : index)),
      indices.dims,
    );
  }
  const zero = g.constant(BigInt64Array.of(0n), []);
  const length = g.constant(BigInt64Array.of(BigInt(size)), []);
  return select(g, compare(g, 'greater', zero, indices), add(g, indices, length), indices);
}

/** The first and last of constant indices that follow each other, or null. */
function consecutive({ operation }: Value): readonly [number, number] | null {
  if (operation.kind !== 'constant') return null;
  const indices = Array.from<number | bigint, number>(operation.data, Number);
  const [first] = indices;
  if (first === undefined || indices.some((index, i) => index !== first + i)) return null;
  return [first, first + indices.length];
}

function lowerGather(n: LoweredNode): Value {
  const { g } = n;
  const x = n.input(0);
  const axis = normalisedAxis(n.int('axis', 0), x.dims.length);
  const indices = fromFront(g, n.input(1), x.dims[axis]!);
  const run = consecutive(indices);
  if (run !== null) return reshape(g, range(g, x, axis, ...run), n.outputDims());
  const toFront = [axis, ...x.dims.flatMap((_, i) => (i === axis ? [] : [i]))];
  const rows = gather(g, transpose(g, x, toFront), indices);
  // The axes of the indices go where the axis was.
  const depth = indices.dims.length;
  const others = rows.dims.slice(depth).map((_, i) => i + depth);
  const order = [...others.slice(0, axis), ...indices.dims.map((_, i) => i), ...others.slice(axis)];
  return transpose(g, rows, order);
}

function lowerGatherElements(n: LoweredNode): Value {
  const { g } = n;
  const x = n.input(0);
  const rank = x.dims.length;
  const axis = normalisedAxis(n.int('axis', 0), rank);
  const indices = fromFront(g, n.input(1), x.dims[axis]!);
  if (!sameDims(x.dims.with(axis, 1), indices.dims.with(axis, 1))) {
    throw new CannotLower('takes elements of a part of its input only');
  }
  const toBack = [...x.dims.flatMap((_, i) => (i === axis ? [] : [i])), axis];
  const rows = (value: Value): Value => {
    const moved = transpose(g, value, toBack);
    const last = moved.dims.at(-1) ?? 1;
    return reshape(g, moved, [sizeOf(moved.dims) / last, last]);
  };
  const taken = gatherElements(g, rows(x), rows(indices));
  const dims = toBack.map((from) => indices.dims[from]!);
  return transpose(g, reshape(g, taken, dims), inversePerm(toBack));
}

/** Elements by tuples of indices that reach over the leading axes: a gather of rows of those axes as one. */
function lowerGatherND(n: LoweredNode): Value {
  const { g } = n;
  const x = n.input(0);
  const tuples = n.input(1);
  const { operation } = tuples;
  if (n.int('batch_dims', 0) !== 0 || operation.kind !== 'constant') {
    throw new CannotLower('takes its indices from the samples or by batches');
  }
  const length = tuples.dims.at(-1) ?? 1;
  const leading = x.dims.slice(0, length);
  const numbers = Array.from<number | bigint, number>(operation.data, Number);
  const count = numbers.length / length;
  const flat = BigInt64Array.from({ length: count }, (_, tuple) =>
    BigInt(
      leading.reduce((index, dim, i) => {
        const own = numbers[tuple * length + i]!;
        return index * dim + (own < 0 ? own + dim : own);
      }, 0),
    ),
  );
  const rows = reshape(g, x, [sizeOf(leading), ...x.dims.slice(length)]);
  return gather(g, rows, g.constant(flat, tuples.dims.slice(0, -1)));
}

export const indexingLowerings: LoweringTable = {
  Gather: lowerGather,
  GatherElements: lowerGatherElements,
  GatherND: lowerGatherND,
};
