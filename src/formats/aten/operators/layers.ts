import { alongChannels, groupNormalised, type AddNode } from '../../built/groupNorm';
import type { Call } from '../call';
import type { OperatorTable, Translate } from './table';

/** x Wᵀ + b. */
const linear: Translate = (c) => {
  const [x, weight] = [c.tensor('input'), c.tensor('weight')];
  const bias = c.has('bias') ? [c.tensor('bias')] : [];
  if (c.meta('input').dims.length === 2) return c.add('Gemm', [x, weight, ...bias], { transB: 1 });
  const product = c.add('MatMul', [x, c.add('Transpose', [weight], { perm: [1, 0] })]);
  return bias.reduce((sum, each) => c.add('Add', [sum, each]), product);
};

function product(first: string, second: string): Translate {
  return (c) => c.add('MatMul', [c.tensor(first), c.tensor(second)]);
}

const addmm: Translate = (c) =>
  c.add('Gemm', [c.tensor('mat1'), c.tensor('mat2'), c.tensor()], {
    alpha: { float: c.number('alpha', 1) },
    beta: { float: c.number('beta', 1) },
  });

const baddbmm: Translate = (c) => {
  const { type } = c.result();
  const scaled = (value: string, factor: number): string =>
    factor === 1 ? value : c.add('Mul', [value, c.scalar(factor, type)]);
  const batches = c.add('MatMul', [c.tensor('batch1'), c.tensor('batch2')]);
  return c.add('Add', [scaled(c.tensor(), c.number('beta', 1)), scaled(batches, c.number('alpha', 1))]);
};

/** One number for every axis of the picture. */
function perAxis(c: Call, name: string, axes: number, otherwise: number): readonly number[] {
  const given = c.numbers(name, [otherwise]);
  return given.length === 1 ? Array.from({ length: axes }, () => given[0] ?? otherwise) : given;
}

const twice = (all: readonly number[]): readonly number[] => [...all, ...all];

/** A convolution of any number of axes. @param isTransposed or null: an argument says so */
function convolution(isTransposed: boolean | null): Translate {
  return (c) => {
    const { dims } = c.meta('weight');
    const axes = dims.length - 2;
    if (c.result().dims.length !== dims.length) throw c.unsupported('a sample without a batch');
    const transposed = isTransposed ?? c.flag('transposed', false);
    const inputs = [c.tensor('input'), c.tensor('weight'), ...(c.has('bias') ? [c.tensor('bias')] : [])];
    const shared = {
      kernel_shape: dims.slice(2).map((size) => size ?? 0),
      strides: perAxis(c, 'stride', axes, 1),
      dilations: perAxis(c, 'dilation', axes, 1),
      group: c.number('groups', 1),
    };
    const padding = c.text('padding', '');
    if (padding === 'same') return c.add('Conv', inputs, { ...shared, auto_pad: 'SAME_UPPER' });
    const pads =
      padding === 'valid' ? twice(perAxis(c, 'none', axes, 0)) : twice(perAxis(c, 'padding', axes, 0));
    if (!transposed) return c.add('Conv', inputs, { ...shared, pads });
    return c.add('ConvTranspose', inputs, {
      ...shared,
      pads,
      output_padding: perAxis(c, 'output_padding', axes, 0),
    });
  };
}

/** A tensor of the file, or as many equal numbers where the layer has none. */
function affine(c: Call, name: string, dims: readonly number[], value: number): string {
  if (c.has(name)) return c.tensor(name);
  const count = dims.reduce((product, size) => product * size, 1);
  return c.constant(
    name,
    dims,
    Array.from({ length: count }, () => value),
    c.result().type,
  );
}

const batchNorm: Translate = (c) => {
  if (c.flag('training', false)) throw c.training();
  if (!c.has('running_mean')) throw c.unsupported('statistics of the batch');
  const channels = c.meta('running_mean').dims.map((size) => size ?? 0);
  const scale = [affine(c, 'weight', channels, 1), affine(c, 'bias', channels, 0)];
  const statistics = [c.tensor('running_mean'), c.tensor('running_var')];
  return c.add('BatchNormalization', [c.tensor('input'), ...scale, ...statistics], {
    epsilon: { float: c.number('eps', 1e-5) },
  });
};

/** By each channel's own numbers: instance normalisation taken apart, which has all channels of all samples on one axis. */
const ownStatistics: Translate = (c) => {
  const { dims, type } = c.result();
  if (dims[0] !== 1 || dims.length < 3) throw c.unsupported('statistics of the batch');
  const axes = c.builder.integers(dims.slice(2).map((_, at) => at + 2));
  const mean = (value: string): string => c.add('ReduceMean', [value, axes], { keepdims: 1 });
  const away = c.add('Sub', [c.tensor('input'), mean(c.tensor('input'))]);
  const spread = c.add('Add', [mean(c.add('Mul', [away, away])), c.scalar(c.number('eps', 1e-5), type)]);
  return scaledChannels(c, c.add('Div', [away, c.add('Sqrt', [spread])]), dims.length);
};

