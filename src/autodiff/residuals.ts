import type { Value } from '../graph/static/value';
import { dependentOn, reachedFrom, sizeOf } from '../graph/static/value';
import { findConvolvedColumns, onlyConvolved, usesAmong } from '../graph/writing/convolutions';
import type { Precision } from '../graph/writing/nodeWriter';

/**
 * Where a product is cut into what is computed once for each batch and what is computed for each vector.
 * @param outputs of the product
 * @param directions the inputs that change with the vector
 * @param samples the inputs that change with the batch
 * @param precision in float32 convolutions read their images, not columns
 * @returns the values to keep from the first part: everything that the second needs and that is not cheap to make again
 */
export function residualsOf(
  outputs: readonly Value[],
  directions: readonly Value[],
  samples: readonly Value[],
  precision: Precision,
): readonly Value[] {
  const ordered = reachedFrom(outputs);
  const convolved = precision === 'float32' ? notKeptColumns(ordered) : new Set<Value>();
  const moving = dependentOn(directions, ordered);
  const ofBatch = dependentOn(samples, ordered);
  const residuals = new Set<Value>();
  const visited = new Set<Value>();
  const pending = outputs.filter((output) => !moving.has(output));
  for (const value of ordered) {
    if (moving.has(value)) pending.push(...value.inputs.filter((input) => !moving.has(input)));
  }
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (visited.has(value)) continue;
    visited.add(value);
    // What depends on the weights alone would be kept for every batch: it is made again.
    if (!ofBatch.has(value) || value.operation.kind === 'input') continue;
    const { kind } = value.operation;
    if (kind === 'reshape' || kind === 'expand' || convolved.has(value)) pending.push(...value.inputs);
    else residuals.add(value);
  }
  return [...residuals].sort((a, b) => a.id - b.id);
}

/** Columns that only convolutions read, which never form them, and those of groups, whose convolutions read images anyway. */
function notKeptColumns(ordered: readonly Value[]): ReadonlySet<Value> {
  const ofGroups = ordered.flatMap((value) =>
    value.dims.length === 3 ? (findConvolvedColumns(value)?.inputs ?? []) : [],
  );
  return new Set([...onlyConvolved(ordered, usesAmong(ordered, new Map())), ...ofGroups]);
}

/** Bytes of values whose reals take `realBytes` each. */
export function bytesOf(values: readonly Value[], realBytes: number): number {
  const perElement = { real: realBytes, int64: 8, bool: 1 };
  return values.reduce((sum, { dims, type }) => sum + sizeOf(dims) * perElement[type], 0);
}
