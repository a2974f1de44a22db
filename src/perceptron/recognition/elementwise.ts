import { attribute } from './attributes';
import { constantInput, numberInput, numbersOf } from './constants';
import type { Expression } from './expression';
import { call, constant, negated, product, sum } from './expression';
import { obstacle, unknownOperator } from './obstacle';
import { scaledInput } from './preprocessing';
import type { Constant, Features, InputStage, Step, UnitStage, Value } from './values';
import { sameUnits } from './values';
import { biased } from './affine';
import { normalisedByConstants } from './normalisation';

/** An expression larger than any activation is not worth comparing; without a bound, x + x doubles it at every node. */
const largestExpression = 60;

function withExpression(
  step: Step,
  features: Features<UnitStage>,
  expression: Expression,
): Features<UnitStage> {
  if (features.stage.outputNormalisation !== null)
    throw obstacle(step.node, 'goes on computing after a layer that is normalised after its activation');
  if (expression.size > largestExpression)
    throw obstacle(step.node, 'is part of an elementwise function that is no known activation');
  return { ...features, stage: { ...features.stage, expression }, node: step.node };
}

export function ofUnits(features: Features): Features<UnitStage> | null {
  const { stage } = features;
  return stage.kind === 'units' ? { ...features, stage } : null;
}

export function ofInput(features: Features): Features<InputStage> | null {
  const { stage } = features;
  return stage.kind === 'input' ? { ...features, stage } : null;
}

/** The function that a one-input operator applies, or null where it is none of ours. */
function unaryExpression(step: Step, e: Expression): Expression | null {
  const { node } = step;
  const float = (name: string, byDefault: number) => attribute(node, name, 'float') ?? byDefault;
  switch (node.operator) {
    case 'Relu':
      return call('clip', e, 0, Infinity);
    case 'LeakyRelu':
      return call('leaky-relu', e, float('alpha', 0.01));
    case 'Tanh':
      return call('tanh', e);
    case 'Sigmoid':
      return call('sigmoid', e);
    case 'Softplus':
      return call('softplus', e);
    case 'Gelu': {
      const form = attribute(node, 'approximate', 'string') ?? 'none';
      if (form !== 'none' && form !== 'tanh') return null;
      return call(form === 'tanh' ? 'gelu-tanh' : 'gelu', e);
    }
    case 'Elu':
      return call('elu', e, float('alpha', 1));
    case 'Selu':
      return call(
        'selu',
        e,
        float('alpha', 1.67326319217681884765625),
        float('gamma', 1.05070102214813232421875),
      );
    case 'Mish':
      return call('mish', e);
    case 'HardSwish':
      return call('hard-swish', e);
    case 'HardSigmoid':
      return call('hard-sigmoid', e, float('alpha', 0.2), float('beta', 0.5));
    case 'Swish':
      return float('alpha', 1) === 1 ? call('silu', e) : null;
    case 'Clip': {
      const low = attribute(node, 'min', 'float') ?? numberInput(step, 1, 'the lower limit') ?? -Infinity;
      const high = attribute(node, 'max', 'float') ?? numberInput(step, 2, 'the upper limit') ?? Infinity;
      // The largest float32 stands for "no limit" in older exports.
      const largest = 3.4e38;
      return call('clip', e, low < -largest ? -Infinity : low, high > largest ? Infinity : high);
    }
    case 'Erf':
      return call('erf', e);
    case 'Exp':
      return call('exp', e);
    case 'Log':
      return call('log', e);
    case 'Reciprocal':
      return reciprocal(e);
    case 'Neg':
      return negated(e);
    default:
      return null;
  }
}

function reciprocal(e: Expression): Expression {
  if (e.kind !== 'product') return call('reciprocal', e);
  return product(constant(1 / e.coefficient), ...e.factors.map((factor) => call('reciprocal', factor)));
}

function power(step: Step, base: Expression, exponent: Expression): Expression {
  const times = exponent.kind === 'constant' ? exponent.value : NaN;
  if (times !== 1 && times !== 2 && times !== 3)
    throw obstacle(step.node, 'raises a layer to a power other than 2 and 3');
  return product(...Array.from({ length: times }, () => base));
}