const layerNorm: Translate = (c) => {
  const sizes = c.numbers('normalized_shape');
  const inputs = [
    c.tensor('input'),
    affine(c, 'weight', sizes, 1),
    ...(c.has('bias') ? [c.tensor('bias')] : []),
  ];
  return c.add('LayerNormalization', inputs, {
    axis: -sizes.length,
    epsilon: { float: c.number('eps', 1e-5) },
  });
};

const rmsNorm: Translate = (c) => {
  const { type, dims } = c.result();
  const sizes = c.numbers('normalized_shape');
  const x = c.tensor('input');
  const axes = c.builder.integers(sizes.map((_, at) => dims.length - sizes.length + at));
  const mean = c.add('ReduceMean', [c.add('Mul', [x, x]), axes], { keepdims: 1 });
  const eps = c.number('eps', type === 'float64' ? 2 ** -52 : 2 ** -23);
  const scaled = c.add('Div', [x, c.add('Sqrt', [c.add('Add', [mean, c.scalar(eps, type)])])]);
  return c.has('weight') ? c.add('Mul', [scaled, c.tensor('weight')]) : scaled;
};

const groupNorm: Translate = (c) => {
  const { type, dims } = c.result();
  const add: AddNode = (...node) => c.add(...node);
  const normal = groupNormalised(c.builder, add, c.tensor('input'), {
    groups: c.number(c.has('num_groups') ? 'num_groups' : 'group'),
    epsilon: c.number('eps', 1e-5),
    type: type === 'float64' ? type : 'float32',
  });
  return scaledChannels(c, normal, dims.length);
};

function scaledChannels(c: Call, value: string, rank: number): string {
  const raised = (name: string): string =>
    alongChannels(c.builder, (...node) => c.add(...node), c.tensor(name), rank - 2);
  const scaled = c.has('weight') ? c.add('Mul', [value, raised('weight')]) : value;
  return c.has('bias') ? c.add('Add', [scaled, raised('bias')]) : scaled;
}

const instanceNorm: Translate = (c) => {
  if (!c.flag('use_input_stats', true)) throw c.unsupported('running statistics');
  const channels = c.result().dims[1] ?? null;
  if (channels === null) throw c.unsupported('a number of channels that is left open');
  return c.add(
    'InstanceNormalization',
    [c.tensor('input'), affine(c, 'weight', [channels], 1), affine(c, 'bias', [channels], 0)],
    { epsilon: { float: c.number('eps', 1e-5) } },
  );
};

function softmax(operator: string): Translate {
  return (c) =>
    c.add(operator, [c.operand('self', c.result().type)], { axis: c.axis('dim', c.meta().dims.length) });
}

const dropout: Translate = (c) => {
  const isOn = c.flag('train', c.flag('training', false)) && c.number('p', 0) > 0;
  if (isOn) throw c.training();
  return c.tensor(c.has('input') ? 'input' : 'self');
};

function pooling(operator: 'MaxPool' | 'AveragePool', axes: number): Translate {
  return (c) => {
    const size = perAxis(c, 'kernel_size', axes, 1);
    const given = c.numbers('stride', []);
    const strides = given.length === 0 ? size : perAxis(c, 'stride', axes, 1);
    const pads = twice(perAxis(c, 'padding', axes, 0));
    const shared = { kernel_shape: size, strides, pads, ceil_mode: Number(c.flag('ceil_mode', false)) };
    if (c.has('divisor_override')) throw c.unsupported('a divisor');
    return operator === 'MaxPool'
      ? c.add(operator, [c.tensor()], { ...shared, dilations: perAxis(c, 'dilation', axes, 1) })
      : c.add(operator, [c.tensor()], {
          ...shared,
          count_include_pad: Number(c.flag('count_include_pad', true)),
        });
  };
}

/** Windows that divide the picture evenly; of others each has a size of its own. */
function adaptive(operator: 'MaxPool' | 'AveragePool', axes: number): Translate {
  return (c) => {
    const wanted = c.result().dims.slice(-axes);
    if (wanted.every((size) => size === 1))
      return c.add(operator === 'MaxPool' ? 'GlobalMaxPool' : 'GlobalAveragePool', [c.tensor()]);
    const size = c
      .meta()
      .dims.slice(-axes)
      .map((from, at) => (from ?? NaN) / (wanted[at] ?? NaN));
    if (!size.every(Number.isInteger)) throw c.unsupported('windows of several sizes');
    return c.add(operator, [c.tensor()], { kernel_shape: size, strides: size });
  };
}

