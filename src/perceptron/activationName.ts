import type { Value } from '../graph/static/value';
import { reachedFrom } from '../graph/static/value';
import { erfc } from './erf';

type Function = (z: number) => number;

const sigmoid: Function = (z) => 1 / (1 + Math.exp(-z));
const softplus: Function = (z) => Math.log1p(Math.exp(z));
const clip: Function = (z) => Math.min(1, Math.max(0, z));

/** Activations that people have names for, each made to fit a function where it has parameters. */
const known: Readonly<Record<string, (f: Function) => Function>> = {
  scaled: (f) => (z) => f(1) * z,
  relu: () => (z) => Math.max(z, 0),
  tanh: () => Math.tanh,
  sigmoid: () => sigmoid,
  softplus: () => softplus,
  gelu: () => (z) => (z * erfc(-z * Math.SQRT1_2)) / 2,
  'gelu-tanh': () => (z) => z * sigmoid(2 * Math.sqrt(2 / Math.PI) * (z + 0.044715 * z ** 3)),
  silu: () => (z) => z * sigmoid(z),
  mish: () => (z) => z * Math.tanh(softplus(z)),
  'hard-swish': () => (z) => z * clip(z / 6 + 0.5),
  'leaky-relu': (f) => (z) => (z > 0 ? z : -f(-1) * z),
  elu: (f) => (z) => (z > 0 ? z : -f(-50) * Math.expm1(z)),
  selu: (f) => (z) => (z > 0 ? f(1) * z : -f(-50) * Math.expm1(z)),
  'hard-sigmoid': (f) => (z) => clip((2 * f(0.5) - 2 * f(0)) * z + f(0)),
};

const places = Float64Array.of(-50, -7, -3.4, -2, -1, -0.3, 0, 0.2, 0.5, 1, 1.9, 4, 9);
/** Of constants that an exporter rounded to float32. */
const rounding = 1e-5;

/**
 * What people call an activation: by its values at some places, for whatever operators it is written in; else the operators
 * that it is written in.
 */
export function activationName(
  z: Value,
  expression: Value,
  values: (numbers: Float64Array) => Float64Array,
): string {
  if (expression === z) return 'identity';
  const f: Function = (at) => values(Float64Array.of(at))[0]!;
  const found = Object.entries(known).find(([, fitted]) => {
    const other = fitted(f);
    return values(places).every((value, i) => {
      const wanted = other(places[i]!);
      return Math.abs(value - wanted) <= rounding * Math.max(1, Math.abs(wanted));
    });
  });
  if (found !== undefined) return found[0];
  const operators = reachedFrom([expression]).flatMap(({ origin }) => origin?.operator.toLowerCase() ?? []);
  return [...new Set(operators)].slice(0, 4).join('-');
}
