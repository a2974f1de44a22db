import { uniformNumber } from '../graph/static/staticGraph';
import type { BinaryFunction, OperationOf, UnaryFunction, Value } from '../graph/static/value';
import { reachedFrom } from '../graph/static/value';
import { erf, erfc } from './erf';

/** Numbers that are worked on at a time, so that what is between stays in the cache. */
const chunk = 1024;

type OfOne = (x: number) => number;
type OfTwo = (x: number, y: number) => number;
type OfThree = (x: number, y: number, z: number) => number;

/** What a value is of others, at every place; truth values are 0 and 1. */
interface Step {
  readonly inputs: readonly Value[];
  readonly compute: OfOne | OfTwo | OfThree;
}

/** 1 / (1 + exp(−x)), with a small relative error for every x. */
function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const exponential = Math.exp(x);
  return exponential / (1 + exponential);
}

/** log(1 + exp(x)). */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** 1 − tanh²(x), without its cancellation. */
function squaredSech(x: number): number {
  const exponential = Math.exp(-2 * Math.abs(x));
  return (4 * exponential) / (1 + exponential) ** 2;
}

/** Nothing times anything is nothing: what has vanished in a tail does so faster than what grows beside it. */
function times(x: number, y: number): number {
  const product = x * y;
  if (!Number.isNaN(product) || Number.isNaN(x) || Number.isNaN(y)) return product;
  return 0;
}

const unaryFunctions: Readonly<Record<UnaryFunction, OfOne>> = {
  neg: (x) => -x,
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  tanh: Math.tanh,
  sigmoid,
  erf,
  softplus,
  sin: Math.sin,
  cos: Math.cos,
  sign: Math.sign,
};

const binaryFunctions: Readonly<Record<BinaryFunction, OfTwo>> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: times,
  div: (x, y) => x / y,
};

const relations: Readonly<Record<OperationOf<'compare'>['relation'], OfTwo>> = {
  equal: (x, y) => Number(x === y),
  greater: (x, y) => Number(x > y),
  greaterOrEqual: (x, y) => Number(x >= y),
};

const logicalFunctions: Readonly<Record<OperationOf<'logical'>['function'], OfTwo>> = {
  and: (x, y) => x * y,
  or: (x, y) => Math.max(x, y),
  not: (x) => 1 - x,
};

function argumentOf(value: Value | undefined, name: UnaryFunction): Value | null {
  const { operation, inputs } = value ?? {};
  return operation?.kind === 'unary' && operation.function === name ? (inputs?.[0] ?? null) : null;
}

const isOne = (value: Value | undefined): boolean => value !== undefined && uniformNumber(value) === 1;

/** v of 1 + exp(v). */
function exponentBesideOne(value: Value | undefined): Value | null {
  const { operation, inputs } = value ?? {};
  if (operation?.kind !== 'binary' || operation.function !== 'add' || !isOne(inputs?.[1])) return null;
  return argumentOf(inputs?.[0], 'exp');
}

/**
 * What is written with a cancellation or an overflow that its own definition has not, as exporters write activations and the
 * rules their derivatives: 1 ± erf, 1 ± tanh, 1 − tanh², exp − 1, log(1 + exp), and what is divided by 1 + exp.
 */
function withoutCancellation({ operation, inputs: [a, b] }: Value): Step | null {
  const step = (compute: Step['compute'], ...inputs: readonly (Value | null)[]): Step | null =>
    inputs.includes(null) ? null : { inputs: inputs.flatMap((input) => input ?? []), compute };
  if (operation.kind === 'unary' && operation.function === 'log') return step(softplus, exponentBesideOne(a));
  if (operation.kind !== 'binary') return null;
  switch (operation.function) {
    case 'add':
      if (!isOne(b)) return null;
      return (
        step((x: number) => erfc(-x), argumentOf(a, 'erf')) ??
        step((x: number) => 2 * sigmoid(2 * x), argumentOf(a, 'tanh'))
      );
    case 'sub': {
      if (isOne(b)) return step(Math.expm1, argumentOf(a, 'exp'));
      if (!isOne(a)) return null;
      const [root, other] = b?.operation.kind === 'binary' ? b.inputs : [];
      const isSquare = b?.operation.kind === 'binary' && b.operation.function === 'mul' && root === other;
      return (
        step(erfc, argumentOf(b, 'erf')) ??
        step((x: number) => 2 * sigmoid(-2 * x), argumentOf(b, 'tanh')) ??
        (isSquare ? step(squaredSech, argumentOf(root, 'tanh')) : null)
      );
    }
    case 'div':
      return step((x: number, y: number) => times(x, sigmoid(-y)), a ?? null, exponentBesideOne(b));
    case 'mul':
      return null;
  }
}

