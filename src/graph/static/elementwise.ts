import { foldBinary, foldPower, foldUnary } from './fold';
import { inversePerm, reshape, transpose, transposeIsReshape } from './shape';
import type { StaticGraph } from './staticGraph';
import { broadcastDims, uniformNumber } from './staticGraph';
import type { BinaryFunction, Operation, UnaryFunction, Value, ValueType } from './value';
import { sameDims, sizeOf } from './value';

/**
 * An elementwise operation in canonical form: an expansion that broadcasting does anyway is left out, and transposes
 * sink through it towards the outputs, where they meet their inverses.
 */
function elementwise(
  g: StaticGraph,
  operation: Operation,
  operands: readonly Value[],
  type: ValueType,
): Value {
  const dims = broadcastDims(operands.map((operand) => operand.dims));
  const inputs = withoutExpansions(operands, dims);
  const perm = commonPerm(inputs, dims);
  if (perm === null) return g.make(operation, inputs, dims, type);
  const bases = inputs.map((input) => permute(g, input, inversePerm(perm), dims.length));
  return transpose(g, elementwise(g, operation, bases, type), perm);
}

function withoutExpansions(operands: readonly Value[], dims: readonly number[]): readonly Value[] {
  const inputs = [...operands];
  inputs.forEach((input, i) => {
    const [inner] = input.inputs;
    if (input.operation.kind !== 'expand' || inner === undefined) return;
    const others = inputs.map((other, j) => (i === j ? inner.dims : other.dims));
    if (sameDims(broadcastDims(others), dims)) inputs[i] = inner;
  });
  return inputs;
}

/** A permutation that may sink: some operand has it, and the others have it too or cost nothing to permute. */
function commonPerm(inputs: readonly Value[], dims: readonly number[]): readonly number[] | null {
  for (const { operation, dims: own } of inputs) {
    if (operation.kind !== 'transpose' || own.length !== dims.length || !sameDims(own, dims)) continue;
    const { perm } = operation;
    const inverse = inversePerm(perm);
    const fits = inputs.every(
      (input) =>
        (input.operation.kind === 'transpose' && input.operation.perm.join() === perm.join()) ||
        transposeIsReshape(padRank(input.dims, dims.length), inverse),
    );
    if (fits) return perm;
  }
  return null;
}

function padRank(dims: readonly number[], rank: number): readonly number[] {
  return [...new Array<number>(rank - dims.length).fill(1), ...dims];
}

function permute(g: StaticGraph, value: Value, perm: readonly number[], rank: number): Value {
  if (sizeOf(value.dims) === 1) return reshape(g, value, []);
  return transpose(g, reshape(g, value, padRank(value.dims, rank)), perm);
}

export function unary(g: StaticGraph, name: UnaryFunction, x: Value): Value {
  const folded = foldUnary(name, x);
  if (folded !== null) return g.constant(folded, x.dims);
  const [inner] = x.inputs;
  if (name === 'neg' && inner !== undefined) {
    const { operation } = x;
    if (operation.kind === 'unary' && operation.function === 'neg') return inner;
    if (operation.kind === 'binary' && operation.function === 'sub') {
      const [, subtracted] = x.inputs;
      if (subtracted !== undefined) return binary(g, 'sub', subtracted, inner);
    }
  }
  return elementwise(g, { kind: 'unary', function: name }, [x], x.type);
}

export function power(g: StaticGraph, x: Value, exponent: number): Value {
  const folded = foldPower(exponent, x);
  if (folded !== null) return g.constant(folded, x.dims);
  if (exponent === 1) return x;
  if (exponent === 2) return binary(g, 'mul', x, x);
  if (exponent === 3) return binary(g, 'mul', x, binary(g, 'mul', x, x));
  if (exponent === 0.5) return unary(g, 'sqrt', x);
  if (exponent === -1) return binary(g, 'div', g.scalar(1), x);
  return elementwise(g, { kind: 'power', exponent }, [x], 'real');
}

export function binary(g: StaticGraph, name: BinaryFunction, a: Value, b: Value): Value {
  const dims = broadcastDims([a.dims, b.dims]);
  const folded = foldBinary(name, a, b, dims);
  if (folded !== null) return g.constant(folded, dims);
  return simplify(g, name, a, b, dims) ?? elementwise(g, { kind: 'binary', function: name }, [a, b], a.type);
}

