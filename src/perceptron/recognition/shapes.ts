import { attribute } from './attributes';
import { axesOf, shapeEntries } from './constants';
import type { ShapeEntry, ShapeVector, Step, Value } from './values';

const longestShape = 16;

/** The operators with which exporters compute the target of a Reshape from a Shape; null: not one of them. */
export function foldShape(step: Step): ShapeVector | null {
  const { node } = step;
  const [first = null] = step.inputs;
  const entries = shapeEntries(first);
  if (entries === null) return null;
  const scalar = isScalar(first);
  switch (node.operator) {
    case 'Identity':
    case 'Cast':
      return shape(entries, scalar);
    case 'Squeeze':
      return entries.length === 1 ? shape(entries, true) : shape(entries, false);
    case 'Unsqueeze':
      return axesOf(step, 1)?.length === 1 && scalar ? shape(entries, false) : null;
    case 'Reshape':
      return shape(entries, shapeEntries(step.inputs[1] ?? null)?.length === 0);
    case 'Gather':
      return gather(step, entries);
    case 'Slice':
      return slice(step, entries);
    case 'Concat':
      return concat(step);
    case 'ReduceProd':
      return shape([entries.reduce(times, 1)], false);
    case 'Mul':
      return elementwise(step, entries, scalar);
    default:
      return null;
  }
}

function shape(entries: readonly ShapeEntry[], scalar: boolean): ShapeVector | null {
  return entries.length > longestShape ? null : { kind: 'shape', entries, scalar };
}

function isScalar(value: Value | null): boolean {
  if (value?.kind === 'shape') return value.scalar;
  return value?.kind === 'constant' && value.tensor.dims.length === 0;
}

/** A product with the number of samples is not known as a number. */
function times(a: ShapeEntry, b: ShapeEntry): ShapeEntry {
  if (a === 1) return b;
  if (b === 1) return a;
  return typeof a === 'number' && typeof b === 'number' ? a * b : null;
}

function elementwise(step: Step, entries: readonly ShapeEntry[], scalar: boolean): ShapeVector | null {
  const other = shapeEntries(step.inputs[1] ?? null);
  if (other?.length !== entries.length) return null;
  const products = entries.map((entry, i) => times(entry, other[i] ?? null));
  return shape(products, scalar && isScalar(step.inputs[1] ?? null));
}

function gather(step: Step, entries: readonly ShapeEntry[]): ShapeVector | null {
  const [, indices = null] = step.inputs;
  const positions = shapeEntries(indices);
  if (positions === null || (attribute(step.node, 'axis', 'int') ?? 0) !== 0) return null;
  const gathered: ShapeEntry[] = [];
  for (const position of positions) {
    if (typeof position !== 'number') return null;
    const entry = entries.at(position);
    if (entry === undefined) return null;
    gathered.push(entry);
  }
  return shape(gathered, isScalar(indices));
}

function slice(step: Step, entries: readonly ShapeEntry[]): ShapeVector | null {
  const bound = (name: string, position: number): number | null => {
    const given = attribute(step.node, name, 'ints') ?? shapeEntries(step.inputs[position] ?? null);
    const [value] = given ?? [];
    return given?.length === 1 && typeof value === 'number' ? value : null;
  };
  const start = bound('starts', 1);
  const end = bound('ends', 2);
  const stride = (step.inputs[4] ?? null) === null ? 1 : bound('steps', 4);
  if (start === null || end === null || stride !== 1) return null;
  return shape(entries.slice(start, end), false);
}

function concat(step: Step): ShapeVector | null {
  const parts: ShapeEntry[] = [];
  for (const value of step.inputs) {
    const entries = shapeEntries(value);
    if (entries === null) return null;
    parts.push(...entries);
  }
  return shape(parts, false);
}

/** The Shape operator on features: the number of samples, then the dimensions of one. */
export function shapeOf(step: Step, dims: readonly (number | null)[]): ShapeVector | null {
  const all: readonly ShapeEntry[] = ['batch', ...dims];
  const start = attribute(step.node, 'start', 'int') ?? 0;
  const end = attribute(step.node, 'end', 'int') ?? all.length;
  return shape(all.slice(start, end), false);
}
