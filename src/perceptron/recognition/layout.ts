import { attribute } from './attributes';
import { axesOf, checkPermutation, shapeEntries, transposedPositions } from './constants';
import { obstacle } from './obstacle';
import { normalisedAxis } from './folding';
import type { Features, ShapeEntry, Step } from './values';
import { featureCount } from './values';

/** Flatten, Reshape, Squeeze, Unsqueeze and Transpose of features, where they keep one row per sample. */
export function rearranged(step: Step, features: Features): Features {
  const { node } = step;
  switch (node.operator) {
    case 'Flatten':
      return flattened(step, features);
    case 'Reshape':
      return reshaped(step, features);
    case 'Squeeze':
    case 'Unsqueeze': {
      const dims = knownRank(step, features);
      return {
        ...features,
        dims: node.operator === 'Squeeze' ? squeezed(step, dims) : unsqueezed(step, dims),
      };
    }
    default:
      return transposed(step, features);
  }
}

function knownRank(step: Step, features: Features): readonly (number | null)[] {
  if (features.dims === null)
    throw obstacle(step.node, 'is applied to a tensor whose rank the file does not say');
  return features.dims;
}

function flattened(step: Step, features: Features): Features {
  const axis = attribute(step.node, 'axis', 'int') ?? 1;
  const { dims } = features;
  if (dims === null && axis === 1) return { ...features, dims: [null] };
  const known = knownRank(step, features);
  const rank = known.length + 1;
  const from = axis === rank ? rank : normalisedAxis(step, axis, rank);
  // What stands before the axis joins the samples.
  if (from === 0 || featureCount(known.slice(0, from - 1)) !== 1)
    throw obstacle(step.node, 'merges the samples with their features');
  return { ...features, dims: [featureCount(known.slice(from - 1))] };
}

function reshaped(step: Step, features: Features): Features {
  const target = shapeEntries(step.inputs[1] ?? null) ?? attribute(step.node, 'shape', 'ints');
  if (target === null)
    throw obstacle(step.node, 'reshapes to a shape that is neither constant nor made from shapes');
  const keepZero = (attribute(step.node, 'allowzero', 'int') ?? 0) !== 0;
  const { dims } = features;
  const count = featureCount(dims);
  const entries = target.map((entry, i): ShapeEntry => {
    if (entry !== 0 || keepZero) return entry;
    return i === 0 ? 'batch' : (dims?.[i - 1] ?? null);
  });
  const [rows, ...rest] = entries;
  if (rows === undefined) throw obstacle(step.node, 'reshapes all samples into one number');
  const unknown = rest.filter((entry) => typeof entry !== 'number' || entry === -1).length;
  const known = rest.reduce<number>(
    (total, entry) => (typeof entry === 'number' && entry !== -1 ? total * entry : total),
    1,
  );
  const rowsKept = rows === 'batch' || rows === 1 || (rows !== null && rows === step.fixedBatch);
  if (unknown === 0 && known > 0) {
    // N · count numbers in rows of `known`: N rows exactly where known = count.
    if (count === null ? rowsKept || rows === -1 : known === count)
      return { ...features, dims: rest.map((entry) => (typeof entry === 'number' ? entry : null)) };
  } else if (unknown === 1 && rowsKept && known > 0 && !rest.includes('batch')) {
    const missing = count === null ? null : count / known;
    if (missing === null || Number.isInteger(missing))
      return {
        ...features,
        dims: rest.map((entry) => (typeof entry === 'number' && entry !== -1 ? entry : missing)),
      };
  }
  throw obstacle(
    step.node,
    `reshapes to [${target.map(String).join(', ')}], which does not keep one row per sample`,
  );
}

function squeezed(step: Step, dims: readonly (number | null)[]): (number | null)[] {
  const axes = axesOf(step, 1)?.map((axis) => normalisedAxis(step, axis, dims.length + 1));
  if (axes === undefined) {
    if (step.fixedBatch === 1 || dims.includes(null))
      throw obstacle(
        step.node,
        'removes every dimension of size 1 where the number of samples may be one of them',
      );
    return dims.filter((size) => size !== 1);
  }
  if (axes.includes(0)) throw obstacle(step.node, 'removes the dimension that counts the samples');
  if (axes.some((axis) => dims[axis - 1] !== 1))
    throw obstacle(step.node, 'removes a dimension that is not known to be 1');
  return dims.filter((_, i) => !axes.includes(i + 1));
}

function unsqueezed(step: Step, dims: readonly (number | null)[]): (number | null)[] {
  const given = axesOf(step, 1) ?? [];
  const axes = given.map((axis) => normalisedAxis(step, axis, dims.length + 1 + given.length));
  if (axes.includes(0)) throw obstacle(step.node, 'puts a dimension before the one that counts the samples');
  const result = [...dims];
  for (const axis of axes.toSorted((a, b) => a - b)) result.splice(axis - 1, 0, 1);
  return result;
}

function transposed(step: Step, features: Features): Features {
  const dims = knownRank(step, features);
  const rank = dims.length + 1;
  const permutation =
    attribute(step.node, 'perm', 'ints') ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
  checkPermutation(step, permutation, rank);
  if (permutation[0] !== 0)
    throw obstacle(
      step.node,
      'moves the dimension that counts the samples, so that its rows are not samples',
    );
  const axes = permutation.slice(1).map((axis) => axis - 1);
  const permutedDims = axes.map((axis) => dims[axis] ?? null);
  const longAxes = axes.filter((axis) => dims[axis] !== 1);
  if (longAxes.every((axis, i) => i === 0 || axis > (longAxes[i - 1] ?? 0)))
    return { ...features, dims: permutedDims };
  const sizes = dims.map((size) => {
    if (size === null) throw obstacle(step.node, 'permutes dimensions whose sizes the file does not say');
    return size;
  });
  checkSize(step, sizes);
  const positions = transposedPositions(sizes, axes);
  const { order } = features;
  return {
    ...features,
    dims: permutedDims,
    order: order === null ? positions : positions.map((position) => order[position] ?? 0),
  };
}

/** A file can claim any dimensions for its input: no list of that length is made. */
const mostFeatures = 2 ** 24;

function checkSize(step: Step, sizes: readonly number[]): void {
  const count = sizes.reduce((total, size) => total * size, 1);
  if (count > mostFeatures)
    throw obstacle(step.node, `permutes ${String(count)} features, which is too many`);
}
