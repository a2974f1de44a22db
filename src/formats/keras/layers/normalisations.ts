import { groupNormalised } from '../../built/groupNorm';
import type { LayerCall } from '../layerCall';
import type { Value } from '../value';

/** Keras's own where a file says nothing. */
const usualEpsilon = 1e-3;

/** The axes that a configuration names, counted from the front. */
function axesOf(call: LayerCall, otherwise: readonly number[] = [-1]): readonly number[] {
  const said = call.config.value('axis');
  const list: readonly unknown[] = said === undefined ? otherwise : Array.isArray(said) ? said : [said];
  const rank = call.input.dims.length;
  return list
    .map((axis) => {
      const front = Number(axis) < 0 ? Number(axis) + rank : Number(axis);
      if (!Number.isInteger(front) || front < 1 || front >= rank)
        throw call.damaged(`has the axis ${JSON.stringify(said)}`);
      return front;
    })
    .sort((one, other) => one - other);
}

/** The scale and the shift of a normalisation: ones and zeros where it has none. */
function affine(call: LayerCall, size: readonly number[]): readonly [string, string] {
  const { config, network } = call;
  const fill = (value: number): string => {
    const data = new Float32Array(size.reduce((product, each) => product * each, 1)).fill(value);
    const { type } = network;
    return network.builder.constant(`${call.layer.name}/constant`, {
      type,
      dims: size,
      data: type === 'float32' ? data : Float64Array.from(data),
    });
  };
  return [
    config.flag('scale', true) ? call.weight('gamma', size) : fill(1),
    config.flag('center', true) ? call.weight('beta', size) : fill(0),
  ];
}

/** A variable of some axes as it lies along those of the input. */
function along(call: LayerCall, value: string, axes: readonly number[]): string {
  const rank = call.input.dims.length;
  if (axes.every((axis, at) => axis === rank - axes.length + at)) return value;
  const shape = call.input.dims.map((_, axis) => (axes.includes(axis) ? call.size(axis) : 1));
  return call.add('Reshape', [value, call.network.builder.integers(shape)]);
}

/** With the moving mean and variance, as at inference. */
export function batchNormalisation(call: LayerCall): Value {
  const { input } = call;
  const [axis = 0, ...others] = axesOf(call);
  if (others.length > 0)
    throw call.unsupported('normalises along several axes, which is not read here; export the model to ONNX');
  const size = [call.size(axis)];
  const [gamma, beta] = affine(call, size);
  const statistics = [call.statistic('moving_mean', size), call.statistic('moving_variance', size)];
  const normalised = (image: string): string =>
    call.add('BatchNormalization', [image, gamma, beta, ...statistics], {
      epsilon: { float: call.config.number('epsilon', usualEpsilon) },
    });
  if (axis === input.dims.length - 1) return call.imageResult(normalised(input.channelsFirst), input.dims);
  if (axis === 1) return call.result(normalised(input.name), input.dims);
  // ONNX's channels are the second axis.
  const perm = input.dims.map((_, at) => (at === 1 ? axis : at === axis ? 1 : at));
  const swapped = (name: string): string => call.add('Transpose', [name], { perm });
  return call.result(swapped(normalised(swapped(input.name))), input.dims);
}

/** Every sample by itself, along the last axes or any others; RMSNormalization does not centre it. */
export function layerNormalisation(call: LayerCall): Value {
  const { input, config, layer } = call;
  const axes = axesOf(call);
  const first = axes[0] ?? 0;
  const size = axes.map((axis) => call.size(axis));
  const isRms = layer.className === 'RMSNormalization';
  if (isRms || config.flag('rms_scaling', false)) {
    const epsilon = config.number('epsilon', isRms ? 1e-6 : usualEpsilon);
    // With rms_scaling Keras divides by the deviation, which it takes around the mean, and neither centres nor shifts.
    const around = isRms ? input.name : centred(call, axes);
    const scaled = call.add('Div', [input.name, deviation(call, around, axes, epsilon)]);
    return call.result(
      call.add('Mul', [scaled, along(call, call.weight(isRms ? 'scale' : 'gamma', size), axes)]),
      input.dims,
    );
  }
  const epsilon = config.number('epsilon', usualEpsilon);
  const [gamma, beta] = affine(call, size);
  if (axes.every((axis, at) => axis === input.dims.length - axes.length + at)) {
    const attributes = { axis: first, epsilon: { float: epsilon } };
    return call.result(call.add('LayerNormalization', [input.name, gamma, beta], attributes), input.dims);
  }
  const around = centred(call, axes);
  const scaled = call.add('Mul', [
    call.add('Div', [around, deviation(call, around, axes, epsilon)]),
    along(call, gamma, axes),
  ]);
  return call.result(call.add('Add', [scaled, along(call, beta, axes)]), input.dims);
}

function mean(call: LayerCall, value: string, axes: readonly number[]): string {
  return call.add('ReduceMean', [value, call.network.builder.integers(axes)], { keepdims: 1 });
}

