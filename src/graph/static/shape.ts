import { foldConcat, foldSlice, foldTranspose } from './fold';
import type { StaticGraph } from './staticGraph';
import type { Value } from './value';
import { sameDims, sizeOf } from './value';

export function inversePerm(perm: readonly number[]): number[] {
  const inverse = new Array<number>(perm.length);
  perm.forEach((from, to) => (inverse[from] = to));
  return inverse;
}

function pick(values: readonly number[], axes: readonly number[]): number[] {
  return axes.map((axis) => values[axis]!);
}

/** Whether a transpose moves no number, since it only moves axes of size 1. */
export function transposeIsReshape(dims: readonly number[], perm: readonly number[]): boolean {
  const moved = perm.filter((axis) => dims[axis] !== 1);
  return moved.every((axis, i) => i === 0 || axis > moved[i - 1]!);
}

export function transpose(g: StaticGraph, x: Value, perm: readonly number[]): Value {
  if (perm.every((axis, i) => axis === i)) return x;
  const dims = pick(x.dims, perm);
  if (transposeIsReshape(x.dims, perm)) return reshape(g, x, dims);
  const { operation } = x;
  const [inner] = x.inputs;
  if (operation.kind === 'transpose' && inner !== undefined) {
    return transpose(
      g,
      inner,
      perm.map((axis) => operation.perm[axis]!),
    );
  }
  const folded = foldTranspose(x, perm);
  if (folded !== null) return g.constant(folded, dims);
  return g.make({ kind: 'transpose', perm }, [x], dims, x.type);
}

export function swapLastTwo(g: StaticGraph, x: Value): Value {
  return transpose(g, x, swapPerm(x.dims.length));
}

export function swapPerm(rank: number): number[] {
  return Array.from({ length: rank }, (_, axis) =>
    axis === rank - 1 ? rank - 2 : axis === rank - 2 ? rank - 1 : axis,
  );
}

export function reshape(g: StaticGraph, x: Value, dims: readonly number[]): Value {
  if (sizeOf(dims) !== sizeOf(x.dims)) {
    throw new RangeError(`[${x.dims.join()}] does not reshape to [${dims.join()}]`);
  }
  if (sameDims(dims, x.dims)) return x;
  const [inner] = x.inputs;
  if (x.operation.kind === 'reshape' && inner !== undefined) return reshape(g, inner, dims);
  if (x.operation.kind === 'constant') return g.constant(x.operation.data, dims);
  return g.make({ kind: 'reshape' }, [x], dims, x.type);
}

export function expand(g: StaticGraph, x: Value, dims: readonly number[]): Value {
  if (sameDims(dims, x.dims)) return x;
  const [inner] = x.inputs;
  const { operation } = x;
  if (operation.kind === 'expand' && inner !== undefined) return expand(g, inner, dims);
  if (operation.kind === 'transpose' && inner !== undefined && x.dims.length === dims.length) {
    return transpose(g, expand(g, inner, pick(dims, inversePerm(operation.perm))), operation.perm);
  }
  return g.make({ kind: 'expand' }, [x], dims, x.type);
}

export function concat(g: StaticGraph, parts: readonly Value[], axis: number): Value {
  const [first] = parts;
  if (first === undefined) throw new RangeError('Nothing to concatenate');
  if (parts.length === 1) return first;
  const { operation } = first;
  if (operation.kind === 'transpose') {
    const bases = parts.flatMap((part) =>
      part.operation.kind === 'transpose' && part.operation.perm.join() === operation.perm.join()
        ? part.inputs
        : [],
    );
    if (bases.length === parts.length) {
      return transpose(g, concat(g, bases, operation.perm[axis]!), operation.perm);
    }
  }
  const size = parts.reduce((sum, part) => sum + part.dims[axis]!, 0);
  const dims = first.dims.with(axis, size);
  const folded = foldConcat(parts, axis, dims);
  if (folded !== null) return g.constant(folded, dims);
  return g.make({ kind: 'concat', axis }, parts, dims, first.type);
}

