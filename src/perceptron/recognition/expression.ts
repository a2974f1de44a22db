import type { ActivationName } from '../activation';

/**
 * An elementwise function of the pre-activation z as the graph computes it, in a canonical form: nested sums and products
 * are flattened, so that the order and the association in which an exporter wrote the operators do not matter.
 * `size` counts the parts: a graph can square an expression with every node.
 */
export type Expression =
  | { readonly kind: 'argument'; readonly size: number }
  | { readonly kind: 'constant'; readonly value: number; readonly size: number }
  | {
      readonly kind: 'sum';
      readonly constant: number;
      readonly terms: readonly Expression[];
      readonly size: number;
    }
  | {
      readonly kind: 'product';
      readonly coefficient: number;
      readonly factors: readonly Expression[];
      readonly size: number;
    }
  | {
      readonly kind: 'call';
      readonly name: FunctionName;
      readonly parameters: readonly number[];
      readonly argument: Expression;
      readonly size: number;
    };

/** relu is clip(0, ∞) here. */
export type FunctionName =
  Exclude<ActivationName, 'identity' | 'relu'> | 'clip' | 'erf' | 'exp' | 'log' | 'reciprocal';

/** z itself. */
export const argument: Expression = { kind: 'argument', size: 1 };

export function constant(value: number): Expression {
  return { kind: 'constant', value, size: 1 };
}

function totalSize(parts: readonly Expression[]): number {
  return parts.reduce((size, part) => size + part.size, 1);
}

export function sum(...parts: readonly Expression[]): Expression {
  let offset = 0;
  const terms: Expression[] = [];
  for (const part of parts) {
    if (part.kind === 'constant') offset += part.value;
    else if (part.kind === 'sum') {
      offset += part.constant;
      terms.push(...part.terms);
    } else terms.push(part);
  }
  const [first] = terms;
  if (first === undefined) return constant(offset);
  if (terms.length === 1 && offset === 0) return first;
  return { kind: 'sum', constant: offset, terms, size: totalSize(terms) };
}

export function product(...parts: readonly Expression[]): Expression {
  let coefficient = 1;
  const factors: Expression[] = [];
  for (const part of parts) {
    if (part.kind === 'constant') coefficient *= part.value;
    else if (part.kind === 'product') {
      coefficient *= part.coefficient;
      factors.push(...part.factors);
    } else factors.push(part);
  }
  const [first] = factors;
  if (first === undefined) return constant(coefficient);
  if (factors.length === 1 && coefficient === 1) return first;
  return { kind: 'product', coefficient, factors, size: totalSize(factors) };
}

export function negated(part: Expression): Expression {
  return product(constant(-1), part);
}

export function call(name: FunctionName, of: Expression, ...parameters: readonly number[]): Expression {
  const oneAndExponential =
    of.kind === 'sum' && close(of.constant, 1) && of.terms.length === 1 ? of.terms[0] : undefined;
  if (oneAndExponential?.kind === 'call' && oneAndExponential.name === 'exp') {
    // 1 / (1 + eᵉ) = σ(−e), log(1 + eᵉ) = softplus(e)
    if (name === 'reciprocal') return call('sigmoid', negated(oneAndExponential.argument));
    if (name === 'log') return call('softplus', oneAndExponential.argument);
  }
  if (name === 'clip' && of.kind === 'call' && of.name === 'clip') {
    const [low = -Infinity, high = Infinity] = parameters;
    const [innerLow = -Infinity, innerHigh = Infinity] = of.parameters;
    const merged = [Math.max(low, innerLow), Math.min(high, innerHigh)] as const;
    if (merged[0] <= merged[1]) return call('clip', of.argument, ...merged);
  }
  return { kind: 'call', name, parameters, argument: of, size: of.size + 1 };
}

/**
 * Equal within the rounding of float32, in which files hold their constants: 2⁻²² allows one rounded constant and one
 * product or quotient of two.
 */
function close(a: number, b: number): boolean {
  if (a === b) return true;
  // Against an infinite limit of clip no finite one is close.
  return Math.abs(a - b) <= 2 ** -22 * Math.min(Math.abs(a), Math.abs(b));
}

/** Whether two canonical expressions are the same function, constants within float32 rounding, in any order of parts. */
export function sameExpression(a: Expression, b: Expression): boolean {
  if (a.size !== b.size) return false;
  if (a.kind === 'argument') return b.kind === 'argument';
  if (a.kind === 'constant') return b.kind === 'constant' && close(a.value, b.value);
  if (a.kind === 'sum')
    return b.kind === 'sum' && close(a.constant, b.constant) && sameParts(a.terms, b.terms);
  if (a.kind === 'product')
    return b.kind === 'product' && close(a.coefficient, b.coefficient) && sameParts(a.factors, b.factors);
  return (
    b.kind === 'call' &&
    a.name === b.name &&
    a.parameters.length === b.parameters.length &&
    a.parameters.every((parameter, i) => close(parameter, b.parameters[i] ?? NaN)) &&
    sameExpression(a.argument, b.argument)
  );
}

function sameParts(a: readonly Expression[], b: readonly Expression[]): boolean {
  if (a.length !== b.length) return false;
  const rest = [...b];
  return a.every((part) => {
    const position = rest.findIndex((other) => sameExpression(part, other));
    if (position < 0) return false;
    rest.splice(position, 1);
    return true;
  });
}
