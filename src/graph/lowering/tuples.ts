import { add, compare, mul, select } from '../static/elementwise';
import { reduceSum } from '../static/linear';
import { reshape } from '../static/shape';
import type { StaticGraph } from '../static/staticGraph';
import type { Value } from '../static/value';
import { sizeOf } from '../static/value';

/** The numbers of a constant, or null. */
export function constantNumbers({ operation }: Value): readonly number[] | null {
  return operation.kind === 'constant' ? Array.from<number | bigint, number>(operation.data, Number) : null;
}

export function integers(g: StaticGraph, values: readonly number[], dims: readonly number[]): Value {
  return g.constant(BigInt64Array.from(values, BigInt), dims);
}

/** Indices counted from the front: a negative one counts from the back of the size that belongs to it. */
export function fromFront(g: StaticGraph, indices: Value, sizes: Value): Value {
  return select(g, compare(g, 'greater', integers(g, [0], []), indices), add(g, indices, sizes), indices);
}

/**
 * Tuples of indices [..., L] over axes of the given sizes as one index [...] over those axes in row-major order.
 */
export function flatTuples(g: StaticGraph, tuples: Value, sizes: readonly number[]): Value {
  const dims = tuples.dims.slice(0, -1);
  const strides = sizes.map((_, axis) => sizeOf(sizes.slice(axis + 1)));
  const known = constantNumbers(tuples);
  if (known === null) {
    const front = fromFront(g, tuples, integers(g, sizes, [sizes.length]));
    const parts = mul(g, front, integers(g, strides, [sizes.length]));
    return reshape(g, reduceSum(g, parts, [dims.length]), dims);
  }
  const flat = Array.from({ length: sizeOf(dims) }, (_, tuple) =>
    sizes.reduce((sum, size, i) => {
      const index = known[tuple * sizes.length + i]!;
      return sum + strides[i]! * (index < 0 ? index + size : index);
    }, 0),
  );
  return integers(g, flat, dims);
}
