import {
  add,
  binary,
  compare,
  convert,
  div,
  greaterMask,
  logical,
  magnitude,
  mul,
  neg,
  power,
  rectify,
  scale,
  select,
  sub,
  unary,
} from '../static/elementwise';
import type { StaticGraph } from '../static/staticGraph';
import { uniformNumber } from '../static/staticGraph';
import type { BinaryFunction, UnaryFunction, Value } from '../static/value';
import { expand } from '../static/shape';
import type { LoweredNode, Lowering, LoweringTable } from './loweredNode';
import { CannotLower } from './loweredNode';

export function realInput(n: LoweredNode, index: number): Value {
  const value = n.input(index);
  if (value.type !== 'real') throw new CannotLower('computes with integers');
  return value;
}

const ofReal =
  (name: UnaryFunction): Lowering =>
  (n) =>
    unary(n.g, name, realInput(n, 0));

const ofTwo =
  (name: BinaryFunction): Lowering =>
  (n) => {
    const [a, b] = [n.input(0), n.input(1)];
    if (a.type !== b.type || a.type === 'bool') throw new CannotLower('mixes types');
    return binary(n.g, name, a, b);
  };

const variadic =
  (combine: (g: StaticGraph, a: Value, b: Value) => Value): Lowering =>
  (n) =>
    n.inputs.reduce((a, b) => combine(n.g, a, b));

/** The larger, and between equals the mean, so that each gets half of the gradient, as in PyTorch. */
export function larger(g: StaticGraph, a: Value, b: Value): Value {
  if (uniformNumber(a) === -Infinity) return b;
  if (uniformNumber(b) === -Infinity) return a;
  if (a.type !== 'real') throw new CannotLower('compares integers');
  const middle = scale(g, add(g, a, b), 0.5);
  return select(g, compare(g, 'greater', a, b), a, select(g, compare(g, 'greater', b, a), b, middle));
}

function smaller(g: StaticGraph, a: Value, b: Value): Value {
  return neg(g, larger(g, neg(g, a), neg(g, b)));
}

/** The numbers cut to [low, high]; where they are cut, nothing flows. @param closed whether it flows at the ends */
export function clip(
  g: StaticGraph,
  x: Value,
  low: Value | null,
  high: Value | null,
  closed: boolean,
): Value {
  const beyond = closed ? 'greater' : 'greaterOrEqual';
  const parts = [low, high].flatMap((bound, i) => {
    if (bound === null) return [];
    const outside = i === 0 ? compare(g, beyond, bound, x) : compare(g, beyond, x, bound);
    return [{ bound, outside: convert(g, outside, 'real') }];
  });
  const one = g.scalar(1);
  const inside = parts.reduce<Value | null>((product, { outside }) => {
    const mask = sub(g, one, outside);
    return product === null ? mask : mul(g, product, mask);
  }, null);
  const kept = inside === null ? x : mul(g, x, inside);
  return parts.reduce(
    (sum, { bound, outside }) => (uniformNumber(bound) === 0 ? sum : add(g, sum, mul(g, bound, outside))),
    kept,
  );
}

function lowerClip(n: LoweredNode): Value {
  const { g } = n;
  const bound = (name: string, index: number, none: number): Value | null => {
    const input = n.optional(index);
    if (input !== null) return isInfinite(input) ? null : input;
    const value = n.float(name, none);
    return Math.abs(value) > 3e38 ? null : g.scalar(value);
  };
  const low = bound('min', 1, -Infinity);
  const high = bound('max', 2, Infinity);
  return clamp(g, realInput(n, 0), low, high);
}

/** As PyTorch's clamp, through which gradients flow at the ends; but ReLU6 and ReLU let nothing flow at their kinks. */
export function clamp(g: StaticGraph, x: Value, low: Value | null, high: Value | null): Value {
  const isRelu = low !== null && uniformNumber(low) === 0 && (high === null || uniformNumber(high) === 6);
  return clip(g, x, low, high, !isRelu);
}

function isInfinite(value: Value): boolean {
  return Math.abs(uniformNumber(value) ?? 0) > 3e38;
}

function lowerPower(n: LoweredNode): Value {
  const { g } = n;
  const x = realInput(n, 0);
  const exponent = convert(g, n.input(1), 'real');
  const constant = uniformNumber(exponent);
  if (constant !== null) return constant === 0 ? expand(g, g.scalar(1), x.dims) : power(g, x, constant);
  return unary(g, 'exp', mul(g, exponent, unary(g, 'log', x)));
}