/** Over the named axes, or all. */
function reduction(operator: string): Translate {
  return (c) => {
    const { dims } = c.meta();
    const x = c.operand('self', c.result().type);
    const axes = c.numbers('dim', []).map((axis) => (axis < 0 ? axis + dims.length : axis));
    const inputs = axes.length === 0 ? [x] : [x, c.builder.integers(axes)];
    return c.add(operator, inputs, { keepdims: Number(c.flag('keepdim', false)) });
  };
}

/** Whether any, or all, of what the axes hold is not 0. */
function truth(isAll: boolean): Translate {
  return (c) => {
    const { dims } = c.meta();
    const x = c.cast(c.operand('self', 'bool'), 'bool', 'int32');
    const axes = c.numbers('dim', []).map((axis) => (axis < 0 ? axis + dims.length : axis));
    const inputs = axes.length === 0 ? [x] : [x, c.builder.integers(axes)];
    const reduced = c.add(isAll ? 'ReduceMin' : 'ReduceMax', inputs, {
      keepdims: Number(c.flag('keepdim', false)),
    });
    return c.cast(reduced, 'int32', 'bool');
  };
}

/** Σ (x − x̄)² over n − correction, or its root. */
function variance(isRoot: boolean): Translate {
  return (c) => {
    const { dims } = c.meta();
    const { type } = c.result();
    const named = c.numbers('dim', []).map((axis) => (axis < 0 ? axis + dims.length : axis));
    const axes = named.length === 0 ? dims.map((_, axis) => axis) : named;
    const count = axes.reduce<number>((product, axis) => product * (dims[axis] ?? NaN), 1);
    const correction = c.number('correction', Number(c.flag('unbiased', true)));
    if (!Number.isFinite(count)) throw c.unsupported('the variance of an axis that is left open');
    const over = c.builder.integers(axes);
    const mean = c.add('ReduceMean', [c.tensor(), over], { keepdims: 1 });
    const away = c.add('Sub', [c.tensor(), mean]);
    const squares = c.add('ReduceSum', [c.add('Mul', [away, away]), over], {
      keepdims: Number(c.flag('keepdim', false)),
    });
    const made = c.add('Div', [squares, c.scalar(count - correction, type)]);
    return isRoot ? c.add('Sqrt', [made]) : made;
  };
}

/** Of two tensors number by number, else over an axis or all; the places of an axis' extremes are not made. */
function extreme(operator: 'Max' | 'Min'): Translate {
  return (c) => {
    const { type } = c.result();
    return c.has('other')
      ? c.add(operator, [c.operand('self', type), c.operand('other', type)])
      : reduction(`Reduce${operator}`)(c);
  };
}

/** The length of vectors along some axes. */
const vectorNorm: Translate = (c) => {
  const { dims } = c.meta();
  const order = c.number('ord', c.number('p', 2));
  const operator = { 1: 'ReduceL1', 2: 'ReduceL2' }[order];
  if (operator === undefined) throw c.unsupported(`a norm of order ${String(order)}`);
  const axes = c.numbers('dim', []).map((axis) => (axis < 0 ? axis + dims.length : axis));
  const inputs = axes.length === 0 ? [c.tensor()] : [c.tensor(), c.builder.integers(axes)];
  return c.add(operator, inputs, { keepdims: Number(c.flag('keepdim', false)) });
};

const cumsum: Translate = (c) => {
  const { type } = c.result();
  const axis = c.axis('dim', c.meta().dims.length);
  return c.add('CumSum', [c.operand('self', type), c.constant('axis', [], [axis], 'int64')]);
};

/** Rows of a table; PyTorch leaves the padding row alone, so that no derivative reaches it. */
const embedding: Translate = (c) => {
  const [rows = 0] = c.meta('weight').dims;
  const padding = c.number('padding_idx', -1);
  const row = padding < 0 ? padding + (rows ?? 0) : padding;
  if (c.has('padding_idx') && padding !== -1) c.pad('weight', row);
  return c.add('Gather', [c.tensor('weight'), c.tensor('indices')], { axis: 0 });
};

