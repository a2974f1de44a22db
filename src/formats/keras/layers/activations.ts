import { quote } from '../../../files/quote';
import { Config, isRecord } from '../config';
import type { LayerCall } from '../layerCall';
import type { Value } from '../value';

/** A function of every number, or of the last axis. */
type Activation = (call: LayerCall, x: string) => string;

const single =
  (operator: string, attributes: Readonly<Record<string, number>> = {}): Activation =>
  (call, x) =>
    call.add(operator, [x], floats(attributes));

function floats(
  attributes: Readonly<Record<string, number>>,
): Readonly<Record<string, { readonly float: number }>> {
  return Object.fromEntries(Object.entries(attributes).map(([key, float]) => [key, { float }]));
}

/** What stands in the place of a score that does not count: its exponential is 0. */
export const excluded = -1e9;

const sixth = 1 / 6;

/** Keras 3's x/6 + ½ between −3 and 3; before it was 0.2 x + ½. */
const hardSigmoid: Activation = (call, x) =>
  single('HardSigmoid', call.network.keras === 3 ? { alpha: sixth, beta: 0.5 } : { alpha: 0.2, beta: 0.5 })(
    call,
    x,
  );

const silu: Activation = (call, x) => call.add('Mul', [x, call.add('Sigmoid', [x])]);
const hardSilu: Activation = (call, x) => call.add('Mul', [x, hardSigmoid(call, x)]);

/** Keras's functions by the names that files have for them. */
const activations: Readonly<Partial<Record<string, Activation>>> = {
  celu: single('Celu', { alpha: 1 }),
  elu: single('Elu', { alpha: 1 }),
  exponential: single('Exp'),
  gelu: (call, x) => call.add('Gelu', [x], { approximate: 'none' }),
  glu,
  hard_shrink: single('Shrink', { lambd: 0.5, bias: 0 }),
  hard_sigmoid: hardSigmoid,
  hard_silu: hardSilu,
  hard_swish: hardSilu,
  hard_tanh: (call, x) => call.add('Clip', [x, call.constant(-1), call.constant(1)]),
  leaky_relu: single('LeakyRelu', { alpha: 0.2 }),
  log_sigmoid: (call, x) => call.add('Neg', [call.add('Softplus', [call.add('Neg', [x])])]),
  log_softmax: (call, x) => call.add('LogSoftmax', [x], { axis: -1 }),
  mish: single('Mish'),
  relu: single('Relu'),
  relu6: (call, x) => rectified(call, x, { negativeSlope: 0, maxValue: 6, threshold: 0 }),
  selu: single('Selu'),
  sigmoid: single('Sigmoid'),
  silu,
  soft_shrink: single('Shrink', { lambd: 0.5, bias: 0.5 }),
  softmax: (call, x) => call.add('Softmax', [x], { axis: -1 }),
  softplus: single('Softplus'),
  softsign: single('Softsign'),
  sparse_sigmoid: single('HardSigmoid', { alpha: 0.5, beta: 0.5 }),
  swish: silu,
  tanh: single('Tanh'),
  tanh_shrink: (call, x) => call.add('Sub', [x, call.add('Tanh', [x])]),
};

/** These take the whole of the last axis, and need it to be the last one. */
const alongChannels: ReadonlySet<string> = new Set(['glu', 'log_softmax', 'softmax']);

/** Half of the channels times the sigmoid of the others. */
function glu(call: LayerCall, x: string): string {
  const [half, gate] = call.network.builder.addNode(
    'Split',
    [x],
    2,
    { axis: -1, num_outputs: 2 },
    call.layer.name,
  );
  return call.add('Mul', [half ?? '', call.add('Sigmoid', [gate ?? ''])]);
}

/** The name of the function that a configuration gives for an activation; null for none. */
export function activationName(call: LayerCall, key = 'activation'): string | null {
  const said = call.config.value(key);
  // A function is an object around its name in some versions.
  const name = isRecord(said) && said['class_name'] === 'function' ? said['config'] : said;
  if (name === undefined || name === 'linear') return null;
  return typeof name === 'string' ? name : JSON.stringify(isRecord(name) ? name['class_name'] : name);
}

/** The function that a configuration gives under a key, on a tensor whose last axis is the channels'. */
export function namedActivation(call: LayerCall, key: string, x: string): string {
  const name = activationName(call, key);
  return name === null ? x : functionNamed(call, name, x);
}

/** One of Keras's functions by its name. */
export function functionNamed(call: LayerCall, name: string, x: string): string {
  return builtIn(call, name)(call, x);
}

