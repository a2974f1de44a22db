import { add, div, mul, sub } from '../graph/static/elementwise';
import type { StaticGraph } from '../graph/static/staticGraph';
import type { Value } from '../graph/static/value';
import { dependentOn, reachedFrom, sameDims } from '../graph/static/value';

/**
 * A product is linear in its direction, so of the two factors of a multiplication only one moves with it. Here the
 * factors that do not move are multiplied among themselves, (t·p)·q = t·(p·q), and gathered, t·p + t·q = t·(p + q):
 * they are then computed once for each batch, and what is left for each vector is one multiplication.
 */
export function regroup(
  g: StaticGraph,
  outputs: readonly Value[],
  directions: readonly Value[],
): readonly Value[] {
  const ordered = reachedFrom(outputs);
  const moving = dependentOn(directions, ordered);
  const uses = new Map<Value, number>();
  for (const { inputs } of ordered) for (const input of inputs) uses.set(input, (uses.get(input) ?? 0) + 1);
  for (const output of outputs) uses.set(output, (uses.get(output) ?? 0) + 1);
  const replaced = new Map<Value, Value>();
  /** A new value as what moves times what does not. */
  const products = new Map<Value, { readonly moved: Value; readonly factor: Value }>();

  const times = (moved: Value, factor: Value, split: boolean): Value => {
    const inner = split ? products.get(moved) : undefined;
    const [own, all] = inner === undefined ? [moved, factor] : [inner.moved, mul(g, inner.factor, factor)];
    const value = mul(g, own, all);
    if (sameDims(own.dims, value.dims)) products.set(value, { moved: own, factor: all });
    return value;
  };

  const rebuilt = (value: Value): Value => {
    const { operation, inputs } = value;
    const own = inputs.map((input) => replaced.get(input) ?? input);
    const [a, b] = own;
    const [first, second] = inputs;
    const alone = (input: Value | undefined): boolean => input !== undefined && uses.get(input) === 1;
    if (a !== undefined && operation.kind === 'unary' && operation.function === 'neg' && products.has(a)) {
      return times(a, g.scalar(-1), alone(first));
    }
    if (operation.kind !== 'binary' || a === undefined || b === undefined || !first || !second) {
      return g.make(operation, own, value.dims, value.type);
    }
    const [aMoves, bMoves] = [moving.has(first), moving.has(second)];
    switch (operation.function) {
      case 'mul':
        return aMoves ? times(a, b, alone(first)) : times(b, a, alone(second));
      case 'div':
        return aMoves && !bMoves ? times(a, div(g, g.scalar(1), b), alone(first)) : div(g, a, b);
      case 'add':
      case 'sub': {
        const gathered =
          aMoves && bMoves && alone(first) && alone(second) ? common(a, b, operation.function) : null;
        return gathered ?? (operation.function === 'add' ? add(g, a, b) : sub(g, a, b));
      }
    }
  };

  /** t·p ± t·q as t·(p ± q). */
  const common = (a: Value, b: Value, name: 'add' | 'sub'): Value | null => {
    const [left, right] = [products.get(a), products.get(b)];
    if (left === undefined || left.moved !== right?.moved) return null;
    const factor = name === 'add' ? add(g, left.factor, right.factor) : sub(g, left.factor, right.factor);
    return times(left.moved, factor, false);
  };

  for (const value of ordered) {
    if (!moving.has(value) || value.inputs.length === 0) continue;
    replaced.set(
      value,
      g.under(value.origin, () => rebuilt(value)),
    );
  }
  return outputs.map((output) => replaced.get(output) ?? output);
}
