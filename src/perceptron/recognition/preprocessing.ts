import { quoted } from '../../formats/quoted';
import { isWeightName } from '../../subject/layerNames';
import { FailureError } from '../../report/failure';
import { printable } from '../../report/printable';
import { attribute } from './attributes';
import { numbersOf } from './constants';
import { nodeTitle, obstacle, unknownOperator } from './obstacle';
import type { Constant, Features, InputStage, Step } from './values';
import { featureCount } from './values';

/** One number for each feature, or a single one for all. */
export type Numbers = number | Float64Array;

/** A file can claim any dimensions for its input: no list of that length is made. */
const mostFeatures = 2 ** 24;

/**
 * Add, Sub, Mul, Div, Neg of the input by constants: fixed preprocessing, no parameters.
 * `position` is the operand's position among the node's inputs.
 */
export function scaledInput(
  step: Step,
  features: Features<InputStage>,
  operand: Constant | null,
  position: number,
): Features<InputStage> {
  if (operand === null) return applied(step, features, -1, 0);
  const { dims, values } = byFeature(step, features, operand);
  refuseLearned(step, features, operand);
  const { scale, shift } = arithmetic(step, values, position);
  return applied(step, { ...features, dims }, scale, shift);
}

/** A parameter by its name, and a table that is added, such as one of positions, are no preprocessing. */
function refuseLearned(
  { node }: Step,
  { stage: { scale, shift } }: Features<InputStage>,
  { tensor, initialiser }: Constant,
): void {
  // A batch normalisation that is written out ends in its scale and shift, which are held fixed.
  if (scale !== 1 || shift !== 0) return;
  const name = `"${printable(initialiser ?? '')}"`;
  const isTable = tensor.dims.filter((dim) => dim > 1).length > 1;
  if (initialiser !== null && tensor.data.length > 1 && isWeightName(initialiser))
    throw obstacle(node, `scales or shifts its input by ${name}, a parameter by its name`);
  if (node.operator === 'Add' && initialiser !== null && isTable)
    throw obstacle(node, `adds the table ${name} to its input, as one of positions is`);
}

/** What Add, Sub, Mul or Div by these numbers does to the features: scale · x + shift. */
export function arithmetic(
  step: Step,
  numbers: Numbers,
  position: number,
): { readonly scale: Numbers; readonly shift: Numbers } {
  switch (step.node.operator) {
    case 'Add':
    case 'Sum':
      return { scale: 1, shift: numbers };
    case 'Sub':
      return position === 1
        ? { scale: 1, shift: map(numbers, (value) => -value) }
        : { scale: -1, shift: numbers };
    case 'Mul':
      return { scale: numbers, shift: 0 };
    case 'Div':
      if (position !== 1) throw obstacle(step.node, 'divides by the input');
      return { scale: map(numbers, (value) => 1 / value), shift: 0 };
    default:
      throw unknownOperator(step.node, 'transforms its input by more than a fixed scale and shift');
  }
}

/** ai.onnx.ml's Scaler: (x − offset) · scale. */
export function scaler(step: Step, features: Features): Features {
  const { stage } = features;
  if (stage.kind !== 'input') throw obstacle(step.node, 'scales a layer rather than the input');
  const of = (name: string): Numbers => {
    const list = attribute(step.node, name, 'floats');
    if (list === null || list.length === 0) throw obstacle(step.node, `has no ${name}`);
    const count = featureCount(features.dims);
    const [only] = list;
    if (list.length === 1 && only !== undefined) return only;
    if (features.dims?.length !== 1 || (count !== null && count !== list.length))
      throw obstacle(step.node, `has ${String(list.length)} numbers as ${name}, which do not fit its input`);
    return reordered(features.order, Float64Array.from(list));
  };
  const offset = map(of('offset'), (value) => -value);
  const scale = of('scale');
  const length =
    typeof scale === 'number' ? (typeof offset === 'number' ? null : offset.length) : scale.length;
  const dims = length === null ? features.dims : [length];
  const shifted = applied(step, { ...features, stage, dims }, 1, offset);
  return applied(step, shifted, scale, 0);
}

/** The samples with scale · (s x + t) + shift for their s x + t. */
export function applied(
  step: Step,
  features: Features<InputStage>,
  scale: Numbers,
  shift: Numbers,
): Features<InputStage> {
  const result: InputStage = { kind: 'input', ...composed(step, features.stage, scale, shift) };
  step.notes.add(
    'The model scales or shifts its input by fixed numbers; they are applied, and not counted as parameters.',
  );
  return { ...features, stage: result, node: step.node };
}