function stepOf(value: Value): Step {
  const { operation, inputs } = value;
  switch (operation.kind) {
    case 'unary':
      return { inputs, compute: unaryFunctions[operation.function] };
    case 'power': {
      const { exponent } = operation;
      return { inputs, compute: (x: number) => x ** exponent };
    }
    case 'binary':
      return { inputs, compute: binaryFunctions[operation.function] };
    case 'compare':
      return { inputs, compute: relations[operation.relation] };
    case 'logical':
      return { inputs, compute: logicalFunctions[operation.function] };
    case 'convert':
      // Integers and truth values are numbers here already.
      return { inputs, compute: value.type === 'bool' ? (x: number) => Number(x !== 0) : (x: number) => x };
    case 'select':
      return { inputs, compute: (condition: number, x: number, y: number) => (condition === 0 ? y : x) };
    default:
      throw new RangeError(`${operation.kind} is no function of single numbers`);
  }
}

/** A step on the places of its operands and its result. */
interface Placed {
  readonly compute: Step['compute'];
  readonly operands: readonly Float64Array[];
  readonly result: Float64Array;
}

/** Expressions of one variable, evaluated in float64 at many places at once; what they share is computed once. */
export class ScalarProgram {
  private readonly variable = new Float64Array(chunk);
  private readonly steps: readonly Placed[];
  private readonly outputs: readonly Float64Array[];

  /** @param variable without dimensions, as are all values */
  constructor(variable: Value, outputs: readonly Value[]) {
    const steps = new Map<Value, Step>();
    const needed = new Set(outputs);
    for (const value of reachedFrom(outputs).toReversed()) {
      if (!needed.has(value) || value === variable || value.operation.kind === 'constant') continue;
      const step = withoutCancellation(value) ?? stepOf(value);
      for (const input of step.inputs) needed.add(input);
      steps.set(value, step);
    }
    const places = new Map([...needed].map((value) => [value, new Float64Array(chunk)] as const));
    places.set(variable, this.variable);
    for (const [{ operation }, place] of places) {
      if (operation.kind === 'constant') place.fill(Number(operation.data[0]));
    }
    const placesOf = (values: readonly Value[]): Float64Array[] =>
      values.flatMap((value) => places.get(value) ?? []);
    this.outputs = placesOf(outputs);
    this.steps = [...steps].reverse().map(([value, { inputs, compute }]) => {
      const [result = this.variable, ...operands] = placesOf([value, ...inputs]);
      return { compute, operands, result };
    });
  }

  /** The outputs at every number of z. */
  run(z: Float64Array): readonly Float64Array[] {
    const results = this.outputs.map(() => new Float64Array(z.length));
    for (let from = 0; from < z.length; from += chunk) {
      const count = Math.min(chunk, z.length - from);
      this.variable.set(z.subarray(from, from + count));
      for (const step of this.steps) run(step, count);
      this.outputs.forEach((output, i) => results[i]!.set(output.subarray(0, count), from));
    }
    return results;
  }
}

function run({ compute, operands: [x, y, w], result }: Placed, count: number): void {
  if (x === undefined) return;
  if (y === undefined) {
    const f = compute as OfOne;
    for (let i = 0; i < count; i++) result[i] = f(x[i]!);
  } else if (w === undefined) {
    const f = compute as OfTwo;
    for (let i = 0; i < count; i++) result[i] = f(x[i]!, y[i]!);
  } else {
    for (let i = 0; i < count; i++) result[i] = compute(x[i]!, y[i]!, w[i]!);
  }
}
