import { attribute } from './attributes';
import { axesOf } from './constants';
import { ofUnits } from './elementwise';
import { normalisedAxis } from './folding';
import { obstacle } from './obstacle';
import type { Features, Prediction, SoftmaxStep, Step, UnitStage, Value } from './values';
import { featureCount, sameUnits } from './values';

function logitsOf(step: Step, features: Features): Features<UnitStage> {
  const units = ofUnits(features);
  if (units === null) throw obstacle(step.node, 'makes probabilities of the input itself');
  return units;
}

/** Whether the axis runs over all features of a sample: the only one longer than 1, and not that of the samples. */
function runsOverFeatures(step: Step, features: Features, axis: number): boolean {
  const { dims } = features;
  if (dims === null) return false;
  const position = normalisedAxis(step, axis, dims.length + 1);
  return position > 0 && dims[position - 1] === featureCount(dims);
}

/** Softmax and LogSoftmax over the features; before operator set 13 the axis is where the rest is flattened from. */
export function softmax(step: Step, features: Features): Prediction {
  const logits = logitsOf(step, features);
  const dims = features.dims ?? [];
  let over: boolean;
  if (step.opset < 13) {
    const axis = normalisedAxis(step, attribute(step.node, 'axis', 'int') ?? 1, dims.length + 1);
    over = axis > 0 && featureCount(dims.slice(0, axis - 1)) === 1;
  } else over = runsOverFeatures(step, features, attribute(step.node, 'axis', 'int') ?? -1);
  if (!over) throw obstacle(step.node, 'takes the softmax over another axis than that of the features');
  return prediction(logits, step.node.inputs[0] ?? '', 'softmax');
}

function prediction(logits: Features<UnitStage>, logitsName: string, head: Prediction['head']): Prediction {
  return { kind: 'prediction', head, logits, logitsName, logitsInGraph: true };
}

/** ReduceMax of the logits, or ReduceSum of their exponentials, over the features with the axis kept. */
export function reduction(step: Step, value: Value): SoftmaxStep {
  const axes = axesOf(step, 1);
  const features = value.kind === 'features' ? value : value.kind === 'softmaxStep' ? value.logits : null;
  const [axis] = axes ?? [];
  const kept = (attribute(step.node, 'keepdims', 'int') ?? 1) !== 0;
  if (
    features !== null &&
    axes?.length === 1 &&
    axis !== undefined &&
    kept &&
    runsOverFeatures(step, features, axis)
  ) {
    if (step.node.operator === 'ReduceMax' && value.kind === 'features')
      return {
        kind: 'softmaxStep',
        step: 'maximum',
        logits: logitsOf(step, value),
        logitsName: step.node.inputs[0] ?? '',
      };
    if (step.node.operator === 'ReduceSum' && value.kind === 'softmaxStep' && value.step === 'exponential')
      return { ...value, step: 'sum' };
  }
  throw obstacle(step.node, 'reduces a layer in a way that is no part of a softmax');
}

/** Sub, Exp and Div of a softmax that is written out; null: not a part of one. */
export function softmaxStep(step: Step): SoftmaxStep | Prediction | null {
  const [left = null, right = null] = step.inputs;
  switch (step.node.operator) {
    case 'Sub':
      if (left?.kind !== 'features' || right?.kind !== 'softmaxStep' || right.step !== 'maximum') return null;
      return left.stage === right.logits.stage &&
        left.order === right.logits.order &&
        left.dims?.join() === right.logits.dims?.join()
        ? { ...right, step: 'centred' }
        : null;
    case 'Exp':
      return left?.kind === 'softmaxStep' && left.step === 'centred'
        ? { ...left, step: 'exponential' }
        : null;
    case 'Div':
      if (left?.kind !== 'softmaxStep' || right?.kind !== 'softmaxStep') return null;
      if (left.step !== 'exponential' || right.step !== 'sum' || left.logits.stage !== right.logits.stage)
        return null;
      return prediction(left.logits, left.logitsName, 'softmax');
    default:
      return null;
  }
}

/** [1 − p, p] of a single sigmoid, as scikit-learn's exporter writes a binary classifier. */
export function binaryPair(step: Step): Prediction {
  const [complement = null, probability = null] = step.inputs;
  if (step.inputs.length === 2 && complement?.kind === 'features' && probability?.kind === 'features') {
    const first = ofUnits(complement);
    const second = ofUnits(probability);
    if (
      first !== null &&
      second !== null &&
      sameUnits(first.stage, second.stage) &&
      first.stage.outputNormalisation === null &&
      first.stage.affine.outputs === 1
    ) {
      const one = first.stage.expression;
      const p = second.stage.expression;
      const [negative] = one.kind === 'sum' && one.constant === 1 && one.terms.length === 1 ? one.terms : [];
      const complementary =
        negative?.kind === 'product' &&
        negative.coefficient === -1 &&
        negative.factors.length === 1 &&
        negative.factors[0] === p;
      if (complementary && p.kind === 'call' && p.name === 'sigmoid') {
        const logits = { ...second, stage: { ...second.stage, expression: p.argument } };
        return prediction(logits, '', 'sigmoid');
      }
    }
  }
  throw obstacle(step.node, 'concatenates layers, which is known only for [1 − p, p] of a single sigmoid');
}

/** What scikit-learn's and other exporters put after the probabilities. */
export function afterPrediction(step: Step, value: Prediction): Prediction {
  switch (step.node.operator) {
    case 'Identity':
    case 'Cast':
    case 'Reshape':
    case 'Flatten':
    case 'Squeeze':
    case 'Unsqueeze':
      return value;
    case 'ZipMap':
    case 'ArgMax':
      return value;
    case 'Log':
      if (value.head === 'softmax') return value;
      throw obstacle(step.node, 'takes the logarithm of something that is no softmax');
    case 'Normalizer':
      return normalised(step, value);
    default:
      throw obstacle(step.node, 'goes on computing after the probabilities');
  }
}

/** Probabilities that sum to 1 stay what they are; one sigmoid for each class is made to sum to 1. */
function normalised(step: Step, value: Prediction): Prediction {
  if (attribute(step.node, 'norm', 'string') !== 'L1')
    throw obstacle(step.node, 'normalises by another norm than L1');
  if (value.head === 'sigmoid' && value.logits.stage.affine.outputs > 1)
    step.notes.add(
      'The model divides one sigmoid for each class by their sum; the loss is put on each sigmoid.',
    );
  return value;
}

/** The classes of largest logits or probabilities: labels, whose logits are still what the loss is put on. */
export function labels(step: Step, features: Features): Prediction {
  return prediction(logitsOf(step, features), step.node.inputs[0] ?? '', 'none');
}

/** ArrayFeatureExtractor(classes, ArgMax): the labels by name. */
export function namedLabels(step: Step): Prediction {
  const [, index = null] = step.inputs;
  if (index?.kind !== 'prediction') throw obstacle(step.node, 'picks features');
  return index;
}
