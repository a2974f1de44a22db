import { add, div, magnitude, mul, power, scale, sub, unary } from '../static/elementwise';
import { mean, reduceSum } from '../static/linear';
import { pad, range, reshape } from '../static/shape';
import type { StaticGraph } from '../static/staticGraph';
import type { Value } from '../static/value';
import { sizeOf } from '../static/value';
import { realInput } from './elementwise';
import type { LoweredNode, LoweringTable } from './loweredNode';
import { normalisedAxis } from './loweredNode';

/** (x − mean) / √(variance + ε) over the axes. */
export function standardise(g: StaticGraph, x: Value, axes: readonly number[], epsilon: number): Value {
  const centred = sub(g, x, mean(g, x, axes));
  const variance = mean(g, mul(g, centred, centred), axes);
  return mul(g, centred, power(g, add(g, variance, g.scalar(epsilon)), -0.5));
}

/** A value for each channel, to be broadcast over [N, C, …]. */
function perChannel(g: StaticGraph, value: Value, rank: number): Value {
  return reshape(g, value, [sizeOf(value.dims), ...new Array<number>(Math.max(0, rank - 2)).fill(1)]);
}

/** In evaluation mode: the running mean and variance are constants. */
function lowerBatchNormalization(n: LoweredNode): Value {
  const { g } = n;
  const x = realInput(n, 0);
  const [scaleOf, bias, runningMean, runningVariance] = [1, 2, 3, 4].map((i) =>
    perChannel(g, realInput(n, i), x.dims.length),
  );
  if (!scaleOf || !bias || !runningMean || !runningVariance) return x;
  const inverse = power(g, add(g, runningVariance, g.scalar(n.float('epsilon', 1e-5))), -0.5);
  const factor = mul(g, scaleOf, inverse);
  return add(g, mul(g, sub(g, x, runningMean), factor), bias);
}

export function affine(n: LoweredNode, x: Value, scaleOf: Value | null, bias: Value | null): Value {
  const scaled = scaleOf === null ? x : mul(n.g, x, scaleOf);
  return bias === null ? scaled : add(n.g, scaled, bias);
}

function lowerLayerNormalization(n: LoweredNode): Value {
  const x = realInput(n, 0);
  const first = normalisedAxis(n.int('axis', -1), x.dims.length);
  const axes = x.dims.flatMap((_, axis) => (axis >= first ? [axis] : []));
  const standard = standardise(n.g, x, axes, n.float('epsilon', 1e-5));
  return affine(n, standard, n.optional(1), n.optional(2));
}

/** x / √(mean of squares + ε) over the axes. */
export function rootMeanSquared(g: StaticGraph, x: Value, axes: readonly number[], epsilon: number): Value {
  const meanSquare = mean(g, mul(g, x, x), axes);
  return mul(g, x, power(g, add(g, meanSquare, g.scalar(epsilon)), -0.5));
}

function lowerRmsNormalization(n: LoweredNode): Value {
  const x = realInput(n, 0);
  const first = normalisedAxis(n.int('axis', -1), x.dims.length);
  const axes = x.dims.flatMap((_, axis) => (axis >= first ? [axis] : []));
  return affine(n, rootMeanSquared(n.g, x, axes, n.float('epsilon', 1e-5)), n.optional(1), null);
}

function lowerInstanceNormalization(n: LoweredNode): Value {
  const { g } = n;
  const x = realInput(n, 0);
  const rank = x.dims.length;
  const axes = x.dims.slice(2).map((_, i) => i + 2);
  const standard = standardise(g, x, axes, n.float('epsilon', 1e-5));
  return affine(n, standard, perChannel(g, realInput(n, 1), rank), perChannel(g, realInput(n, 2), rank));
}

/** Before operator set 21 scale and bias are given for each group, after that for each channel. */
function lowerGroupNormalization(n: LoweredNode): Value {
  const { g } = n;
  const x = realInput(n, 0);
  const groups = n.int('num_groups', 1);
  const [count = 0, channels = 0, ...spatial] = x.dims;
  const grouped = reshape(g, x, [count, groups, channels / groups, ...spatial]);
  const axes = grouped.dims.flatMap((_, axis) => (axis >= 2 ? [axis] : []));
  const standard = standardise(g, grouped, axes, n.float('epsilon', 1e-5));
  const perGroup = (index: number): Value => {
    const value = realInput(n, index);
    const inner = sizeOf(value.dims) / groups;
    return reshape(g, value, [groups, inner, ...spatial.map(() => 1)]);
  };
  return reshape(g, affine(n, standard, perGroup(1), perGroup(2)), x.dims);
}

function lowerMeanVariance(n: LoweredNode): Value {
  const { g } = n;
  const x = realInput(n, 0);
  const axes = (n.ints('axes') ?? [0, 2, 3]).map((axis) => normalisedAxis(axis, x.dims.length));
  const centred = sub(g, x, mean(g, x, axes));
  const deviation = unary(g, 'sqrt', mean(g, mul(g, centred, centred), axes));
  return div(g, centred, add(g, deviation, g.scalar(1e-9)));
}

/** x / (bias + α/size · Σ x² over the `size` channels around)^β. */
function lowerLocalResponse(n: LoweredNode): Value {
  const { g } = n;
  const x = realInput(n, 0);
  const size = n.int('size', 1);
  const channels = x.dims[1] ?? 1;
  const before = Math.min(Math.floor((size - 1) / 2), channels - 1);
  const after = Math.min(Math.ceil((size - 1) / 2), channels - 1);
  const around = (amount: number): number[] => x.dims.map((_, axis) => (axis === 1 ? amount : 0));
  const squares = pad(g, mul(g, x, x), around(before), around(after));
  const parts = Array.from({ length: before + after + 1 }, (_, i) => range(g, squares, 1, i, i + channels));
  const sum = parts.reduce((a, b) => add(g, a, b));
  const base = add(g, scale(g, sum, n.float('alpha', 1e-4) / size), g.scalar(n.float('bias', 1)));
  return mul(g, x, power(g, base, -n.float('beta', 0.75)));
}

function lowerLpNormalization(n: LoweredNode): Value {
  const { g } = n;
  const x = realInput(n, 0);
  const axes = [normalisedAxis(n.int('axis', -1), x.dims.length)];
  const norm =
    n.int('p', 2) === 1
      ? reduceSum(g, magnitude(g, x), axes)
      : power(g, reduceSum(g, mul(g, x, x), axes), 0.5);
  return div(g, x, norm);
}

export const normalisationLowerings = {
  BatchNormalization: lowerBatchNormalization,
  LayerNormalization: lowerLayerNormalization,
  RMSNormalization: lowerRmsNormalization,
  SimplifiedLayerNormalization: lowerRmsNormalization,
  InstanceNormalization: lowerInstanceNormalization,
  GroupNormalization: lowerGroupNormalization,
  MeanVarianceNormalization: lowerMeanVariance,
  LpNormalization: lowerLpNormalization,
  LRN: lowerLocalResponse,
} satisfies LoweringTable;
