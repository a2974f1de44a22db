import type { AttributeValue } from '../../unit/onnxModel';
import type { GraphBuilder, Part, Step } from './graphBuilder';
import { shuffled } from './shapeSteps';

const epsilon = (b: GraphBuilder): Record<string, AttributeValue> =>
  b.chance(0.5) ? { epsilon: { float: b.uniform(0.001, 0.1) } } : {};

function batchNormalization(b: GraphBuilder, x: Part): Part {
  const channels = x.dims[0] ?? 1;
  const statistic = (low: number, high: number, name: string): string =>
    b.floats(
      [channels],
      Array.from({ length: channels }, () => b.uniform(low, high)),
      name,
    );
  const inputs = [b.parameter([channels], 0.5, 1.5), b.parameter([channels])];
  const statistics = [statistic(-0.5, 0.5, 'running_mean'), statistic(0.5, 1.5, 'running_var')];
  return b.node('BatchNormalization', [x.name, ...inputs, ...statistics], x.dims, epsilon(b));
}

function layerNormalization(b: GraphBuilder, x: Part): Part | null {
  if (b.opset < 17) return null;
  const { own, given } = b.axis(x);
  const dims = x.dims.slice(own);
  const bias = b.chance(0.6) ? [b.parameter(dims)] : [];
  const inputs = [x.name, b.parameter(dims, 0.5, 1.5), ...bias];
  return b.node('LayerNormalization', inputs, x.dims, { axis: { int: given }, ...epsilon(b) });
}

function rmsNormalization(b: GraphBuilder, x: Part): Part | null {
  if (b.opset < 23) return null;
  const { own, given } = b.axis(x);
  const inputs = [x.name, b.parameter(x.dims.slice(own), 0.5, 1.5)];
  return b.node('RMSNormalization', inputs, x.dims, { axis: { int: given }, ...epsilon(b) });
}

function instanceNormalization(b: GraphBuilder, x: Part): Part | null {
  const [channels = 1] = x.dims;
  if (x.dims.length < 2 || x.dims.slice(1).every((dim) => dim === 1)) return null;
  const inputs = [x.name, b.parameter([channels], 0.5, 1.5), b.parameter([channels])];
  return b.node('InstanceNormalization', inputs, x.dims, epsilon(b));
}

/** In operator sets 18 to 20 the scale is that of a group. */
function groupNormalization(b: GraphBuilder, x: Part): Part | null {
  const [channels = 1] = x.dims;
  if (b.opset < 21 || x.dims.length < 2) return null;
  const groups = b.pick([1, 2, 3, channels].filter((count) => channels % count === 0));
  const inputs = [x.name, b.parameter([channels], 0.5, 1.5), b.parameter([channels])];
  return b.node('GroupNormalization', inputs, x.dims, { num_groups: { int: groups }, ...epsilon(b) });
}

/** Of numbers that differ: onnxruntime takes the variance as a difference, whose rounding may be below 0. */
function meanVariance(b: GraphBuilder, x: Part): Part | null {
  const axes = shuffled(b, x.dims.length).slice(0, b.between(1, x.dims.length));
  if (axes.every((axis) => (x.dims[axis] ?? 1) < 3)) return null;
  const spread = b.node('Add', [b.tame(x).name, b.parameter(x.dims, -3, 3)], x.dims);
  return b.node('MeanVarianceNormalization', [spread.name], x.dims, {
    axes: { ints: axes.map((axis) => axis + 1) },
  });
}

function lpNormalization(b: GraphBuilder, x: Part): Part {
  return b.node('LpNormalization', [b.positive(x).name], x.dims, {
    axis: { int: b.axis(x).given },
    p: { int: b.between(1, 2) },
  });
}

const softmax =
  (operator: string): Step =>
  (b, x) =>
    b.node(operator, [x.name], x.dims, b.chance(0.7) ? { axis: { int: b.axis(x).own + 1 } } : {});

/** Over some axes of the samples; as an attribute or, since operator set 18 (13 for sums), as an input. */
const reduction =
  (operator: string): Step =>
  (b, x) => {
    const axes = shuffled(b, x.dims.length).slice(0, b.between(1, x.dims.length));
    const keeps = axes.length === x.dims.length || b.chance(0.5);
    const given = axes.map((axis) => (b.chance(0.5) ? axis + 1 : axis - x.dims.length));
    const asInput = b.opset >= 18 || (operator === 'ReduceSum' && b.opset >= 13);
    const dims = keeps
      ? x.dims.map((dim, i) => (axes.includes(i) ? 1 : dim))
      : x.dims.filter((_, i) => !axes.includes(i));
    const from = operator === 'ReduceLogSum' || operator === 'ReduceL2' ? b.positive(x) : x;
    return b.node(operator, [from.name, ...(asInput ? [b.integers(given)] : [])], dims, {
      keepdims: { int: Number(keeps) },
      ...(asInput ? {} : { axes: { ints: given } }),
    });
  };

function cumulativeSum(b: GraphBuilder, x: Part): Part {
  const axis = b.integers([b.axis(x).given], b.pick<readonly number[]>([[], [1]]));
  return b.node('CumSum', [x.name, axis], x.dims, {
    exclusive: { int: b.random.below(2) },
    reverse: { int: b.random.below(2) },
  });
}

const reductions =
  'ReduceSum ReduceMean ReduceMax ReduceMin ReduceL1 ReduceL2 ReduceSumSquare ReduceLogSum ReduceLogSumExp'.split(
    ' ',
  );

export const normalisationSteps: Readonly<Record<string, Step>> = {
  ...Object.fromEntries(reductions.map((operator) => [operator, reduction(operator)])),
  Softmax: softmax('Softmax'),
  LogSoftmax: softmax('LogSoftmax'),
  CumSum: cumulativeSum,
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  RMSNormalization: rmsNormalization,
  InstanceNormalization: instanceNormalization,
  GroupNormalization: groupNormalization,
  MeanVarianceNormalization: meanVariance,
  LpNormalization: lpNormalization,
};
