import { attribute, castType } from './attributes';
import { conv, gemm, matMul } from './affine';
import { numbersOf } from './constants';
import { binary, unary } from './elementwise';
import { afterPrediction, binaryPair, labels, namedLabels, reduction, softmax, softmaxStep } from './heads';
import { rearranged } from './layout';
import { linearClassifier, linearRegressor } from './linearModels';
import { batchNormalisation } from './normalisation';
import { obstacle, unknownOperator } from './obstacle';
import { scaler } from './preprocessing';
import { shapeOf } from './shapes';
import type { Features, Step, Value } from './values';

type Rule = (step: Step) => Value | readonly Value[];

/** A rule whose first input must be features; what follows a prediction goes to `afterPrediction`. */
function ofFeatures(rule: (step: Step, features: Features) => Value | readonly Value[]): Rule {
  return (step) => {
    const [value = null] = step.inputs;
    if (value?.kind === 'prediction') return afterPrediction(step, value);
    if (value?.kind === 'features') return rule(step, value);
    throw obstacle(step.node, 'stands where no features of the samples arrive');
  };
}

const rearrangement = ofFeatures(rearranged);
const elementwise: Rule = (step) => softmaxStep(step) ?? ofFeatures(unary)(step);
const arithmetic: Rule = (step) => softmaxStep(step) ?? binary(step);
const reduce: Rule = (step) => {
  const [value = null] = step.inputs;
  if (value === null) throw obstacle(step.node, 'has no input');
  return reduction(step, value);
};

const identity = ofFeatures((_, features) => features);

/** Dropout does nothing in evaluation; before operator set 7 an attribute says which it is, from 12 on an input. */
const dropout = ofFeatures((step, features) => {
  const mode = step.inputs[2] ?? null;
  const training =
    step.opset < 7
      ? attribute(step.node, 'is_test', 'int') !== 1
      : mode !== null && !(mode.kind === 'constant' && numbersOf(mode.tensor).every((value) => value === 0));
  if (training)
    throw obstacle(
      step.node,
      'drops units at random (exported in training mode); export the model in evaluation mode',
    );
  step.notes.add('Dropout is off, as in evaluation.');
  return features;
});

const floats = new Set(['float32', 'float64', 'float16', 'bfloat16']);

const cast = ofFeatures((step, features) => {
  const type = castType(step.node);
  if (type === features.type) return features;
  if (!floats.has(type)) throw obstacle(step.node, `rounds its input to ${type}`);
  return { ...features, type };
});

const onnxRules: Readonly<Record<string, Rule>> = {
  Identity: identity,
  Dropout: dropout,
  Cast: cast,
  Flatten: rearrangement,
  Reshape: rearrangement,
  Squeeze: rearrangement,
  Unsqueeze: rearrangement,
  Transpose: rearrangement,
  Gemm: gemm,
  MatMul: matMul,
  Conv: conv,
  BatchNormalization: ofFeatures(batchNormalisation),
  Shape: ofFeatures((step, features) => {
    const shape = features.dims === null ? null : shapeOf(step, features.dims);
    return shape ?? { kind: 'unknown', node: step.node };
  }),
  Softmax: ofFeatures(softmax),
  LogSoftmax: ofFeatures(softmax),
  ReduceMax: reduce,
  ReduceSum: reduce,
  ArgMax: ofFeatures(labels),
  Concat: binaryPair,
  ...Object.fromEntries(
    ['Add', 'Sub', 'Mul', 'Div', 'Pow', 'Max', 'Min', 'Sum'].map((name) => [name, arithmetic]),
  ),
  ...Object.fromEntries(
    [
      'Relu',
      'LeakyRelu',
      'Tanh',
      'Sigmoid',
      'Softplus',
      'Gelu',
      'Elu',
      'Selu',
      'Mish',
      'HardSwish',
      'HardSigmoid',
      'Swish',
      'Clip',
      'Erf',
      'Exp',
      'Log',
      'Reciprocal',
      'Neg',
    ].map((name) => [name, elementwise]),
  ),
};

const learningRules: Readonly<Record<string, Rule>> = {
  Scaler: ofFeatures(scaler),
  LinearClassifier: ofFeatures(linearClassifier),
  LinearRegressor: ofFeatures(linearRegressor),
  Normalizer: ofFeatures((step) => {
    throw obstacle(step.node, 'normalises each sample by its own norm');
  }),
  ZipMap: ofFeatures((step) => {
    throw obstacle(step.node, 'makes a table of something that is no probability');
  }),
  ArrayFeatureExtractor: namedLabels,
};

/** Why a well-known operator has no rule here. */
const reasons: Readonly<Record<string, string>> = {
  LayerNormalization: 'normalises each sample by its own statistics',
  PRelu: 'is an activation with trained slopes',
  Gather: 'looks rows up in a table',
  MaxPool: 'pools over positions',
  AveragePool: 'pools over positions',
  GlobalAveragePool: 'pools over positions',
  ReduceMean: 'averages over its input',
};

/** What the node computes of values that depend on the samples, one value for each of its outputs that is known. */
export function applyRule(step: Step): readonly Value[] {
  const { node } = step;
  const rules = node.domain === '' ? onnxRules : node.domain === 'ai.onnx.ml' ? learningRules : {};
  const rule = Object.hasOwn(rules, node.operator) ? rules[node.operator] : undefined;
  if (rule === undefined) {
    const reason =
      node.domain === '' && Object.hasOwn(reasons, node.operator) ? reasons[node.operator] : undefined;
    throw unknownOperator(node, reason);
  }
  const value = rule(step);
  return Array.isArray(value) ? (value as readonly Value[]) : [value as Value];
}
