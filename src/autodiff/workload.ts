import type { Value } from '../graph/static/value';
import { sizeOf } from '../graph/static/value';

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