function builtIn(call: LayerCall, name: string): Activation {
  const own = activations[name];
  if (own !== undefined) return own;
  throw call.unsupported(
    `has the activation ${quote(name)}, which is not read here; load the model in Keras, call model.export("model.onnx", format="onnx") and analyse that file`,
  );
}

/** The function that a layer's configuration names, on a value. */
export function activation(call: LayerCall, value: Value): Value {
  const said = call.config.value('activation');
  if (isRecord(said) && typeof said['class_name'] === 'string') {
    const layer = activationLayers[said['class_name']];
    const config = new Config(said['config'], call.subject);
    if (layer !== undefined)
      return layer(call.within('activation', 'activation', config, said['class_name']), value);
  }
  const name = activationName(call);
  if (name === null) return value;
  const own = builtIn(call, name);
  if (name === 'glu') {
    const dims = [...value.dims.slice(0, -1), call.size(-1, value) / 2];
    return call.result(own(call, value.name), dims);
  }
  return alongChannels.has(name)
    ? call.result(own(call, value.name), value.dims)
    : value.map((x) => own(call, x));
}

interface Rectifier {
  readonly negativeSlope: number;
  readonly maxValue: number | null;
  readonly threshold: number;
}

/** x above the threshold, at most the greatest value, and a line of another slope below. */
function rectified(call: LayerCall, x: string, { negativeSlope, maxValue, threshold }: Rectifier): string {
  if (negativeSlope !== 0 && maxValue === null && threshold === 0)
    return single('LeakyRelu', { alpha: negativeSlope })(call, x);
  const above =
    threshold === 0 ? call.add('Relu', [x]) : single('ThresholdedRelu', { alpha: threshold })(call, x);
  const bounded =
    maxValue === null ? above : call.add('Clip', [above, call.constant(0), call.constant(maxValue)]);
  if (negativeSlope === 0) return bounded;
  const below = call.add('Relu', [call.add('Sub', [call.constant(threshold), x])]);
  return call.add('Sub', [bounded, call.add('Mul', [below, call.constant(negativeSlope)])]);
}

type ActivationLayer = (call: LayerCall, value: Value) => Value;

/** Layers that are one function, which also stand in the place of an activation's name. */
export const activationLayers: Readonly<Partial<Record<string, ActivationLayer>>> = {
  Activation: activation,
  ELU: (call, value) => value.map((x) => single('Elu', { alpha: call.config.number('alpha', 1) })(call, x)),
  LeakyReLU: (call, value) => {
    // Keras 2 calls the slope alpha.
    const slope = call.config.number('negative_slope', call.config.number('alpha', 0.3));
    return value.map((x) => single('LeakyRelu', { alpha: slope })(call, x));
  },
  PReLU: parametricRelu,
  ReLU: (call, value) => {
    const { config } = call;
    const maxValue = config.value('max_value') === undefined ? null : config.number('max_value');
    const negativeSlope = config.number('negative_slope', 0);
    const threshold = config.number('threshold', 0);
    return value.map((x) => rectified(call, x, { negativeSlope, maxValue, threshold }));
  },
  Softmax: softmax,
  ThresholdedReLU: (call, value) =>
    value.map((x) => single('ThresholdedRelu', { alpha: call.config.number('theta', 1) })(call, x)),
};

/** Over one axis or several, without what a mask leaves out. */
function softmax(call: LayerCall, value: Value): Value {
  const axes = [call.config.value('axis') ?? -1].flat().map(Number);
  const { mask } = call;
  const left = mask === null ? value.name : call.add('Where', [mask, value.name, call.constant(excluded)]);
  const [axis = -1] = axes;
  let made: string;
  if (axes.length === 1) made = call.add('Softmax', [left], { axis });
  else {
    const sum = call.add('ReduceLogSumExp', [left, call.network.builder.integers(axes)], { keepdims: 1 });
    made = call.add('Exp', [call.add('Sub', [left, sum])]);
  }
  const shown = mask === null ? made : call.add('Where', [mask, made, call.constant(0)]);
  return call.result(shown, value.dims);
}

/** A slope for every number of a sample, or one along the shared axes. */
function parametricRelu(call: LayerCall, value: Value): Value {
  const shared = call.config.value('shared_axes');
  const axes: readonly unknown[] = Array.isArray(shared) ? shared : [];
  const dims = value.dims.slice(1).map((size, axis) => (axes.includes(axis + 1) ? 1 : size));
  return call.result(call.add('PRelu', [value.name, call.weight('alpha', dims)]), value.dims);
}
