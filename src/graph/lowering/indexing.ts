import { add } from '../static/elementwise';
import { gather, gatherElements, topPositions } from '../static/indexing';
import { range, reshape, transpose } from '../static/shape';
import type { StaticGraph } from '../static/staticGraph';
import type { Value } from '../static/value';
import { sizeOf } from '../static/value';
import type { LoweredNode, Lowering, LoweringTable } from './loweredNode';
import { CannotLower, normalisedAxis } from './loweredNode';
import { fromRows, rowsAlong } from './rows';
import { constantNumbers, flatTuples, fromFront, integers } from './tuples';

/** Indices counted from the front: a negative one counts from the back of `size`. */
export function frontIndices(g: StaticGraph, indices: Value, size: number): Value {
  const known = constantNumbers(indices);
  if (known === null) return fromFront(g, indices, integers(g, [size], []));
  return integers(
    g,
    known.map((index) => (index < 0 ? index + size : index)),
    indices.dims,
  );
}

/** The first and last of constant indices that follow each other, or null. */
function consecutive(indices: readonly number[] | null): readonly [number, number] | null {
  const [first] = indices ?? [];
  if (indices === null || first === undefined || indices.some((index, i) => index !== first + i)) return null;
  return [first, first + indices.length];
}

/** Slices of x along an axis by constant indices that are not negative. */
export function takeAlong(g: StaticGraph, x: Value, axis: number, indices: readonly number[]): Value {
  const run = consecutive(indices);
  if (run !== null) return range(g, x, axis, ...run);
  return gatherAlong(g, x, axis, integers(g, indices, [indices.length]));
}

/** Slices of x along an axis; the axes of the indices go where the axis was. */
function gatherAlong(g: StaticGraph, x: Value, axis: number, indices: Value): Value {
  const toFront = [axis, ...x.dims.flatMap((_, i) => (i === axis ? [] : [i]))];
  const rows = gather(g, transpose(g, x, toFront), indices);
  const depth = indices.dims.length;
  const others = rows.dims.slice(depth).map((_, i) => i + depth);
  const order = [...others.slice(0, axis), ...indices.dims.map((_, i) => i), ...others.slice(axis)];
  return transpose(g, rows, order);
}

function lowerGather(n: LoweredNode): Value {
  const { g } = n;
  const x = n.input(0);
  const axis = normalisedAxis(n.int('axis', 0), x.dims.length);
  const indices = frontIndices(g, n.input(1), x.dims[axis]!);
  const run = consecutive(constantNumbers(indices));
  if (run !== null) return reshape(g, range(g, x, axis, ...run), n.outputDims());
  return gatherAlong(g, x, axis, indices);
}

/** The elements at the indices, which may leave out the ends of the other axes. */
function lowerGatherElements(n: LoweredNode): Value {
  const { g } = n;
  const whole = n.input(0);
  const axis = normalisedAxis(n.int('axis', 0), whole.dims.length);
  const indices = frontIndices(g, n.input(1), whole.dims[axis]!);
  const x = indices.dims.reduce((part, size, i) => (i === axis ? part : range(g, part, i, 0, size)), whole);
  const taken = gatherElements(g, rowsAlong(g, x, axis), rowsAlong(g, indices, axis));
  return fromRows(g, taken, indices.dims, axis);
}

/** Slices by tuples of indices that reach over leading axes: a gather of rows of those axes as one. */
function lowerGatherND(n: LoweredNode): Value {
  const { g } = n;
  const x = n.input(0);
  const tuples = n.input(1);
  const shared = n.int('batch_dims', 0);
  const length = tuples.dims.at(-1) ?? 1;
  const batch = x.dims.slice(0, shared);
  const indexed = x.dims.slice(shared, shared + length);
  const flat = flatTuples(g, tuples, indexed);
  const starts = integers(
    g,
    Array.from({ length: sizeOf(batch) }, (_, i) => i * sizeOf(indexed)),
    [...batch, ...flat.dims.slice(shared).map(() => 1)],
  );
  const rows = reshape(g, x, [sizeOf(batch) * sizeOf(indexed), ...x.dims.slice(shared + length)]);
  return gather(g, rows, shared === 0 ? flat : add(g, flat, starts));
}

/** The largest or smallest along an axis, and where they are; through the places nothing flows. */
function lowerTopK(n: LoweredNode): readonly Value[] {
  const { g } = n;
  const x = n.input(0);
  if (x.type !== 'real') throw new CannotLower('computes with integers');
  const axis = normalisedAxis(n.int('axis', -1), x.dims.length);
  const dims = n.outputDims();
  const rows = rowsAlong(g, x, axis);
  const [largest, sorted] = [n.int('largest', 1) !== 0, n.int('sorted', 1) !== 0];
  const positions = topPositions(g, rows, dims[axis]!, largest, sorted);
  return [gatherElements(g, rows, positions), positions].map((part) => fromRows(g, part, dims, axis));
}

/** Where the largest or smallest is along an axis, the first of equals. */
const position =
  (largest: boolean): Lowering =>
  (n) => {
    const x = n.input(0);
    if (x.type !== 'real') throw new CannotLower('computes with integers');
    if (n.int('select_last_index', 0) !== 0) throw new CannotLower('takes the last of equals');
    const rows = rowsAlong(n.g, x, normalisedAxis(n.int('axis', 0), x.dims.length));
    return reshape(n.g, topPositions(n.g, rows, 1, largest, true), n.outputDims());
  };

export const indexingLowerings = {
  Gather: lowerGather,
  GatherElements: lowerGatherElements,
  GatherND: lowerGatherND,
  TopK: lowerTopK,
  ArgMax: position(true),
  ArgMin: position(false),
} satisfies LoweringTable;
