import type { Value } from '../graph/static/value';
import { sizeOf } from '../graph/static/value';
import { findNeededValues } from '../graph/writing/writeOnnx';
import type { Precision } from '../graph/writing/nodeWriter';
import { bytesOf } from './residuals';

/** Multiply-adds of a list of values: those of matrix products, and one for every other number that is computed. */
export function multiplyAddsOf(values: readonly Value[]): number {
  return values.reduce((sum, value) => sum + own(value), 0);
}

function own({ operation, inputs, dims }: Value): number {
  switch (operation.kind) {
    case 'input':
    case 'constant':
    case 'reshape':
    case 'expand':
      return 0;
    case 'matmul': {
      const depth = inputs[0]?.dims.at(operation.transA ? -2 : -1) ?? 1;
      return sizeOf(dims) * depth;
    }
    case 'reduceSum':
    case 'reduceMax':
      return sizeOf(inputs[0]?.dims ?? []);
    default:
      return sizeOf(dims);
  }
}

/**
 * Bytes of all values that are alive together when the outputs are computed in the order of the graph, each let go after
 * its last use; inputs and given values, which stand in memory before, are not counted. onnxruntime orders the work in its
 * own way: it is a measure, not a bound.
 */
export function peakBytesOf(
  outputs: readonly Value[],
  given: ReadonlyMap<Value, string>,
  precision: Precision,
): number {
  const realBytes = precision === 'float64' ? 8 : 4;
  const ordered = findNeededValues(outputs, given);
  const kept = new Set(outputs.map(memoryOf));
  const isOutside = (value: Value): boolean => given.has(value) || value.operation.kind === 'input';
  const lastUse = new Map<Value, number>();
  for (const [at, value] of ordered.entries()) {
    if (!given.has(value)) for (const input of value.inputs) lastUse.set(memoryOf(input), at);
  }
  const freed = new Map<number, Value[]>();
  for (const [value, at] of lastUse) {
    if (!isOutside(value) && !kept.has(value)) freed.set(at, [...(freed.get(at) ?? []), value]);
  }
  let alive = 0;
  let peak = 0;
  for (const [at, value] of ordered.entries()) {
    if (!isOutside(value) && memoryOf(value) === value) alive += bytesOf([value], realBytes);
    peak = Math.max(peak, alive + bytesOf(besides(value), realBytes));
    for (const gone of freed.get(at) ?? []) alive -= bytesOf([gone], realBytes);
  }
  return peak;
}

/** A reshaped value is another view of the same memory. */
function memoryOf(value: Value): Value {
  const [input] = value.inputs;
  return value.operation.kind === 'reshape' && input !== undefined ? memoryOf(input) : value;
}

/** What a value takes while it is made: the parts of columns, and the operands of a stack that are turned. */
function besides(value: Value): readonly Value[] {
  const { operation, inputs, dims } = value;
  if (operation.kind === 'im2col') return [value, ...inputs];
  if (operation.kind !== 'matmul' || dims.length === 2) return [];
  return inputs.filter((_, side) => (side === 0 ? operation.transA : operation.transB));
}