function centred(call: LayerCall, axes: readonly number[]): string {
  return call.add('Sub', [call.input.name, mean(call, call.input.name, axes)]);
}

/** √(the mean of the squares + ε) */
function deviation(call: LayerCall, value: string, axes: readonly number[], epsilon: number): string {
  const squares = mean(call, call.add('Mul', [value, value]), axes);
  return call.add('Sqrt', [call.add('Add', [squares, call.constant(epsilon)])]);
}

/** Divided by its length along some axes. */
export function unitNormalisation(call: LayerCall): Value {
  const { input } = call;
  return call.result(lengthened(call, input.name, axesOf(call)), input.dims);
}

/** x / |x|, where |x| is not as good as 0. */
export function lengthened(call: LayerCall, value: string, axes: readonly number[]): string {
  const squares = call.add('ReduceSumSquare', [value, call.network.builder.integers(axes)], { keepdims: 1 });
  return call.add('Div', [value, call.add('Sqrt', [call.add('Max', [squares, call.constant(1e-12)])])]);
}

/** Groups of channels by themselves: each is an instance of its own, normalised over all that it has. */
export function groupNormalisation(call: LayerCall): Value {
  const { input, config, network } = call;
  const [axis = 1, ...others] = axesOf(call);
  const isLast = axis === input.dims.length - 1;
  if (others.length > 0 || (!isLast && axis !== 1))
    throw call.unsupported(
      "normalises along an axis that is not the channels', which is not read here; export the model to ONNX",
    );
  const channels = call.size(axis);
  const said = config.number('groups', 32);
  const groups = said === -1 ? channels : said;
  if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0)
    throw call.damaged(`cannot have ${groups} groups of ${channels} channels`);
  const image = isLast ? input.channelsFirst : input.name;
  const { builder, type } = network;
  const epsilon = config.number('epsilon', usualEpsilon);
  const back = groupNormalised(builder, (...node) => call.add(...node), image, { groups, epsilon, type });
  const shaped = isLast ? call.imageResult(back, input.dims) : call.result(back, input.dims);
  const [gamma, beta] = affine(call, [channels]).map((each) => along(call, each, [axis]));
  return call.result(call.add('Add', [call.add('Mul', [shaped.name, gamma ?? '']), beta ?? '']), input.dims);
}

/** Numbers in a configuration, which may be nested as an array's are. */
function numbersIn(call: LayerCall, key: string): readonly number[] {
  const said = call.config.value(key);
  const list = (Array.isArray(said) ? (said.flat(8) as unknown[]) : [said]).map(Number);
  if (!list.every(Number.isFinite)) throw call.damaged(`has the ${key} ${JSON.stringify(said)}`);
  return list;
}

/** The samples' mean and deviation, found before the training: no parameters. */
export function normalisation(call: LayerCall): Value {
  const { input, config, network, layer } = call;
  const rank = input.dims.length;
  const axes = config.value('axis') === undefined && rank > 0 ? [] : axesOf(call);
  const kept = axes.map((axis) => call.size(axis));
  const isSaid = config.value('mean') !== undefined;
  const read = (key: string): readonly number[] => {
    if (isSaid) return numbersIn(call, key);
    return call.numbers(key, kept);
  };
  const [means, variance] = [read('mean'), read('variance')];
  const deviations = variance.map((each) => Math.max(Math.sqrt(each), 1e-7));
  const size = kept.reduce((product, each) => product * each, 1);
  const shape = input.dims.map((each, axis) => (axes.includes(axis) ? (each ?? 1) : 1));
  const constant = (name: string, values: readonly number[]): string => {
    if (values.length !== size && values.length !== 1)
      throw call.damaged(`has a ${name} of ${values.length} numbers for ${size}`);
    const data = Array.from({ length: size }, (_, at) => values[values.length === 1 ? 0 : at] ?? 0);
    const { type } = network;
    return network.builder.constant(`${layer.name}/${name}`, {
      type,
      dims: shape,
      data: type === 'float32' ? Float32Array.from(data) : Float64Array.from(data),
    });
  };
  const [centre, scale] = [constant('mean', means), constant('deviation', deviations)];
  const normalised = config.flag('invert', false)
    ? call.add('Add', [centre, call.add('Mul', [input.name, scale])])
    : call.add('Div', [call.add('Sub', [input.name, centre]), scale]);
  return call.result(normalised, input.dims);
}

/** x · scale + offset, of which either may be one number for every channel. */
export function rescaling(call: LayerCall): Value {
  const { input } = call;
  const values = (key: string): string => {
    const list = numbersIn(call, key);
    if (list.length !== 1 && list.length !== input.dims.at(-1))
      throw call.damaged(`has a ${key} of ${list.length} numbers`);
    return call.constant(list.length === 1 ? (list[0] ?? 0) : list);
  };
  const scaled = call.add('Mul', [input.name, values('scale')]);
  const isShifted = call.config.value('offset') !== undefined && call.config.value('offset') !== 0;
  return call.result(isShifted ? call.add('Add', [scaled, values('offset')]) : scaled, input.dims);
}