const attention: Translate = (c) => {
  const { type } = c.result();
  if (c.number('dropout_p', 0) > 0) throw c.training();
  if (c.flag('enable_gqa', false)) throw c.unsupported('groups of queries');
  const [query, key] = [c.meta('query').dims, c.meta('key').dims];
  const rank = key.length;
  const width = query.at(-1) ?? null;
  if (width === null) throw c.unsupported('a width that is left open');
  const perm = Array.from({ length: rank }, (_, at) => (at < rank - 2 ? at : 2 * rank - 3 - at));
  const scale = c.scalar(c.number('scale', 1 / Math.sqrt(width)), type);
  const products = c.add('MatMul', [c.tensor('query'), c.add('Transpose', [c.tensor('key')], { perm })]);
  let scores = c.add('Mul', [products, scale]);
  const given = c.has('attn_bias') ? 'attn_bias' : 'attn_mask';
  if (c.has(given)) {
    const mask = c.tensor(given);
    const isBoolean = c.meta(given).type === 'bool';
    scores = isBoolean
      ? c.add('Where', [mask, scores, c.scalar(-Infinity, type)])
      : c.add('Add', [scores, c.operand(given, type)]);
  }
  if (c.flag('is_causal', false)) {
    const [from = null, to = null] = [query.at(-2), key.at(-2)];
    if (from === null || to === null) throw c.unsupported('a causal mask whose length is left open');
    const seen = Array.from({ length: from * to }, (_, at) => Number(at % to <= Math.floor(at / to)));
    const mask = c.constant('causal', [from, to], seen, 'bool');
    scores = c.add('Where', [mask, scores, c.scalar(-Infinity, type)]);
  }
  return c.add('MatMul', [c.add('Softmax', [scores], { axis: -1 }), c.tensor('value')]);
};

function upsample(mode: 'nearest' | 'linear'): Translate {
  return (c) => {
    const name = c.has('input') ? 'input' : 'self';
    const [from, to] = [c.meta(name).dims, c.result().dims];
    const scales = to.map((size, at) => (at < 2 ? 1 : (size ?? NaN) / (from[at] ?? NaN)));
    if (!scales.every(Number.isFinite)) throw c.unsupported('sizes that are left open');
    const corners = c.flag('align_corners', false) ? 'align_corners' : 'half_pixel';
    const attributes =
      mode === 'nearest'
        ? { mode, coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }
        : { mode, coordinate_transformation_mode: corners };
    return c.add(
      'Resize',
      [c.tensor(name), '', c.constant('scales', [scales.length], scales, 'float32')],
      attributes,
    );
  };
}

/** Layers, and what models are made of besides. */
export const layers: OperatorTable = {
  linear,
  mm: product('self', 'mat2'),
  bmm: product('self', 'mat2'),
  matmul: product('self', 'other'),
  addmm,
  baddbmm,
  einsum: (c) => c.add('Einsum', c.tensors('tensors'), { equation: c.text('equation', '') }),
  conv1d: convolution(false),
  conv2d: convolution(false),
  conv3d: convolution(false),
  conv_transpose1d: convolution(true),
  conv_transpose2d: convolution(true),
  conv_transpose3d: convolution(true),
  convolution: convolution(null),
  batch_norm: batchNorm,
  _native_batch_norm_legit_no_training: batchNorm,
  _native_batch_norm_legit: (c) => (c.has('running_mean') ? batchNorm : ownStatistics)(c),
  layer_norm: layerNorm,
  native_layer_norm: layerNorm,
  rms_norm: rmsNorm,
  group_norm: groupNorm,
  native_group_norm: groupNorm,
  instance_norm: instanceNorm,
  softmax: softmax('Softmax'),
  _softmax: softmax('Softmax'),
  log_softmax: softmax('LogSoftmax'),
  _log_softmax: softmax('LogSoftmax'),
  dropout,
  native_dropout: dropout,
  feature_dropout: dropout,
  alpha_dropout: dropout,
  max_pool1d: pooling('MaxPool', 1),
  max_pool2d: pooling('MaxPool', 2),
  max_pool2d_with_indices: pooling('MaxPool', 2),
  max_pool3d: pooling('MaxPool', 3),
  avg_pool1d: pooling('AveragePool', 1),
  avg_pool2d: pooling('AveragePool', 2),
  avg_pool3d: pooling('AveragePool', 3),
  adaptive_avg_pool1d: adaptive('AveragePool', 1),
  adaptive_avg_pool2d: adaptive('AveragePool', 2),
  _adaptive_avg_pool2d: adaptive('AveragePool', 2),
  adaptive_max_pool2d: adaptive('MaxPool', 2),
  mean: reduction('ReduceMean'),
  sum: reduction('ReduceSum'),
  amax: reduction('ReduceMax'),
  amin: reduction('ReduceMin'),
  any: truth(false),
  all: truth(true),
  var: variance(false),
  std: variance(true),
  linalg_vector_norm: vectorNorm,
  norm: vectorNorm,
  logsumexp: reduction('ReduceLogSumExp'),
  prod: reduction('ReduceProd'),
  cumsum,
  max: extreme('Max'),
  min: extreme('Min'),
  embedding,
  scaled_dot_product_attention: attention,
  _scaled_dot_product_flash_attention_for_cpu: attention,
  _scaled_dot_product_flash_attention: attention,
  _scaled_dot_product_efficient_attention: attention,
  upsample_nearest2d: upsample('nearest'),
  upsample_nearest1d: upsample('nearest'),
  upsample_bilinear2d: upsample('linear'),
};