/** @param ends the index after the last in the direction of the step, −1 where a negative step ends at 0. */
export function slice(
  g: StaticGraph,
  x: Value,
  starts: readonly number[],
  ends: readonly number[],
  steps: readonly number[],
): Value {
  const dims = starts.map((start, axis) => Math.max(0, Math.ceil((ends[axis]! - start) / steps[axis]!)));
  if (sameDims(dims, x.dims) && steps.every((step) => step > 0)) return x;
  const { operation } = x;
  const [inner] = x.inputs;
  if (operation.kind === 'transpose' && inner !== undefined) {
    const own = inversePerm(operation.perm);
    const sliced = slice(g, inner, pick(starts, own), pick(ends, own), pick(steps, own));
    return transpose(g, sliced, operation.perm);
  }
  const folded = foldSlice(x, starts, steps, dims);
  if (folded !== null) return g.constant(folded, dims);
  return g.make({ kind: 'slice', starts, ends, steps }, [x], dims, x.type);
}

/** Elements `from` to `to` along one axis. */
export function range(g: StaticGraph, x: Value, axis: number, from: number, to: number): Value {
  const zeros = x.dims.map(() => 0);
  return slice(
    g,
    x,
    zeros.with(axis, from),
    x.dims.with(axis, to),
    x.dims.map(() => 1),
  );
}

/** The order of the elements reversed along the axes. */
export function reverse(g: StaticGraph, x: Value, axes: readonly number[]): Value {
  const reversed = axes.filter((axis) => x.dims[axis] !== 1);
  if (reversed.length === 0) return x;
  const turn = (axis: number): boolean => reversed.includes(axis);
  return slice(
    g,
    x,
    x.dims.map((dim, axis) => (turn(axis) ? dim - 1 : 0)),
    x.dims.map((dim, axis) => (turn(axis) ? -1 : dim)),
    x.dims.map((_, axis) => (turn(axis) ? -1 : 1)),
  );
}

/** Zeros around; negative amounts cut. */
export function pad(g: StaticGraph, x: Value, before: readonly number[], after: readonly number[]): Value {
  const cut = slice(
    g,
    x,
    before.map((amount) => Math.max(0, -amount)),
    after.map((amount, axis) => x.dims[axis]! + Math.min(0, amount)),
    before.map(() => 1),
  );
  const grown = { before: before.map((n) => Math.max(0, n)), after: after.map((n) => Math.max(0, n)) };
  if ([...grown.before, ...grown.after].every((n) => n === 0)) return cut;
  const { operation } = cut;
  const [inner] = cut.inputs;
  if (operation.kind === 'transpose' && inner !== undefined) {
    const own = inversePerm(operation.perm);
    return transpose(g, pad(g, inner, pick(grown.before, own), pick(grown.after, own)), operation.perm);
  }
  const dims = cut.dims.map((dim, axis) => dim + grown.before[axis]! + grown.after[axis]!);
  return g.make({ kind: 'pad', ...grown }, [cut], dims, cut.type);
}

/** The transpose of a slice: the elements put where the slice took them, zeros elsewhere. */
export function unslice(
  g: StaticGraph,
  y: Value,
  dims: readonly number[],
  starts: readonly number[],
  steps: readonly number[],
): Value {
  const backwards = steps.flatMap((step, axis) => (step < 0 ? [axis] : []));
  const forward = reverse(g, y, backwards);
  const strides = steps.map(Math.abs);
  const first = starts.map((start, axis) =>
    steps[axis]! < 0 ? start - (y.dims[axis]! - 1) * strides[axis]! : start,
  );
  const spread = dilate(g, forward, strides);
  return pad(
    g,
    spread,
    first,
    dims.map((dim, axis) => dim - first[axis]! - spread.dims[axis]!),
  );
}

/** Zeros between the elements: `strides` apart, and no zeros after the last. */
export function dilate(g: StaticGraph, x: Value, strides: readonly number[]): Value {
  const spread = strides.map((stride, axis) => (x.dims[axis]! > 1 ? stride : 1));
  if (spread.every((stride) => stride === 1)) return x;
  const split = x.dims.flatMap((dim) => [dim, 1]);
  const zeros = split.map(() => 0);
  const padded = pad(
    g,
    reshape(g, x, split),
    zeros,
    spread.flatMap((stride) => [0, stride - 1]),
  );
  const merged = reshape(
    g,
    padded,
    x.dims.map((dim, axis) => dim * spread[axis]!),
  );
  const last = x.dims.map((dim, axis) => (dim - 1) * spread[axis]! + 1);
  return slice(
    g,
    merged,
    last.map(() => 0),
    last,
    last.map(() => 1),
  );
}
