import { add, compare, convert, select, sub } from '../static/elementwise';
import { gather, gatherElements, scatterAdd, scatterElements } from '../static/indexing';
import { concat, expand, reshape } from '../static/shape';
import type { StaticGraph } from '../static/staticGraph';
import type { Value } from '../static/value';
import { sameDims, sizeOf } from '../static/value';
import { realInput } from './elementwise';
import { frontIndices } from './indexing';
import type { LoweredNode, LoweringTable } from './loweredNode';
import { CannotLower, normalisedAxis } from './loweredNode';
import { fromRows, rowsAlong } from './rows';
import { constantNumbers, flatTuples, integers } from './tuples';

type Reduction = 'none' | 'add';

function reductionOf(n: LoweredNode): Reduction {
  const reduction = n.text('reduction', 'none');
  if (reduction === 'none' || reduction === 'add') return reduction;
  throw new CannotLower(`scatters by "${reduction}", which has no derivative here`);
}

/** Rows of `updates` put into those of `rows` at known places; where one is met twice the last counts. */
function putRows(g: StaticGraph, rows: Value, updates: Value, places: readonly number[]): Value {
  const count = rows.dims[0] ?? 0;
  const sources = Array.from({ length: count }, (_, row) => row);
  places.forEach((place, i) => {
    if (place < 0 || place >= count) throw new CannotLower(`scatters to the place ${place} of ${count}`);
    sources[place] = count + i;
  });
  return gather(g, concat(g, [rows, updates], 0), integers(g, sources, [count]));
}

/**
 * For matrices: elements of `updates` put along every row of `rows` at places that the samples tell. The last one that
 * comes to a place is found by scattering the numbers 1, 2, 3, … in the same way.
 */
function putElements(g: StaticGraph, rows: Value, updates: Value, places: Value): Value {
  const [count = 0, length = 0] = places.dims;
  const numbers = Float64Array.from({ length }, (_, i) => i + 1);
  const order = expand(g, g.constant(numbers, [1, length]), [count, length]);
  const last = scatterElements(g, order, places, rows.dims[1] ?? 0, true);
  const taken = compare(g, 'greater', last, g.scalar(0.5));
  const source = convert(g, sub(g, last, convert(g, taken, 'real')), 'int64');
  return select(g, taken, gatherElements(g, updates, source), rows);
}

/** Slices put, or added, at tuples of indices over the leading axes. */
function lowerScatterND(n: LoweredNode): Value {
  const { g } = n;
  const x = realInput(n, 0);
  const tuples = n.input(1);
  const length = tuples.dims.at(-1) ?? 1;
  const [leading, slice] = [x.dims.slice(0, length), x.dims.slice(length)];
  const count = sizeOf(tuples.dims.slice(0, -1));
  const [width, height] = [sizeOf(slice), sizeOf(leading)];
  const flat = reshape(g, flatTuples(g, tuples, leading), [count]);
  const rows = reshape(g, x, [height, width]);
  const updates = reshape(g, realInput(n, 2), [count, width]);
  if (reductionOf(n) === 'add') return reshape(g, add(g, rows, scatterAdd(g, updates, flat, height)), x.dims);
  const places = constantNumbers(flat);
  if (places !== null) return reshape(g, putRows(g, rows, updates, places), x.dims);
  // Every number of a slice goes where the slice goes: along columns, which are rows once transposed.
  const across = expand(g, reshape(g, flat, [1, count]), [width, count]);
  const put = putElements(g, rowsAlong(g, rows, 0), rowsAlong(g, updates, 0), across);
  return reshape(g, fromRows(g, put, rows.dims, 0), x.dims);
}

/** Elements put, or added, along an axis at the indices; the other axes may be left out at their ends. */
function lowerScatterElements(n: LoweredNode): Value {
  const { g } = n;
  const x = realInput(n, 0);
  const axis = normalisedAxis(n.int('axis', 0), x.dims.length);
  const indices = frontIndices(g, n.input(1), x.dims[axis]!);
  const updates = realInput(n, 2);
  const known = constantNumbers(indices);
  const adds = reductionOf(n) === 'add';
  if (known !== null) {
    const [total, count] = [sizeOf(x.dims), known.length];
    const places = placesAlong(x.dims, indices.dims, axis, known);
    const [flat, flatUpdates] = [reshape(g, x, [total]), reshape(g, updates, [count])];
    const scattered = adds
      ? add(g, flat, scatterAdd(g, flatUpdates, integers(g, places, [count]), total))
      : putRows(g, flat, flatUpdates, places);
    return reshape(g, scattered, x.dims);
  }
  if (!sameDims(x.dims.with(axis, 1), indices.dims.with(axis, 1))) {
    throw new CannotLower('scatters to a part of its input at places that the samples tell');
  }
  const [rows, own, places] = [x, updates, indices].map((value) => rowsAlong(g, value, axis));
  if (rows === undefined || own === undefined || places === undefined) throw new CannotLower('has no inputs');
  const put = adds
    ? add(g, rows, scatterElements(g, own, places, x.dims[axis]!, false))
    : putElements(g, rows, own, places);
  return fromRows(g, put, x.dims, axis);
}

/** The place in a tensor of `dims` of every element of indices along the axis, whose own place tells the other axes. */
function placesAlong(
  dims: readonly number[],
  own: readonly number[],
  axis: number,
  indices: readonly number[],
): readonly number[] {
  return indices.map((index, at) => {
    let place = 0;
    let rest = at;
    for (let i = 0; i < dims.length; i++) {
      const inner = sizeOf(own.slice(i + 1));
      const position = Math.floor(rest / inner);
      rest -= position * inner;
      place = place * dims[i]! + (i === axis ? index : position);
    }
    return place;
  });
}

export const scatteringLowerings = {
  ScatterND: lowerScatterND,
  ScatterElements: lowerScatterElements,
  // Its name before operator set 11.
  Scatter: lowerScatterElements,
} satisfies LoweringTable;
