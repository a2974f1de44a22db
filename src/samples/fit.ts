import { quote } from '../files/quote';
import { FailureError } from '../report/failure';
import type { SampleArray } from './sampleArray';
import type { InputSpec } from './samples';

type Sizes = readonly (number | null)[];

/**
 * The dimensions of one sample as the model takes it, given those in the file ([samples, …]). Numbers are never reordered:
 * only singleton axes come or go, or a sample is flattened into one axis, or a flat row becomes a matrix.
 * FailureError: SampleShapeMismatch naming both shapes.
 */
export function fitSample(array: SampleArray, spec: InputSpec): readonly number[] {
  if (spec.type === 'string') {
    throw new FailureError(
      'UnsupportedStructure',
      `The model's input ${quote(spec.name)} takes text, and only numbers can be given to it.`,
    );
  }
  const found = array.shape.length === 0 ? null : fitDims(array.shape.slice(1), spec.dims);
  if (found !== null) return found;
  const wanted = sizeOf(spec.dims);
  const advice = transposition(array.shape.slice(1), spec.dims) ?? array.advice(wanted);
  throw new FailureError(
    'SampleShapeMismatch',
    `${array.holds}, but the model's input ${quote(spec.name)} takes ${describeDims(spec.dims)}; ${advice}.`,
  );
}

/** "64" for one axis, "1 × 28 × 28" for several, "any" for an open one. */
export function describeDims(dims: Sizes): string {
  return dims.length === 0
    ? 'a single number'
    : dims.map((size) => (size === null ? 'any' : String(size))).join(' × ');
}

function fitDims(sample: readonly number[], dims: Sizes): readonly number[] | null {
  const size = sample.reduce((product, next) => product * next, 1);
  if (size === 0) return null;
  const direct = match(sample, dims);
  if (direct !== null) return direct;
  const proper = sample.filter((next) => next !== 1);
  const open = dims.filter((next) => next !== 1);
  // Singleton axes that one side has and the other lacks.
  if (match(proper, open) !== null) return fill(dims, proper);
  const closed = dims.map((next) => next ?? 1);
  if (
    match(
      proper,
      closed.filter((next) => next !== 1),
    ) !== null
  )
    return closed;
  // The whole sample in one axis.
  const [only] = open;
  if (open.length === 1 && (only === null || only === size))
    return dims.map((next) => (next === 1 ? 1 : size));
  // A flat row as a vector or matrix; with more axes their order in the row would be a guess.
  if (proper.length <= 1 && open.length <= 2 && sizeOf(dims) === size) return closed;
  return null;
}

/** What to do where the axes are the wanted ones in another order, as where channels come last; else null. */
function transposition(sample: readonly number[], dims: Sizes): string | null {
  const [a = 0, b = 0, c = 0] = sample;
  if (sample.length === 3 && match([c, a, b], dims) !== null)
    return 'its channels come last where the model takes them first, so save it transposed (x.transpose(0, 3, 1, 2))';
  if (sample.length === 3 && match([b, c, a], dims) !== null)
    return 'its channels come first where the model takes them last, so save it transposed (x.transpose(0, 2, 3, 1))';
  const wanted = dims.filter((size) => size !== null);
  if (wanted.length !== dims.length || sample.length !== dims.length || sample.length < 2) return null;
  const sorted = wanted.toSorted((x, y) => x - y);
  const isReordered = sample.toSorted((x, y) => x - y).every((size, axis) => size === sorted[axis]);
  return isReordered ? 'its axes are in another order, so save it transposed' : null;
}

/** The sizes, where they are as the dimensions want them. */
function match(sizes: readonly number[], dims: Sizes): readonly number[] | null {
  const equal =
    sizes.length === dims.length && dims.every((size, axis) => size === null || size === sizes[axis]);
  return equal ? sizes : null;
}

/** The dimensions with the sizes of the proper axes put in, in order. */
function fill(dims: Sizes, proper: readonly number[]): number[] {
  let next = 0;
  return dims.map((size) => (size === 1 ? 1 : (proper[next++] ?? 1)));
}

/** null where an axis is open. */
function sizeOf(dims: Sizes): number | null {
  return dims.reduce<number | null>(
    (product, size) => (product === null || size === null ? null : product * size),
    1,
  );
}
