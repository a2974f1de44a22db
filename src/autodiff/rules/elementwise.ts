import { add, binary, div, mul, neg, power, scale, select, sub, unary } from '../../graph/static/elementwise';
import { sumTo } from '../../graph/static/linear';
import { expand } from '../../graph/static/shape';
import type { StaticGraph } from '../../graph/static/staticGraph';
import type { UnaryFunction, Value } from '../../graph/static/value';
import type { Rule } from './rule';
import { inputOf } from './rule';

/** f′ by x and y = f(x); null: zero almost everywhere. */
type Derivative = (g: StaticGraph, x: Value, y: Value) => Value | null;

const derivatives: Record<UnaryFunction, Derivative> = {
  neg: (g) => g.scalar(-1),
  exp: (_, __, y) => y,
  log: (g, x) => power(g, x, -1),
  sqrt: (g, _, y) => div(g, g.scalar(0.5), y),
  tanh: (g, _, y) => sub(g, g.scalar(1), mul(g, y, y)),
  // σ(x)·σ(−x): 1 − σ(x) would cancel.
  sigmoid: (g, x, y) => mul(g, y, unary(g, 'sigmoid', neg(g, x))),
  erf: (g, x) => scale(g, unary(g, 'exp', neg(g, mul(g, x, x))), 2 / Math.sqrt(Math.PI)),
  softplus: (g, x) => unary(g, 'sigmoid', x),
  sin: (g, x) => unary(g, 'cos', x),
  cos: (g, x) => neg(g, unary(g, 'sin', x)),
  sign: () => null,
};

function timesDerivative(g: StaticGraph, value: Value, name: UnaryFunction, factor: Value): Value | null {
  if (name === 'neg') return neg(g, factor);
  const derivative = derivatives[name](g, inputOf(value, 0), value);
  return derivative === null ? null : mul(g, factor, derivative);
}

export const unaryRule: Rule<'unary'> = {
  jvp: (g, value, operation, [tangent = null]) =>
    tangent === null ? null : timesDerivative(g, value, operation.function, tangent),
  vjp: (g, value, operation, cotangent) => [timesDerivative(g, value, operation.function, cotangent)],
};

function powerDerivative(g: StaticGraph, x: Value, exponent: number): Value {
  return scale(g, power(g, x, exponent - 1), exponent);
}

export const powerRule: Rule<'power'> = {
  jvp: (g, value, { exponent }, [tangent = null]) =>
    tangent === null ? null : mul(g, tangent, powerDerivative(g, inputOf(value, 0), exponent)),
  vjp: (g, value, { exponent }, cotangent) => [
    mul(g, cotangent, powerDerivative(g, inputOf(value, 0), exponent)),
  ],
};

/** The sum of two tangents that may be zero, broadcast to the dimensions of a value. */
function total(g: StaticGraph, value: Value, first: Value | null, second: Value | null): Value | null {
  const sum = first === null ? second : second === null ? first : add(g, first, second);
  return sum === null ? null : expand(g, sum, value.dims);
}

export const binaryRule: Rule<'binary'> = {
  jvp: (g, value, operation, [da = null, db = null]) => {
    const a = inputOf(value, 0);
    const b = inputOf(value, 1);
    const times = (tangent: Value | null, factor: Value): Value | null =>
      tangent === null ? null : mul(g, tangent, factor);
    switch (operation.function) {
      case 'add':
        return total(g, value, da, db);
      case 'sub':
        if (da !== null && db !== null) return sub(g, da, db);
        return total(g, value, da, db === null ? null : neg(g, db));
      case 'mul':
        return a === b ? times(da, scale(g, a, 2)) : total(g, value, times(da, b), times(db, a));
      case 'div': {
        const fromBelow = db === null ? null : neg(g, mul(g, db, div(g, value, b)));
        return total(g, value, da === null ? null : div(g, da, b), fromBelow);
      }
    }
  },
  vjp: (g, value, operation, cotangent, [wantedA, wantedB]) => {
    const a = inputOf(value, 0);
    const b = inputOf(value, 1);
    const toA = (make: () => Value): Value | null => (wantedA === true ? sumTo(g, make(), a.dims) : null);
    const toB = (make: () => Value): Value | null => (wantedB === true ? sumTo(g, make(), b.dims) : null);
    switch (operation.function) {
      case 'add':
        return [toA(() => cotangent), toB(() => cotangent)];
      case 'sub':
        return [toA(() => cotangent), wantedB === true ? neg(g, sumTo(g, cotangent, b.dims)) : null];
      case 'mul':
        if (a === b) return [mul(g, cotangent, scale(g, a, 2)), null];
        return [toA(() => mul(g, cotangent, b)), toB(() => mul(g, cotangent, a))];
      case 'div':
        return [
          toA(() => binary(g, 'div', cotangent, b)),
          toB(() => neg(g, mul(g, cotangent, div(g, value, b)))),
        ];
    }
  },
};

export const selectRule: Rule<'select'> = {
  jvp: (g, value, _, [, whereTrue, whereFalse]) => {
    const zero = g.scalar(0);
    return expand(g, select(g, inputOf(value, 0), whereTrue ?? zero, whereFalse ?? zero), value.dims);
  },
  vjp: (g, value, _, cotangent, [, wantedTrue, wantedFalse]) => {
    const [condition, whereTrue, whereFalse] = [0, 1, 2].map((index) => inputOf(value, index));
    if (condition === undefined || whereTrue === undefined || whereFalse === undefined) return [];
    const zero = g.scalar(0);
    return [
      null,
      wantedTrue === true ? sumTo(g, select(g, condition, cotangent, zero), whereTrue.dims) : null,
      wantedFalse === true ? sumTo(g, select(g, condition, zero, cotangent), whereFalse.dims) : null,
    ];
  },
};