function binaryExpression(step: Step, a: Expression, b: Expression): Expression | null {
  switch (step.node.operator) {
    case 'Add':
    case 'Sum':
      return sum(a, b);
    case 'Sub':
      return sum(a, negated(b));
    case 'Mul':
      return product(a, b);
    case 'Div':
      return b.kind === 'constant' ? product(a, constant(1 / b.value)) : product(a, reciprocal(b));
    case 'Pow':
      return power(step, a, b);
    case 'Max':
      if (a.kind === 'constant') return call('clip', b, a.value, Infinity);
      return b.kind === 'constant' ? call('clip', a, b.value, Infinity) : null;
    case 'Min':
      if (a.kind === 'constant') return call('clip', b, -Infinity, a.value);
      return b.kind === 'constant' ? call('clip', a, -Infinity, b.value) : null;
    default:
      return null;
  }
}

/** Operators of one tensor of features, limits of Clip aside. */
export function unary(step: Step, features: Features): Features {
  const units = ofUnits(features);
  if (units === null) {
    const input = ofInput(features);
    if (input !== null && step.node.operator === 'Neg') return scaledInput(step, input, null, 0);
    throw obstacle(
      step.node,
      'transforms the input before the first layer by more than a fixed scale and shift',
    );
  }
  const expression = unaryExpression(step, units.stage.expression);
  if (expression === null) throw unknownOperator(step.node, 'has attributes that no known activation has');
  return withExpression(step, units, expression);
}

/** Add, Sub, Mul, Div, Pow, Max, Min of features and constants, or of two functions of the same layer. */
export function binary(step: Step): Features {
  const [left = null, right = null] = step.inputs;
  if (step.inputs.length !== 2) throw obstacle(step.node, `combines ${String(step.inputs.length)} tensors`);
  if (left?.kind === 'features' && right?.kind === 'features') return combined(step, left, right);
  const featuresFirst = left?.kind === 'features';
  const features = featuresFirst ? left : right;
  if (features?.kind !== 'features') throw unexpected(step, left, right);
  const operand = constantInput(step, featuresFirst ? 1 : 0, 'an operand');
  const input = ofInput(features);
  if (input !== null) return scaledInput(step, input, operand, featuresFirst ? 1 : 0);
  const units = ofUnits(features);
  if (units === null) throw unexpected(step, left, right);
  return withConstant(step, units, operand, featuresFirst);
}

function unexpected(step: Step, left: Value | null, right: Value | null): Error {
  const predicted = [left, right].some(
    (value) => value?.kind === 'prediction' || value?.kind === 'softmaxStep',
  );
  return obstacle(
    step.node,
    predicted ? 'goes on computing after a softmax' : 'combines a tensor of features with a shape',
  );
}

function withConstant(
  step: Step,
  features: Features<UnitStage>,
  operand: Constant,
  featuresFirst: boolean,
): Features<UnitStage> {
  const { affine, normalisation, expression } = features.stage;
  const isAdd = step.node.operator === 'Add' || step.node.operator === 'Sum';
  const begun = normalisation !== null || expression.kind !== 'argument';
  if (isAdd && !begun && affine.bias === null && isBiasLike(features, operand))
    return biased(step, features, operand);
  const [value] = numbersOf(operand.tensor);
  if (operand.tensor.data.length > 1) return normalisedByConstants(step, features, operand, featuresFirst);
  const rank = (features.dims?.length ?? 1) + 1;
  if (value === undefined || operand.tensor.dims.length > rank)
    throw obstacle(
      step.node,
      `combines a layer with a constant of shape [${operand.tensor.dims.join(', ')}], which is neither its bias nor part of an activation`,
    );
  const number = constant(value);
  const result = featuresFirst
    ? binaryExpression(step, expression, number)
    : binaryExpression(step, number, expression);
  if (result === null) throw unknownOperator(step.node);
  return withExpression(step, features, result);
}

/** One number per unit; a single number added to several units is a constant of an activation. */
function isBiasLike(features: Features<UnitStage>, operand: Constant): boolean {
  return operand.tensor.data.length === features.stage.affine.outputs;
}

function combined(step: Step, left: Features, right: Features): Features {
  const a = ofUnits(left);
  const b = ofUnits(right);
  if (a === null || b === null) throw obstacle(step.node, 'combines the input with itself or with a layer');
  if (a.stage.affine !== b.stage.affine)
    throw obstacle(step.node, 'combines two different layers (a skip connection or a gate)');
  if (!sameUnits(a.stage, b.stage))
    throw obstacle(step.node, 'combines a layer with the same layer before its normalisation');
  if (a.order !== b.order || a.dims?.join() !== b.dims?.join())
    throw obstacle(step.node, 'combines two arrangements of the same layer');
  const result = binaryExpression(step, a.stage.expression, b.stage.expression);
  if (result === null) throw unknownOperator(step.node);
  return withExpression(step, a, result);
}
