import type { ElementType } from '../../graph/graph';
import { attribute, castType } from './attributes';
import { axesOf, numbersOf, reshapedConstant, shapeEntries, transposedConstant } from './constants';
import { contradiction } from './obstacle';
import { foldShape } from './shapes';
import type { Constant, Step, Value } from './values';

/** Computes a node that does not depend on the samples, as far as perceptrons need it: views of weights, shapes, small sums. */
export function foldConstants(step: Step): Value {
  for (const value of step.inputs) if (value?.kind === 'unknown') return value;
  const unknown: Value = { kind: 'unknown', node: step.node };
  if (step.node.domain !== '') return unknown;
  const [first] = step.inputs;
  if (
    step.inputs.every((value) => value === null || value.kind === 'constant') &&
    first?.kind === 'constant'
  ) {
    const folded = viewed(step, first) ?? computed(step);
    if (folded !== null) return folded;
  }
  return foldShape(step) ?? unknown;
}

/** Rearrangements: the same numbers under another shape or type. */
function viewed(step: Step, value: Constant): Constant | null {
  const { node } = step;
  const { dims } = value.tensor;
  switch (node.operator) {
    case 'Identity':
      return value;
    case 'Cast':
      return cast(step, value);
    case 'Transpose': {
      const reversed = dims.map((_, axis) => dims.length - 1 - axis);
      if (!spend(step, value.tensor.data.length)) return null;
      return transposedConstant(step, value, attribute(node, 'perm', 'ints') ?? reversed);
    }
    case 'Reshape': {
      const target = shapeEntries(step.inputs[1] ?? null);
      if (target === null) return null;
      const keepZero = (attribute(node, 'allowzero', 'int') ?? 0) !== 0;
      const sizes = target.map((entry, i) => (entry === 0 && !keepZero ? (dims[i] ?? 0) : entry));
      if (!sizes.every((entry) => typeof entry === 'number')) return null;
      const known = sizes.reduce((total, size) => (size === -1 ? total : total * size), 1);
      return reshapedConstant(
        step,
        value,
        sizes.map((size) => (size === -1 ? value.tensor.data.length / known : size)),
      );
    }
    case 'Flatten': {
      const given = attribute(node, 'axis', 'int') ?? 1;
      const axis = given === dims.length ? given : normalisedAxis(step, given, dims.length);
      const rows = dims.slice(0, axis).reduce((total, size) => total * size, 1);
      const columns = dims.slice(axis).reduce((total, size) => total * size, 1);
      return reshapedConstant(step, value, [rows, columns]);
    }
    case 'Squeeze': {
      const axes = axesOf(step, 1)?.map((axis) => normalisedAxis(step, axis, dims.length));
      return reshapedConstant(
        step,
        value,
        dims.filter((size, axis) => !(axes === undefined ? size === 1 : axes.includes(axis))),
      );
    }
    case 'Unsqueeze': {
      const given = axesOf(step, 1) ?? [];
      const axes = given.map((axis) => normalisedAxis(step, axis, dims.length + given.length));
      const result = [...dims];
      for (const axis of axes.toSorted((a, b) => a - b)) result.splice(axis, 0, 1);
      return reshapedConstant(step, value, result);
    }
    default:
      return null;
  }
}

const floatBits: Partial<Record<ElementType, number>> = {
  float16: 16,
  bfloat16: 16,
  float32: 32,
  float64: 64,
};

function cast(step: Step, value: Constant): Constant | null {
  const to = castType(step.node);
  const { type, data } = value.tensor;
  if (to === type) return value;
  if (to !== 'float32' && to !== 'float64') {
    const integers = to === 'int32' || to === 'int64' ? shapeEntries(value) : null;
    if (integers === null) return null;
    const kept = BigInt64Array.from(integers, (entry) => BigInt(typeof entry === 'number' ? entry : 0));
    return { ...value, tensor: { ...value.tensor, type: 'int64', data: kept }, initialiser: null };
  }
  if (!spend(step, data.length)) return null;
  const numbers = numbersOf(value.tensor);
  const converted = to === 'float32' ? Float32Array.from(numbers) : numbers;
  // An integer weight is a quantised one: not free to move.
  const initialiser = floatBits[type] === undefined ? null : value.initialiser;
  return { ...value, tensor: { ...value.tensor, type: to, data: converted }, initialiser };
}

const binary: Readonly<Record<string, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
  Pow: (a, b) => a ** b,
};
const unary: Readonly<Record<string, (a: number) => number>> = {
  Neg: (a) => -a,
  Sqrt: Math.sqrt,
  Exp: Math.exp,
  Log: Math.log,
  Reciprocal: (a) => 1 / a,
};

/** Elementwise arithmetic on float32 and float64 constants, where one is a single number or both have the same shape. */
function computed(step: Step): Constant | null {
  const operands = step.inputs.filter((value) => value?.kind === 'constant');
  const [a, b] = operands;
  if (a === undefined || operands.some(({ tensor }) => tensor.type !== a.tensor.type)) return null;
  const { type } = a.tensor;
  if (type !== 'float32' && type !== 'float64') return null;
  const ofOne = unary[step.node.operator];
  const ofTwo = binary[step.node.operator];
  const larger = b !== undefined && b.tensor.dims.length > a.tensor.dims.length ? b : a;
  const left = numbersOf(a.tensor);
  let result: Float64Array;
  if (operands.length === 1 && ofOne !== undefined) result = left.map(ofOne);
  else if (b !== undefined && operands.length === 2 && ofTwo !== undefined) {
    const right = numbersOf(b.tensor);
    const sameShape = a.tensor.dims.join() === b.tensor.dims.join();
    const [onlyLeft] = left;
    const [onlyRight] = right;
    if (sameShape) result = left.map((value, i) => ofTwo(value, right[i] ?? NaN));
    else if (right.length === 1 && onlyRight !== undefined && larger === a)
      result = left.map((value) => ofTwo(value, onlyRight));
    else if (left.length === 1 && onlyLeft !== undefined && larger === b)
      result = right.map((value) => ofTwo(onlyLeft, value));
    else return null;
  } else return null;
  if (!spend(step, result.length)) return null;
  const data = type === 'float32' ? Float32Array.from(result) : result;
  return { kind: 'constant', tensor: { type, dims: larger.tensor.dims, data }, initialiser: null };
}

/** Takes from the work allowed for constants, which a file could otherwise demand without end; false: none left. */
function spend(step: Step, numbers: number): boolean {
  step.budget.numbers -= numbers;
  return step.budget.numbers >= 0;
}

/** A negative axis counts from the end; outside [−rank, rank): a damaged file. */
export function normalisedAxis(step: Step, axis: number, rank: number): number {
  const normalised = axis < 0 ? axis + rank : axis;
  if (normalised < 0 || normalised >= rank)
    throw contradiction(step.node, `has the axis ${String(axis)} in ${String(rank)} dimensions`);
  return normalised;
}
