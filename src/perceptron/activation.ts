import { tangentsOf } from '../autodiff/derivatives';
import type { StaticGraph } from '../graph/static/staticGraph';
import type { Value } from '../graph/static/value';
import { activationName } from './activationName';
import { ScalarProgram } from './scalarProgram';

/** φ and its first two derivatives at every one of some numbers. */
export interface ActivationValues {
  readonly value: Float64Array;
  readonly first: Float64Array;
  readonly second: Float64Array;
}

/** An elementwise function φ of one variable with its first two derivatives, each accurate to float64 rounding. */
export interface Activation {
  /** What people call it; of one that has no name, the operators that it is written in. */
  readonly name: string;
  readonly values: (z: Float64Array) => Float64Array;
  readonly derivatives: (z: Float64Array) => ActivationValues;
}

/**
 * The activation that an expression of single numbers is; its derivatives follow from the rules that differentiate every
 * graph, kinks included.
 * @param z the variable, a number without dimensions
 */
export function activationOf(g: StaticGraph, z: Value, expression: Value): Activation {
  const zero = g.scalar(0);
  const derivative = (of: Value): Value => tangentsOf(g, [of], new Map([[z, g.scalar(1)]]))[0] ?? zero;
  const first = derivative(expression);
  const value = new ScalarProgram(z, [expression]);
  const all = new ScalarProgram(z, [expression, first, derivative(first)]);
  const values = (numbers: Float64Array): Float64Array => value.run(numbers)[0]!;
  return {
    name: activationName(z, expression, values),
    values,
    derivatives: (numbers) => {
      const found = all.run(numbers);
      return { value: found[0]!, first: found[1]!, second: found[2]! };
    },
  };
}