const floatTypes = new Set([1, 10, 11, 16]);
const integerTypes = new Set([2, 3, 4, 5, 6, 7, 12, 13]);

/** Floats of every width are one type here, and so are integers. */
function lowerCast(n: LoweredNode): Value {
  const to = n.int('to', 1);
  const x = n.input(0);
  if (floatTypes.has(to)) {
    if (holdsPositions(x)) throw new CannotLower('takes positions as numbers, which no gradient reaches');
    return convert(n.g, x, 'real');
  }
  if (integerTypes.has(to) && x.type !== 'real') return convert(n.g, x, 'int64');
  if (to === 9 && x.type === 'bool') return x;
  throw new CannotLower(`rounds numbers to another type, through which nothing can be differentiated`);
}

/** Whether integers are computed from positions of largest numbers, which the weights choose. */
function holdsPositions(x: Value): boolean {
  const visited = new Set<Value>();
  const pending = [x];
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (value.type !== 'int64' || visited.has(value)) continue;
    if (value.operation.kind === 'topPositions') return true;
    visited.add(value);
    pending.push(...value.inputs);
  }
  return false;
}

function lowerSelect(n: LoweredNode): Value {
  const { g } = n;
  const [condition, whereTrue, whereFalse] = [n.input(0), n.input(1), n.input(2)];
  return select(g, condition, whereTrue, whereFalse);
}

/** Scales with one number for each channel (axis 1) broadcast from the front, not from the back. */
function lowerPRelu(n: LoweredNode): Value {
  const { g } = n;
  const x = realInput(n, 0);
  const slope = realInput(n, 1);
  const mask = greaterMask(g, x, g.scalar(0));
  const negative = mul(g, x, sub(g, g.scalar(1), mask));
  return add(g, mul(g, x, mask), mul(g, negative, slope));
}

const comparison =
  (relation: 'equal' | 'greater' | 'greaterOrEqual', swapped: boolean): Lowering =>
  (n) => {
    const [a, b] = swapped ? [n.input(1), n.input(0)] : [n.input(0), n.input(1)];
    return compare(n.g, relation, a, b);
  };

export const elementwiseLowerings = {
  Add: ofTwo('add'),
  Sub: ofTwo('sub'),
  Mul: ofTwo('mul'),
  Div: ofTwo('div'),
  Sum: variadic(add),
  Mean: (n) =>
    scale(
      n.g,
      n.inputs.reduce((a, b) => add(n.g, a, b)),
      1 / n.inputs.length,
    ),
  Max: variadic(larger),
  Min: variadic(smaller),
  Neg: ofReal('neg'),
  Exp: ofReal('exp'),
  Log: ofReal('log'),
  Sqrt: ofReal('sqrt'),
  Tanh: ofReal('tanh'),
  Sigmoid: ofReal('sigmoid'),
  Erf: ofReal('erf'),
  Relu: (n) => rectify(n.g, realInput(n, 0)),
  Softplus: ofReal('softplus'),
  Sin: ofReal('sin'),
  Cos: ofReal('cos'),
  Abs: (n) => magnitude(n.g, realInput(n, 0)),
  Tan: (n) => div(n.g, unary(n.g, 'sin', realInput(n, 0)), unary(n.g, 'cos', realInput(n, 0))),
  Reciprocal: (n) => power(n.g, realInput(n, 0), -1),
  Pow: lowerPower,
  Clip: lowerClip,
  Cast: lowerCast,
  CastLike: (n) => (n.input(1).type === 'real' ? convert(n.g, n.input(0), 'real') : castLikeRefused()),
  Where: lowerSelect,
  PRelu: lowerPRelu,
  Equal: comparison('equal', false),
  Greater: comparison('greater', false),
  GreaterOrEqual: comparison('greaterOrEqual', false),
  Less: comparison('greater', true),
  LessOrEqual: comparison('greaterOrEqual', true),
  And: (n) => logical(n.g, 'and', n.inputs),
  Or: (n) => logical(n.g, 'or', n.inputs),
  Xor: (n) => logical(n.g, 'not', [compare(n.g, 'equal', n.input(0), n.input(1))]),
  Not: (n) => logical(n.g, 'not', n.inputs),
  Identity: (n) => n.input(0),
  Dropout: (n) => n.input(0),
} satisfies LoweringTable;

function castLikeRefused(): never {
  throw new CannotLower('rounds numbers to another type, through which nothing can be differentiated');
}
