import { quoted } from '../../formats/quoted';
import type { Tensor } from '../../graph/graph';
import { FailureError } from '../../report/failure';
import type { ScaleAndShift } from '../perceptron';
import { activationOf } from './activationPatterns';
import { attribute } from './attributes';
import { constantInput, numbersOf } from './constants';
import { argument } from './expression';
import { contradiction, obstacle } from './obstacle';
import type { Affine, ClosedLayer, Constant, Features, Normalisation, Step, UnitStage } from './values';
import { featureCount } from './values';

const parameterTypes = new Set(['float32', 'float64', 'float16', 'bfloat16']);

/** The name and the numbers of a trained tensor: all of them finite, and those of one initialiser. */
export function parameters(
  step: Step,
  value: Constant,
  role: string,
): { readonly name: string; readonly values: Float64Array } {
  const name = value.initialiser;
  if (name === null)
    throw obstacle(
      step.node,
      `has a ${role} that is computed from other tensors, so that its numbers are not free parameters`,
    );
  if (!parameterTypes.has(value.tensor.type))
    throw obstacle(step.node, `has a ${role} of type ${value.tensor.type}, which is not trained`);
  const values = numbersOf(value.tensor);
  checkLength(step, value.tensor);
  const bad = values.findIndex((number) => !Number.isFinite(number));
  if (bad >= 0)
    throw new FailureError(
      'NonFiniteWeights',
      `The tensor ${quoted(name)} holds ${String(values[bad])} at index ${String(bad)}; analyse a checkpoint whose weights are finite.`,
    );
  return { name, values };
}

function checkLength(step: Step, tensor: Tensor): void {
  if (tensor.dims.reduce((total, size) => total * size, 1) !== tensor.data.length)
    throw contradiction(step.node, 'has a weight whose shape does not hold its numbers');
}

/** Closes the layer below (its activation is known now) and begins a new one with this weight (outputs × inputs). */
export function begin(
  step: Step,
  features: Features,
  weight: Omit<Affine, 'previous' | 'node' | 'bias'>,
  dims: readonly (number | null)[],
): Features<UnitStage> {
  const { stage } = features;
  const count = featureCount(features.dims);
  if (count !== null && count !== weight.inputs)
    throw contradiction(
      step.node,
      `has a weight for ${String(weight.inputs)} inputs and is given ${String(count)}`,
    );
  const known = stage.kind === 'input' ? sizeOfPreprocessing(stage.scale, stage.shift) : stage.affine.outputs;
  if (known !== null && known !== weight.inputs)
    throw contradiction(
      step.node,
      `has a weight for ${String(weight.inputs)} inputs and is given ${String(known)}`,
    );
  const affine: Affine = {
    previous: stage.kind === 'input' ? stage : closed(features.node ?? step.node, stage),
    node: step.node,
    ...weight,
    weight: features.order === null ? weight.weight : columnsReordered(weight, features.order),
    bias: null,
  };
  return {
    kind: 'features',
    type: features.type,
    dims,
    order: null,
    stage: {
      kind: 'units',
      affine,
      normalisation: null,
      expression: argument,
      outputNormalisation: null,
    },
    node: step.node,
  };
}

function sizeOfPreprocessing(scale: number | Float64Array, shift: number | Float64Array): number | null {
  if (typeof scale !== 'number') return scale.length;
  return typeof shift === 'number' ? null : shift.length;
}

/** The layer with its activation, which must be one that we can differentiate. */
export function closed(node: Step['node'], stage: UnitStage): ClosedLayer {
  const { affine, normalisation, outputNormalisation } = stage;
  const activation = activationOf(stage.expression);
  if (activation === null)
    throw obstacle(
      node,
      'ends an elementwise function that is none of the known activations (constants within float32 rounding)',
    );
  const loneShift = normalisation?.loneShift ?? outputNormalisation?.loneShift ?? null;
  if (loneShift !== null)
    throw obstacle(
      loneShift,
      'adds one number to each unit of a layer, which is neither its bias nor part of a normalisation',
    );
  return {
    affine,
    normalisation: plain(normalisation),
    activation,
    outputNormalisation: plain(outputNormalisation),
  };
}

