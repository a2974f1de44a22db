/**
 * The static graph: few primitives, every shape a number, every value made once. Models are lowered to it, derivatives
 * are built in it, and it is written as ONNX. `real` becomes float64 or float32 only when it is written.
 */

export type ValueType = 'real' | 'int64' | 'bool';

/** The node of the model that a value comes from, to be named when something is wrong with it. */
export interface Origin {
  readonly name: string;
  readonly operator: string;
}

export type UnaryFunction =
  'neg' | 'exp' | 'log' | 'sqrt' | 'tanh' | 'sigmoid' | 'erf' | 'softplus' | 'sin' | 'cos' | 'sign';

export type BinaryFunction = 'add' | 'sub' | 'mul' | 'div';

/** How windows slide over the spatial dimensions, of which there may be any number. */
export interface Windows {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padsBefore: readonly number[];
  readonly padsAfter: readonly number[];
}

export type ConstantData = Float64Array | BigInt64Array | Uint8Array;

export type Operation =
  | { readonly kind: 'input'; readonly name: string }
  | { readonly kind: 'constant'; readonly data: ConstantData }
  | { readonly kind: 'unary'; readonly function: UnaryFunction }
  /** x to a constant power. */
  | { readonly kind: 'power'; readonly exponent: number }
  | { readonly kind: 'binary'; readonly function: BinaryFunction }
  | { readonly kind: 'compare'; readonly relation: 'equal' | 'greater' | 'greaterOrEqual' }
  | { readonly kind: 'logical'; readonly function: 'and' | 'or' | 'not' }
  | { readonly kind: 'convert' }
  /** inputs: condition, where true, where false. */
  | { readonly kind: 'select' }
  | { readonly kind: 'matmul'; readonly transA: boolean; readonly transB: boolean }
  /** Reduced axes stay as 1. */
  | { readonly kind: 'reduceSum'; readonly axes: readonly number[] }
  /** Not differentiable: a shift, or what a mask is made from. */
  | { readonly kind: 'reduceMax'; readonly axes: readonly number[] }
  /** The position of the first largest; the axis stays as 1. */
  | { readonly kind: 'argMax'; readonly axis: number }
  | { readonly kind: 'reshape' }
  | { readonly kind: 'transpose'; readonly perm: readonly number[] }
  | { readonly kind: 'expand' }
  | { readonly kind: 'concat'; readonly axis: number }
  /** For every axis: first index, index after the last in the direction of the step (may be −1), step. */
  | {
      readonly kind: 'slice';
      readonly starts: readonly number[];
      readonly ends: readonly number[];
      readonly steps: readonly number[];
    }
  /** With zeros. */
  | { readonly kind: 'pad'; readonly before: readonly number[]; readonly after: readonly number[] }
  /** Rows of the first input (along axis 0) by an integer tensor of any shape. */
  | { readonly kind: 'gather' }
  /** inputs: rows, indices: the rows summed where the indices say, into `rows` rows. */
  | { readonly kind: 'scatterAdd'; readonly rows: number }
  /** Along axis 1 of a matrix: out[i, j] = x[i, index[i, j]]. */
  | { readonly kind: 'gatherElements' }
  /** The transpose of gatherElements; `disjoint`: no index twice in a row. */
  | { readonly kind: 'scatterElements'; readonly columns: number; readonly disjoint: boolean }
  /** Over the last axis; `stable`: its derivative must not cancel where one probability is almost 1. */
  | { readonly kind: 'softmax'; readonly stable: boolean }
  /** [C, N, spatial...] → [C · kernel, N, windows...]. */
  | { readonly kind: 'im2col'; readonly windows: Windows }
  /** [N, C, spatial...] → [N · C, windows]: the position of the largest in each window, within its image. */
  | { readonly kind: 'maxPoolIndices'; readonly windows: Windows; readonly ceil: boolean }
  /** [R, C] → [R, K]: the positions of the K largest of every row, or the smallest. */
  | { readonly kind: 'topPositions'; readonly largest: boolean; readonly sorted: boolean }
  | {
      readonly kind: 'cumulativeSum';
      readonly axis: number;
      readonly exclusive: boolean;
      readonly reverse: boolean;
    };

export type OperationKind = Operation['kind'];
export type OperationOf<K extends OperationKind> = Extract<Operation, { kind: K }>;

export interface Value {
  /** Grows along every path: sorting by it gives an order in which the graph can run. */
  readonly id: number;
  readonly operation: Operation;
  readonly inputs: readonly Value[];
  readonly dims: readonly number[];
  readonly type: ValueType;
  readonly origin: Origin | null;
}

export function sizeOf(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

export function sameDims(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}

/** All values that the given ones are made from, themselves included, in an order in which they can run. */
export function reachedFrom(outputs: readonly Value[]): Value[] {
  const reached = new Set<Value>();
  const pending = [...outputs];
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (reached.has(value)) continue;
    reached.add(value);
    pending.push(...value.inputs);
  }
  return [...reached].sort((a, b) => a.id - b.id);
}

/** Those of the ordered values that depend on one of the sources, sources included. */
export function dependentOn(sources: Iterable<Value>, ordered: readonly Value[]): ReadonlySet<Value> {
  const dependent = new Set(sources);
  for (const value of ordered) {
    if (value.inputs.some((input) => dependent.has(input))) dependent.add(value);
  }
  return dependent;
}