/** scale · (s x + t) + shift as one scale and shift, all of them finite. */
export function composed(
  step: Step,
  before: { readonly scale: Numbers; readonly shift: Numbers },
  scale: Numbers,
  shift: Numbers,
): { readonly scale: Numbers; readonly shift: Numbers } {
  const multiply = (a: number, b: number) => a * b;
  const add = (a: number, b: number) => a + b;
  const result = {
    scale: zip(step, before.scale, scale, multiply),
    shift: zip(step, zip(step, before.shift, scale, multiply), shift, add),
  };
  for (const numbers of [result.scale, result.shift]) {
    const list = typeof numbers === 'number' ? [numbers] : numbers;
    const bad = list.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0)
      throw new FailureError(
        'NonFiniteWeights',
        `The node ${nodeTitle(step.node)} scales feature ${String(bad)} of its input by a number that is not finite; ` +
          'repair the scaling and export the model again.',
      );
  }
  return result;
}

function map(numbers: Numbers, f: (value: number) => number): Numbers {
  return typeof numbers === 'number' ? f(numbers) : numbers.map(f);
}

function zip(step: Step, a: Numbers, b: Numbers, f: (a: number, b: number) => number): Numbers {
  if (typeof a === 'number') return map(b, (value) => f(a, value));
  if (typeof b === 'number') return a.map((value) => f(value, b));
  if (a.length !== b.length)
    throw obstacle(step.node, `scales ${String(b.length)} features where ${String(a.length)} stood before`);
  return a.map((value, i) => f(value, b[i] ?? NaN));
}

/** From positions in the row to indices in the flattened sample. */
function reordered(order: Int32Array | null, values: Numbers): Numbers {
  if (order === null || typeof values === 'number') return values;
  const result = new Float64Array(values.length);
  order.forEach((index, position) => {
    result[index] = values[position] ?? NaN;
  });
  return result;
}

/** The operand as one number, or one for each feature, with the dimensions that it tells. */
export function byFeature(
  step: Step,
  features: Features,
  operand: Constant,
): { readonly dims: readonly (number | null)[] | null; readonly values: Numbers } {
  const { dims, values } = broadcast(step, features, operand);
  return { dims, values: reordered(features.order, values) };
}

/** The operand as one number, or one for each position of a flattened row. */
function broadcast(
  step: Step,
  features: Features,
  operand: Constant,
): { readonly dims: readonly (number | null)[] | null; readonly values: Numbers } {
  const numbers = numbersOf(operand.tensor);
  const [only] = numbers;
  const misfit = (why = 'which does not fit one sample') =>
    obstacle(
      step.node,
      `combines its input with ${operand.initialiser === null ? 'a constant' : quoted(operand.initialiser)} of shape ` +
        `[${operand.tensor.dims.join(', ')}], ${why}`,
    );
  const rank = (features.dims?.length ?? 1) + 1;
  if (operand.tensor.dims.length > rank) throw misfit();
  if (numbers.length === 1 && only !== undefined) return { dims: features.dims, values: only };
  const dims = features.dims ?? [null];
  const padded = [...new Array<number>(rank - operand.tensor.dims.length).fill(1), ...operand.tensor.dims];
  const [rows, ...sizes] = padded;
  if (rows !== 1) throw misfit('which treats each row of it differently, so that its rows are not samples');
  const full = dims.map((size, axis) => {
    const own = sizes[axis] ?? 1;
    if (own !== 1 && size !== null && size !== own) throw misfit();
    // A size that the file leaves open must be the operand's.
    return own === 1 ? size : own;
  });
  const count = featureCount(full);
  if (count === null || count > mostFeatures) throw misfit();
  return { dims: full, values: spread(numbers, sizes, full.map(Number)) };
}

/** Repeats a row-major tensor along its axes of size 1 until it fills `full`. */
function spread(numbers: Float64Array, sizes: readonly number[], full: readonly number[]): Float64Array {
  let result = numbers;
  let inner = 1;
  for (let axis = full.length - 1; axis >= 0; axis -= 1) {
    const size = full[axis] ?? 1;
    if (sizes[axis] === 1 && size !== 1) {
      const outer = result.length / inner;
      const repeated = new Float64Array(outer * size * inner);
      for (let o = 0; o < outer; o += 1)
        for (let k = 0; k < size; k += 1)
          repeated.set(result.subarray(o * inner, (o + 1) * inner), (o * size + k) * inner);
      result = repeated;
    }
    inner *= size;
  }
  return result;
}