function plain(normalisation: Normalisation | null): ScaleAndShift | null {
  return normalisation === null ? null : { scale: normalisation.scale, shift: normalisation.shift };
}

function columnsReordered(
  { weight, inputs, outputs }: Pick<Affine, 'weight' | 'inputs' | 'outputs'>,
  order: Int32Array,
): Float64Array {
  const result = new Float64Array(weight.length);
  for (let row = 0; row < outputs; row += 1)
    order.forEach((feature, position) => {
      result[row * inputs + feature] = weight[row * inputs + position] ?? NaN;
    });
  return result;
}

/** inputs × outputs → outputs × inputs. */
function transposed(values: Float64Array, inputs: number, outputs: number): Float64Array {
  const result = new Float64Array(values.length);
  for (let i = 0; i < inputs; i += 1)
    for (let o = 0; o < outputs; o += 1) result[o * inputs + i] = values[i * outputs + o] ?? NaN;
  return result;
}

/** features · W, W [inputs, outputs] or [inputs]. */
export function matMul(step: Step): Features<UnitStage> {
  const [left = null, right = null] = step.inputs;
  if (left?.kind !== 'features') {
    const why =
      right?.kind === 'features'
        ? 'multiplies its input by a constant from the left, so that the rows of its input are not samples'
        : 'multiplies something that is not a row of features';
    throw obstacle(step.node, why);
  }
  if (right?.kind === 'features')
    throw obstacle(step.node, 'multiplies two tensors that both depend on the samples');
  const constant = constantInput(step, 1, 'the weight');
  const { dims } = constant.tensor;
  const [inputs, outputs = 1] = dims;
  if (inputs === undefined || dims.length > 2)
    throw obstacle(step.node, `has a weight of shape [${dims.join(', ')}], not [inputs, outputs]`);
  const leading = left.dims?.slice(0, -1) ?? [];
  if (left.dims?.length === 0)
    throw obstacle(step.node, 'multiplies a vector, of which the file does not say that it counts samples');
  if (featureCount(leading) !== 1)
    throw obstacle(
      step.node,
      `applies one weight to several rows of each sample ([${shown(left)}]), which shares it between them`,
    );
  const { name, values } = parameters(step, constant, 'weight');
  const weight = { inputs, outputs, weight: transposed(values, inputs, outputs), weightName: name };
  return begin(step, left, weight, dims.length === 1 ? leading : [...leading, outputs]);
}

function shown(features: Features): string {
  return ['N', ...(features.dims ?? ['?'])].map((size) => String(size ?? '?')).join(', ');
}

/** alpha · A B + beta · C, A the features; alpha and beta other than 1 would not leave W and b free in the closed form. */
export function gemm(step: Step): Features<UnitStage> {
  const { node } = step;
  const [left = null, right = null, third = null] = step.inputs;
  if (left?.kind !== 'features')
    throw obstacle(
      node,
      right?.kind === 'features'
        ? 'multiplies its input by a constant from the left, so that the rows of its input are not samples'
        : 'multiplies something that is not a row of features',
    );
  if (right?.kind === 'features')
    throw obstacle(node, 'multiplies two tensors that both depend on the samples');
  if ((attribute(node, 'transA', 'int') ?? 0) !== 0)
    throw obstacle(node, 'transposes its input (transA), so that its rows are not samples');
  const beta = attribute(node, 'beta', 'float') ?? 1;
  const hasBias = third !== null && beta !== 0;
  if ((attribute(node, 'alpha', 'float') ?? 1) !== 1 || (hasBias && beta !== 1))
    throw obstacle(
      node,
      'scales its weight or bias (alpha, beta), so that its numbers are not the layer’s own',
    );
  const constant = constantInput(step, 1, 'the weight');
  const { dims } = constant.tensor;
  const [rows, columns] = dims;
  if (rows === undefined || columns === undefined || dims.length !== 2)
    throw contradiction(node, `has a weight of shape [${dims.join(', ')}]`);
  if (left.dims !== null && left.dims.length !== 1)
    throw contradiction(node, `is given an input of shape [${shown(left)}]`);
  const transB = (attribute(node, 'transB', 'int') ?? 0) !== 0;
  const [inputs, outputs] = transB ? [columns, rows] : [rows, columns];
  const { name, values } = parameters(step, constant, 'weight');
  const weight = transB ? values : transposed(values, inputs, outputs);
  const layer = begin(step, left, { inputs, outputs, weight, weightName: name }, [outputs]);
  if (!hasBias) return layer;
  const bias = constantInput(step, 2, 'the bias');
  const single = bias.tensor.data.length === 1 && outputs > 1;
  if (!single) return biased(step, layer, bias);
  if (numbersOf(bias.tensor)[0] !== 0)
    throw obstacle(node, 'adds one number to all its outputs, which is no free bias for each');
  return layer;
}

