import { broadcastIndices, stridedIndices, stridesOf } from '../graph/static/fold';
import type { OperationOf, Value } from '../graph/static/value';
import { sizeOf } from '../graph/static/value';

/**
 * What a value holds at every place, where it only moves, repeats or leaves out what its inputs hold; null: it does more.
 * @param contents of the inputs, place by place, row-major
 */
export function move(value: Value, contents: readonly Int32Array[]): Int32Array | null {
  const [own] = contents;
  const [input] = value.inputs;
  if (own === undefined || input === undefined) return null;
  if (value.operation.kind === 'concat') return join(value, value.operation.axis, contents);
  const from = sources(value, input);
  return from === null ? null : from === 'same' ? own : from.map((place) => own[place]!);
}

/** For every place of a value the place of its first input that it holds. */
function sources(value: Value, input: Value): Int32Array | 'same' | null {
  const { operation, dims } = value;
  const strides = stridesOf(input.dims);
  switch (operation.kind) {
    case 'reshape':
      return 'same';
    case 'transpose':
      return stridedIndices(
        dims,
        operation.perm.map((axis) => strides[axis]!),
      );
    case 'expand':
      return broadcastIndices(input.dims, dims);
    case 'slice': {
      const first = operation.starts.reduce((sum, start, axis) => sum + start * strides[axis]!, 0);
      return stridedIndices(
        dims,
        strides.map((stride, axis) => stride * operation.steps[axis]!),
        first,
      );
    }
    case 'gather':
      return rowsOf(value, input);
    case 'im2col':
      return windowPlaces(operation, value, strides);
    default:
      return null;
  }
}

function rowsOf({ inputs: [, indices] }: Value, { dims }: Value): Int32Array | null {
  if (indices?.operation.kind !== 'constant') return null;
  const width = sizeOf(dims.slice(1));
  const rows = Array.from<number | bigint, number>(indices.operation.data, Number);
  return Int32Array.from(
    { length: rows.length * width },
    (_, i) => rows[Math.floor(i / width)]! * width + (i % width),
  );
}

/** [C · kernel, N, windows…] without padding, as one array of [C, kernel…, N, windows…] over [C, N, spatial…]. */
function windowPlaces(
  { windows }: OperationOf<'im2col'>,
  { dims, inputs: [images] }: Value,
  [channel = 0, image = 0, ...spatial]: readonly number[],
): Int32Array | null {
  const { kernel, strides, dilations, padsBefore, padsAfter } = windows;
  if ([...padsBefore, ...padsAfter].some((pad) => pad !== 0)) return null;
  return stridedIndices(
    [images?.dims[0] ?? 0, ...kernel, ...dims.slice(1)],
    [
      channel,
      ...spatial.map((stride, i) => stride * dilations[i]!),
      image,
      ...spatial.map((stride, i) => stride * strides[i]!),
    ],
  );
}

function join({ inputs, dims }: Value, axis: number, contents: readonly Int32Array[]): Int32Array {
  const whole = new Int32Array(sizeOf(dims));
  const inner = sizeOf(dims.slice(axis + 1));
  let at = 0;
  for (let outer = 0; outer < sizeOf(dims.slice(0, axis)); outer++) {
    inputs.forEach((part, i) => {
      const width = part.dims[axis]! * inner;
      whole.set(contents[i]!.subarray(outer * width, (outer + 1) * width), at);
      at += width;
    });
  }
  return whole;
}

/**
 * Which samples every place of a value depends on, as bits; those that nothing is known of depend on all.
 * @param reaches of the inputs
 */
export function reachOf(value: Value, reaches: readonly Int32Array[]): Int32Array {
  const axes = reducedAxes(value);
  const [input] = value.inputs;
  const [own] = reaches;
  if (axes !== null && input !== undefined && own !== undefined) return reducedReach(value, input, own, axes);
  const places = move(value, reaches);
  if (places !== null) return places;
  const result = new Int32Array(sizeOf(value.dims));
  const isElementwise = elementwise.has(value.operation.kind);
  value.inputs.forEach(({ dims }, i) => {
    const reach = reaches[i]!;
    const all = reach.reduce((bits, each) => bits | each, 0);
    const from = isElementwise ? broadcastIndices(dims, value.dims) : null;
    for (let place = 0; place < result.length; place++) {
      result[place]! |= from === null ? all : reach[from[place]!]!;
    }
  });
  return result;
}

/** Of an operation that computes each place from the same place of its operands. */
export const elementwise: ReadonlySet<string> = new Set([
  'unary',
  'power',
  'binary',
  'compare',
  'logical',
  'convert',
  'select',
]);

/** The axes along which a value depends on all of its input. */
function reducedAxes({ operation, dims }: Value): readonly number[] | null {
  switch (operation.kind) {
    case 'reduceSum':
    case 'reduceMax':
      return operation.axes;
    case 'argMax':
    case 'cumulativeSum':
      return [operation.axis];
    case 'softmax':
      return [dims.length - 1];
    default:
      return null;
  }
}

function reducedReach(value: Value, input: Value, own: Int32Array, axes: readonly number[]): Int32Array {
  const dims = input.dims.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
  const cells = new Int32Array(sizeOf(dims));
  const cellOf = broadcastIndices(dims, input.dims);
  cellOf.forEach((cell, place) => (cells[cell]! |= own[place]!));
  return sizeOf(value.dims) === cells.length ? cells : cellOf.map((cell) => cells[cell]!);
}
