import { quoted } from '../../formats/quoted';
import { activationOf } from './activationPatterns';
import { attribute } from './attributes';
import { constantInput, numbersOf } from './constants';
import { contradiction, nodeTitle, obstacle } from './obstacle';
import type { Numbers } from './preprocessing';
import { applied, arithmetic, byFeature, composed } from './preprocessing';
import type { Constant, Features, InputStage, Normalisation, Step, UnitStage } from './values';

/**
 * BatchNormalization in evaluation mode: γ (x − μ)/√(σ² + ε) + β with stored μ and σ², a fixed scale and shift of every
 * unit before or after its activation, or of the samples.
 */
export function batchNormalisation(step: Step, features: Features): Features {
  requireEvaluation(step);
  const { dims } = features;
  const [channels] = dims ?? [null];
  if (channels === undefined)
    throw obstacle(step.node, 'normalises a vector, of which the file does not say that it counts samples');
  if ((attribute(step.node, 'spatial', 'int') ?? 1) === 0 && dims?.length !== 1)
    throw obstacle(step.node, 'normalises every position of its input by itself (spatial)');
  const { scale, shift } = storedStatistics(step);
  const ofChannel = [scale.length, ...(dims ?? [null]).slice(1).map(() => 1)];
  const spread = (data: Float64Array): { readonly dims: Features['dims']; readonly values: Numbers } =>
    byFeature(step, features, {
      kind: 'constant',
      tensor: { type: 'float64', dims: ofChannel, data },
      initialiser: null,
    });
  step.notes.add(
    `Batch normalisation ${quoted(step.node.name)} is taken in evaluation mode, its scale and shift are not counted as parameters.`,
  );
  const { dims: full, values } = spread(scale);
  const by = { scale: values, shift: spread(shift).values };
  const { stage } = features;
  if (stage.kind === 'input') return applied(step, { ...features, dims: full, stage }, by.scale, by.shift);
  return normalised(step, { ...features, dims: full, stage }, by, 'operator', false);
}

/** Training mode takes the mean and variance of the samples at hand, so that no sample has a loss of its own. */
function requireEvaluation(step: Step): void {
  const { node, opset } = step;
  const training =
    opset >= 14
      ? (attribute(node, 'training_mode', 'int') ?? 0) !== 0
      : node.outputs.filter((name) => name !== '').length > 1 ||
        (opset < 7 && attribute(node, 'is_test', 'int') !== 1);
  if (training)
    throw obstacle(
      node,
      'normalises each batch by its own statistics (exported in training mode); export the model in evaluation mode',
    );
}

/** γ/√(σ² + ε) and β − μγ/√(σ² + ε) of every channel. */
function storedStatistics(step: Step): { readonly scale: Float64Array; readonly shift: Float64Array } {
  const numbers = (position: number, role: string): Float64Array =>
    numbersOf(constantInput(step, position, role).tensor);
  const gamma = numbers(1, 'the scale');
  const beta = numbers(2, 'the shift');
  const mean = numbers(3, 'the mean');
  const variance = numbers(4, 'the variance');
  if (gamma.length === 0 || [beta, mean, variance].some(({ length }) => length !== gamma.length))
    throw contradiction(step.node, 'has scales, shifts, means and variances of different lengths');
  const epsilon = attribute(step.node, 'epsilon', 'float') ?? 1e-5;
  const scale = gamma.map((value, i) => value / Math.sqrt((variance[i] ?? NaN) + epsilon));
  return { scale, shift: beta.map((value, i) => value - (mean[i] ?? NaN) * (scale[i] ?? NaN)) };
}

/** Add, Sub, Mul or Div of a layer by a number for each unit: batch normalisation written out. */
export function normalisedByConstants(
  step: Step,
  features: Features<UnitStage>,
  operand: Constant,
  featuresFirst: boolean,
): Features<UnitStage> {
  const { dims, values } = byFeature(step, features, operand);
  const by = arithmetic(step, values, featuresFirst ? 1 : 0);
  const shiftsOnly = step.node.operator !== 'Mul' && step.node.operator !== 'Div';
  if (!shiftsOnly)
    step.notes.add(
      `The node ${nodeTitle(step.node)} scales the units of a layer by fixed numbers, as batch normalisation in evaluation ` +
        'mode; they are not counted as parameters.',
    );
  return normalised(step, { ...features, dims }, by, 'elementwise', shiftsOnly);
}

/** Before the activation as long as there is none, else after it. */
function normalised(
  step: Step,
  features: Features<UnitStage>,
  by: Pick<InputStage, 'scale' | 'shift'>,
  form: Normalisation['form'],
  shiftsOnly: boolean,
): Features<UnitStage> {
  const { stage } = features;
  const { affine, expression, outputNormalisation } = stage;
  const before = expression.kind === 'argument';
  if (!before && activationOf(expression) === null)
    throw obstacle(
      step.node,
      'scales or shifts each unit of a layer by its own number inside a function that is no known activation',
    );
  const place = before ? 'normalisation' : 'outputNormalisation';
  const current = before ? stage.normalisation : outputNormalisation;
  if (current !== null && (current.form === 'operator' || form === 'operator'))
    throw obstacle(step.node, 'scales or shifts a layer that is normalised already');
  const units = (numbers: Numbers): Float64Array =>
    typeof numbers === 'number' ? new Float64Array(affine.outputs).fill(numbers) : numbers;
  const result = composed(step, current ?? { scale: 1, shift: 0 }, by.scale, by.shift);
  const next: Normalisation = {
    scale: units(result.scale),
    shift: units(result.shift),
    form,
    loneShift: shiftsOnly && current?.loneShift !== null ? step.node : null,
  };
  if (next.scale.length !== affine.outputs)
    throw contradiction(
      step.node,
      `has ${String(next.scale.length)} numbers for the ${String(affine.outputs)} units of a layer`,
    );
  return { ...features, stage: { ...stage, [place]: next }, node: step.node };
}