/** A Conv whose kernel covers the whole input and leaves one position: a dense layer, as MATLAB writes it. */
export function conv(step: Step): Features<UnitStage> {
  const { node } = step;
  const [left = null, , third = null] = step.inputs;
  if (left?.kind !== 'features')
    throw obstacle(node, 'convolves something that is not the samples’ features');
  const constant = constantInput(step, 1, 'the kernel');
  const [outputs, ...kernel] = constant.tensor.dims;
  const padding = attribute(node, 'auto_pad', 'string') ?? 'NOTSET';
  const whole =
    outputs !== undefined &&
    left.dims !== null &&
    left.dims.length === kernel.length &&
    kernel.length >= 2 &&
    kernel.every((size, axis) => left.dims?.[axis] === size) &&
    (padding === 'NOTSET' || padding === 'VALID') &&
    (attribute(node, 'pads', 'ints') ?? []).every((pad) => pad === 0) &&
    (attribute(node, 'dilations', 'ints') ?? []).every((dilation) => dilation === 1) &&
    (attribute(node, 'group', 'int') ?? 1) === 1;
  if (!whole) throw obstacle(node, 'is a convolution, which uses each weight at many positions');
  const { name, values } = parameters(step, constant, 'kernel');
  const inputs = kernel.reduce((total, size) => total * size, 1);
  const dims = [outputs, ...kernel.slice(1).map(() => 1)];
  const layer = begin(step, left, { inputs, outputs, weight: values, weightName: name }, dims);
  return third === null ? layer : withBias(step, layer, constantInput(step, 2, 'the bias'));
}

/** Add of one number per unit to a layer without a bias yet, as broadcasting lines them up. */
export function biased(step: Step, features: Features<UnitStage>, operand: Constant): Features<UnitStage> {
  const { dims } = operand.tensor;
  const own = [1, ...(features.dims ?? [features.stage.affine.outputs])];
  const padded = [...new Array<number>(Math.max(0, own.length - dims.length)).fill(1), ...dims];
  const fits =
    features.order === null &&
    padded.length === own.length &&
    padded.every((size, axis) => own[axis] === size);
  if (!fits)
    throw obstacle(
      step.node,
      `adds a bias of shape [${dims.join(', ')}] to an output of shape [${shown(features)}]`,
    );
  return withBias(step, features, operand);
}

function withBias(step: Step, features: Features<UnitStage>, operand: Constant): Features<UnitStage> {
  const { affine } = features.stage;
  const { name, values } = parameters(step, operand, 'bias');
  if (values.length !== affine.outputs)
    throw contradiction(
      step.node,
      `has ${String(values.length)} numbers as the bias of ${String(affine.outputs)} units`,
    );
  const bias = { name, values, node: step.node };
  const stage: UnitStage = { ...features.stage, affine: { ...affine, bias } };
  return { ...features, stage, node: step.node };
}
