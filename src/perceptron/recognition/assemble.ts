import { quoted } from '../../formats/quoted';
import { FailureError } from '../../report/failure';
import type { AffineLayer, Perceptron } from '../perceptron';
import { closed } from './affine';
import type { Expression } from './expression';
import { sameExpression } from './expression';
import { layerNames } from './names';
import { checkFreeParameters } from './tiedWeights';
import type { Trace } from './trace';
import type { Affine, Features, InputStage, Prediction, UnitStage, Value } from './values';
import { sameUnits } from './values';

export interface Assembled {
  readonly perceptron: Perceptron;
  /** False where one operator computes the logits and the head: no tensor of the graph holds the logits. */
  readonly logitsInGraph: boolean;
}

/** The perceptron that ends in what was found at the output, cut at its logits. */
export function assemble(trace: Trace, output: string): Assembled {
  const end = endOf(trace.value, output);
  const { stage, order, node } = end.logits;
  if (order !== null) throw noLayers(output, 'permutes the outputs of its last layer');
  const last = node === null ? null : closed(node, stage);
  if (last === null || trace.input === null) throw noLayers(output, 'has no layer with weights before it');
  const chain = [last];
  let { previous } = last.affine;
  while ('affine' in previous) {
    chain.unshift(previous);
    ({ previous } = previous.affine);
  }
  const affines = chain.map(({ affine }) => affine);
  checkFreeParameters(affines);
  const names = layerNames(affines);
  const layers = chain.map(({ affine, normalisation, activation, outputNormalisation }, i): AffineLayer => ({
    name: names[i] ?? '',
    inputs: affine.inputs,
    outputs: affine.outputs,
    weight: affine.weight,
    bias: affine.bias?.values ?? null,
    normalisation,
    activation,
    outputNormalisation,
  }));
  const [first] = affines;
  const perceptron: Perceptron = {
    layers,
    input: trace.input.name,
    preprocessing: first === undefined ? null : preprocessingOf(previous, first),
    logits: end.logitsName === '' ? nameOfValue(trace, end.logits) : end.logitsName,
    head: end.head,
  };
  return { perceptron, logitsInGraph: end.logitsInGraph };
}

type End = Pick<Prediction, 'logits' | 'logitsName' | 'head' | 'logitsInGraph'>;

/** The logits at the output. A sigmoid is part of the loss there, and the activation before it the last layer's own. */
function endOf(value: Value, output: string): End {
  if (value.kind === 'features') {
    const { stage } = value;
    if (stage.kind === 'input') throw noLayers(output, 'has no layer with weights before it');
    return beforeSigmoid({
      logits: { ...value, stage },
      logitsName: output,
      head: 'none',
      logitsInGraph: true,
    });
  }
  if (value.kind === 'prediction') return value.head === 'none' ? beforeSigmoid(value) : value;
  if (value.kind === 'softmaxStep')
    throw new FailureError(
      'UnsupportedStructure',
      `The output ${quoted(output)} is an unfinished softmax; choose another output.`,
    );
  throw noLayers(output, 'does not depend on the samples');
}

function beforeSigmoid(end: End): End {
  const { expression, outputNormalisation } = end.logits.stage;
  if (expression.kind !== 'call' || expression.name !== 'sigmoid' || outputNormalisation !== null) return end;
  const stage = { ...end.logits.stage, expression: expression.argument };
  return { ...end, logits: { ...end.logits, stage }, logitsName: '', head: 'sigmoid' };
}

function noLayers(output: string, why: string): FailureError {
  return new FailureError(
    'NoParameters',
    `The output ${quoted(output)} ${why}; choose another with --output, or another file.`,
  );
}

/** The last tensor of the graph that holds these features. */
function nameOfValue(trace: Trace, features: Features<UnitStage>): string {
  let name: string | null = null;
  const holds = (expression: Expression) => sameExpression(expression, features.stage.expression);
  for (const [tensor, value] of trace.values) {
    if (value.kind !== 'features' || value.stage.kind !== 'units') continue;
    if (sameUnits(value.stage, features.stage) && holds(value.stage.expression)) name = tensor;
  }
  if (name === null)
    throw new FailureError(
      'UnsupportedStructure',
      `The sigmoid at the output is taken of something that no tensor of the graph holds, so its logits cannot be named.`,
    );
  return name;
}

/** Null where the first layer sees the samples as they are. */
function preprocessingOf({ scale, shift }: InputStage, first: Affine): Perceptron['preprocessing'] {
  if (scale === 1 && shift === 0) return null;
  const full = (numbers: number | Float64Array) =>
    typeof numbers === 'number' ? new Float64Array(first.inputs).fill(numbers) : numbers;
  return { scale: full(scale), shift: full(shift) };
}