/** What adds 0 or multiplies by 1 is left out, and two constant factors become one. */
function simplify(
  g: StaticGraph,
  name: BinaryFunction,
  a: Value,
  b: Value,
  dims: readonly number[],
): Value | null {
  if (name === 'add' && a === b) return binary(g, 'mul', a, g.scalar(2));
  const right = uniformNumber(b);
  const left = uniformNumber(a);
  if ((name === 'add' || name === 'mul') && left !== null && right === null) return binary(g, name, b, a);
  if (right !== null && sameDims(a.dims, dims)) {
    if ((name === 'add' || name === 'sub') && right === 0) return a;
    if (name === 'mul' || name === 'div') {
      if (right === 1) return a;
      if (right === -1) return unary(g, 'neg', a);
      if (name === 'div' && Number.isInteger(Math.log2(Math.abs(right)))) {
        return binary(g, 'mul', a, g.scalar(1 / right));
      }
    }
    if (name === 'mul' && a.operation.kind === 'binary' && a.operation.function === 'mul') {
      const [inner, factor] = a.inputs;
      const first = factor === undefined ? null : uniformNumber(factor);
      if (inner !== undefined && first !== null && sameDims(inner.dims, dims)) {
        return binary(g, 'mul', inner, g.scalar(first * right));
      }
    }
  }
  if (name === 'add' && isNegation(b) && sameDims(b.dims, dims)) return binary(g, 'sub', a, b.inputs[0] ?? b);
  if (name === 'sub' && isNegation(b)) return binary(g, 'add', a, b.inputs[0] ?? b);
  return null;
}

function isNegation({ operation }: Value): boolean {
  return operation.kind === 'unary' && operation.function === 'neg';
}

export const add = (g: StaticGraph, a: Value, b: Value): Value => binary(g, 'add', a, b);
export const sub = (g: StaticGraph, a: Value, b: Value): Value => binary(g, 'sub', a, b);
export const mul = (g: StaticGraph, a: Value, b: Value): Value => binary(g, 'mul', a, b);
export const div = (g: StaticGraph, a: Value, b: Value): Value => binary(g, 'div', a, b);
export const neg = (g: StaticGraph, x: Value): Value => unary(g, 'neg', x);
export const scale = (g: StaticGraph, x: Value, factor: number): Value =>
  binary(g, 'mul', x, g.scalar(factor));

export function compare(
  g: StaticGraph,
  relation: 'equal' | 'greater' | 'greaterOrEqual',
  a: Value,
  b: Value,
): Value {
  return elementwise(g, { kind: 'compare', relation }, [a, b], 'bool');
}

export function logical(g: StaticGraph, name: 'and' | 'or' | 'not', operands: readonly Value[]): Value {
  return elementwise(g, { kind: 'logical', function: name }, operands, 'bool');
}

/** A value as another type; a boolean becomes 0 or 1. Never differentiated: integers and booleans do not move. */
export function convert(g: StaticGraph, x: Value, type: ValueType): Value {
  if (x.type === type) return x;
  if (x.operation.kind === 'constant' && type === 'real' && sizeOf(x.dims) < 2 ** 16) {
    return g.constant(Float64Array.from(x.operation.data as Iterable<number | bigint>, Number), x.dims);
  }
  return elementwise(g, { kind: 'convert' }, [x], type);
}

export function select(g: StaticGraph, condition: Value, whereTrue: Value, whereFalse: Value): Value {
  return elementwise(g, { kind: 'select' }, [condition, whereTrue, whereFalse], whereTrue.type);
}

/**
 * max(x, 0) as x times its mask: the kink is in the mask alone, through which nothing flows, and the derivative at 0 is
 * 0, as PyTorch's.
 */
export function rectify(g: StaticGraph, x: Value): Value {
  return mul(g, x, greaterMask(g, x, g.scalar(0)));
}

/** |x| as x times its sign. */
export function magnitude(g: StaticGraph, x: Value): Value {
  return mul(g, x, unary(g, 'sign', x));
}

/** 1 where a > b, else 0. */
export function greaterMask(g: StaticGraph, a: Value, b: Value): Value {
  return convert(g, compare(g, 'greater', a, b), 'real');
}
