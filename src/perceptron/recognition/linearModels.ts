import { quoted } from '../../formats/quoted';
import { FailureError } from '../../report/failure';
import { begin } from './affine';
import { attribute } from './attributes';
import { contradiction, nodeTitle, obstacle, unknownOperator } from './obstacle';
import type { Features, HeadKind, Prediction, Step, UnitStage, Value } from './values';

/** Rows of coefficients (one for each output) and an intercept for each, from the attributes of an ai.onnx.ml model. */
function rows(
  step: Step,
  outputs: number,
): { readonly weight: Float64Array; readonly bias: Float64Array | null } {
  const read = (name: string): Float64Array | null => {
    const list = attribute(step.node, name, 'floats');
    if (list === null || list.length === 0) return null;
    const bad = list.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0)
      throw new FailureError(
        'NonFiniteWeights',
        `The ${quoted(name)} of the node ${nodeTitle(step.node)} hold ${String(list[bad])} at index ${String(bad)}; ` +
          'analyse a model whose weights are finite.',
      );
    return Float64Array.from(list);
  };
  const weight = read('coefficients');
  const bias = read('intercepts');
  if (
    weight === null ||
    outputs < 1 ||
    weight.length % outputs !== 0 ||
    (bias !== null && bias.length !== outputs)
  )
    throw contradiction(step.node, 'has coefficients and intercepts that do not fit its outputs');
  return { weight, bias };
}

function layer(
  step: Step,
  features: Features,
  weight: Float64Array,
  bias: Float64Array | null,
  outputs: number,
): Features<UnitStage> {
  const { name } = step.node;
  const started = begin(
    step,
    features,
    { inputs: weight.length / outputs, outputs, weight, weightName: `${name}.coefficients` },
    [outputs],
  );
  if (bias === null) return started;
  const affine = {
    ...started.stage.affine,
    bias: { values: bias, name: `${name}.intercepts`, node: step.node },
  };
  return { ...started, stage: { ...started.stage, affine } };
}

/** ai.onnx.ml's LinearRegressor: one affine layer. */
export function linearRegressor(step: Step, features: Features): Features {
  if ((attribute(step.node, 'post_transform', 'string') ?? 'NONE') !== 'NONE')
    throw unknownOperator(step.node, 'transforms its outputs');
  const outputs = attribute(step.node, 'targets', 'int') ?? 1;
  const { weight, bias } = rows(step, outputs);
  return layer(step, features, weight, bias, outputs);
}

/**
 * ai.onnx.ml's LinearClassifier (logistic regression): one affine layer and its head in one operator, labels first and
 * scores second. Two rows that are each other's negatives are one logit, p = σ(z) of the second class.
 */
export function linearClassifier(step: Step, features: Features): readonly Value[] {
  const { node } = step;
  const classes =
    attribute(node, 'classlabels_ints', 'ints')?.length ??
    attribute(node, 'classlabels_strings', 'strings')?.length ??
    0;
  const intercepts = attribute(node, 'intercepts', 'floats')?.length ?? 0;
  const outputs = intercepts > 0 ? intercepts : classes;
  const { weight, bias } = rows(step, outputs);
  const transform = attribute(node, 'post_transform', 'string') ?? 'NONE';
  const half = weight.length / 2;
  const mirrored =
    outputs === 2 &&
    weight.subarray(0, half).every((value, i) => value === -(weight[half + i] ?? NaN)) &&
    (bias === null || bias[0] === -(bias[1] ?? NaN));
  if (mirrored && transform !== 'LOGISTIC')
    throw obstacle(
      node,
      'has two rows of coefficients that are each other’s negatives, which are not free parameters',
    );
  if (outputs === 1 && transform !== 'LOGISTIC')
    throw obstacle(node, `has one row of coefficients and the transform ${quoted(transform)}`);
  const logits = mirrored
    ? layer(step, features, weight.subarray(half), bias?.subarray(1) ?? null, 1)
    : layer(step, features, weight, bias, outputs);
  if (transform === 'NONE') return [predicted(step, logits, 'none'), logits];
  if (transform !== 'LOGISTIC' && transform !== 'SOFTMAX')
    throw unknownOperator(node, `has the transform ${quoted(transform)}`);
  const head = transform === 'LOGISTIC' ? 'sigmoid' : 'softmax';
  const prediction = predicted(step, logits, head);
  return [prediction, prediction];
}

function predicted(step: Step, logits: Features<UnitStage>, head: HeadKind | 'none'): Prediction {
  const logitsName = step.node.outputs[1] ?? '';
  return { kind: 'prediction', head, logits, logitsName, logitsInGraph: head === 'none' };
}
