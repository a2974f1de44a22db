import type { Tensor } from '../../graph/graph';
import { attribute } from './attributes';
import { contradiction, obstacle, unknownOperator } from './obstacle';
import type { Constant, ShapeEntry, Step, Value } from './values';

/** Numbers of a constant as float64; integers beyond 2⁵³ do not occur where this is asked. */
export function numbersOf(tensor: Tensor): Float64Array {
  const { data } = tensor;
  return data instanceof BigInt64Array || data instanceof BigUint64Array
    ? Float64Array.from(data, Number)
    : Float64Array.from(data);
}

/** The constant at an input; a refusal that names whoever computes it otherwise, where it is no constant. */
export function constantInput(step: Step, position: number, role: string): Constant {
  const value = step.inputs[position] ?? null;
  if (value?.kind === 'constant') return value;
  if (value?.kind === 'unknown')
    throw unknownOperator(value.node, `computes ${role} of another node, which is not a free constant then`);
  throw obstacle(step.node, `has no constant as ${role}`);
}

/** The single number at an input, or null where the input is omitted. */
export function numberInput(step: Step, position: number, role: string): number | null {
  if ((step.inputs[position] ?? null) === null) return null;
  const { tensor } = constantInput(step, position, role);
  const values = numbersOf(tensor);
  const [value] = values;
  if (value === undefined || values.length !== 1)
    throw obstacle(step.node, `has ${String(values.length)} numbers as ${role} instead of one`);
  return value;
}

const longestShape = 16;

/** A short list of integers (a shape, axes, a permutation) that is constant or computed from shapes; null: it is neither. */
export function shapeEntries(value: Value | null): readonly ShapeEntry[] | null {
  if (value?.kind === 'shape') return value.entries;
  if (value?.kind !== 'constant' || value.tensor.data.length > longestShape) return null;
  const entries = [...numbersOf(value.tensor)];
  return entries.every(Number.isSafeInteger) ? entries : null;
}

/** Axes from an input (newer operator sets) or an attribute (older ones); null: none given. */
export function axesOf(step: Step, position: number): readonly number[] | null {
  const given = attribute(step.node, 'axes', 'ints');
  if (given !== null) return given;
  const value = step.inputs[position] ?? null;
  if (value === null) return null;
  const entries = shapeEntries(value);
  if (!entries?.every((entry) => typeof entry === 'number'))
    throw obstacle(step.node, 'has axes that are not constant');
  return entries;
}

/** The same numbers under other dimensions; the data is shared. */
export function reshapedConstant(step: Step, value: Constant, dims: readonly number[]): Constant {
  const count = dims.reduce((total, size) => total * size, 1);
  if (count !== value.tensor.data.length || dims.some((size) => size < 0))
    throw contradiction(step.node, 'gives a constant a shape that does not hold its numbers');
  return { ...value, tensor: { ...value.tensor, dims } };
}

/** The constant with its axes permuted, as numpy.transpose does it; null for other types than float32 and float64 data. */
export function transposedConstant(
  step: Step,
  value: Constant,
  permutation: readonly number[],
): Constant | null {
  const { dims, data } = value.tensor;
  checkPermutation(step, permutation, dims.length);
  if (!(data instanceof Float32Array || data instanceof Float64Array)) return null;
  const positions = transposedPositions(dims, permutation);
  const permuted =
    data instanceof Float32Array ? new Float32Array(data.length) : new Float64Array(data.length);
  for (let i = 0; i < positions.length; i += 1) permuted[i] = data[positions[i] ?? 0] ?? 0;
  const permutedDims = permutation.map((axis) => dims[axis] ?? 0);
  return { ...value, tensor: { ...value.tensor, dims: permutedDims, data: permuted } };
}

/** Throws unless `permutation` holds each of 0 … rank − 1 once. */
export function checkPermutation(step: Step, permutation: readonly number[], rank: number): void {
  const seen = new Set(permutation);
  if (
    permutation.length !== rank ||
    seen.size !== rank ||
    permutation.some((axis) => !(axis >= 0 && axis < rank))
  )
    throw contradiction(step.node, 'has a perm that is no permutation of the axes');
}

/** For each position of the transposed row-major tensor, the position in the original. */
export function transposedPositions(dims: readonly number[], permutation: readonly number[]): Int32Array {
  const strides = new Array<number>(dims.length).fill(1);
  for (let axis = dims.length - 2; axis >= 0; axis -= 1)
    strides[axis] = (strides[axis + 1] ?? 1) * (dims[axis + 1] ?? 1);
  const sizes = permutation.map((axis) => dims[axis] ?? 0);
  const steps = permutation.map((axis) => strides[axis] ?? 0);
  const positions = new Int32Array(sizes.reduce((total, size) => total * size, 1));
  const index = new Array<number>(dims.length).fill(0);
  let from = 0;
  for (let i = 0; i < positions.length; i += 1) {
    positions[i] = from;
    for (let axis = index.length - 1; axis >= 0; axis -= 1) {
      const next = (index[axis] ?? 0) + 1;
      if (next < (sizes[axis] ?? 0)) {
        index[axis] = next;
        from += steps[axis] ?? 0;
        break;
      }
      from -= (next - 1) * (steps[axis] ?? 0);
      index[axis] = 0;
    }
  }
  return positions;
}
