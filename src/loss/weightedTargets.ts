import { FailureError } from '../report/failure';
import type { Loss } from '../report/report';
import type { AnalysisRequest } from '../report/request';
import { setting } from '../report/wording/settings';
import { losses } from './losses';
import { argmax } from './probabilities';
import type { Targets } from './targets';

/** What of a request weighs targets. */
export type WeightOptions = Pick<AnalysisRequest, 'classWeights' | 'labelSmoothing' | 'posWeight'>;

/** What else weighs the rows of targets. */
interface RowWeights {
  /** Of every row, from the data file; null: all 1. */
  readonly samples: Float64Array | null;
  /** Of every number: 0 where it is left out, else 1; null: none is. */
  readonly mask: Float64Array | null;
}

/**
 * The loss as a weighted mean: Σ_n s_n w_n m_nc ℓ_nc / Σ_n s_n w_n m_nc with weights s of samples, w of their classes, and
 * m = 0 for what is left out. Class weights count in the divisor where every row is one class, as PyTorch's do for class
 * labels; soft rows become w_c q_c and are divided without them. Label smoothing ε is PyTorch's, w_c ((1 − ε) q_c + ε/C).
 * A weight p of the positives makes −p y log σ(z) − (1 − y) log σ(−z), as PyTorch's `pos_weight`: a factor
 * p y + 1 − y on the loss at the target p y / (p y + 1 − y), and none in the divisor.
 * @throws FailureError UsageError where the loss or the number of weights does not fit, or nothing weighs anything
 */
export function weightTargets(
  loss: Loss,
  targets: Targets,
  options: WeightOptions,
  { samples, mask }: RowWeights,
): Targets {
  const { classWeights, labelSmoothing, posWeight } = options;
  if (
    classWeights === null &&
    labelSmoothing === 0 &&
    posWeight === null &&
    samples === null &&
    mask === null
  )
    return targets;
  requireLoss(loss, options);
  const { count, width, values } = targets;
  const classes = rowClasses(targets, mask);
  const ofClasses = classWeights === null ? null : classWeightsOf(classWeights, loss, targets, classes);
  const scale = scaleOf(targets, samples, mask, (n) => classWeightOf(classes, ofClasses, n));
  const factors = Float64Array.from(values, (_, at) => {
    const n = Math.floor(at / width);
    return scale * (samples?.[n] ?? 1) * (mask?.[at] ?? 1);
  });
  if (losses[loss].targets !== 'distributions') {
    for (let at = 0; at < factors.length; at++)
      factors[at]! *= classWeightOf(classes, ofClasses, Math.floor(at / width));
    return { count, width, ...withPosWeight(values, factors, posWeight, width) };
  }
  const rows = values.map(
    (q, at) =>
      factors[at]! * (ofClasses?.[at % width] ?? 1) * ((1 - labelSmoothing) * q + labelSmoothing / width),
  );
  return { count, width, values: rows };
}

/** What makes a mean over all numbers of the sum of what they weigh. */
function scaleOf(
  { values, width }: Targets,
  samples: Float64Array | null,
  mask: Float64Array | null,
  ofClass: (n: number) => number,
): number {
  let total = 0;
  for (let at = 0; at < values.length; at++) {
    const n = Math.floor(at / width);
    total += (samples?.[n] ?? 1) * ofClass(n) * (mask?.[at] ?? 1);
  }
  if (total > 0) return values.length / total;
  throw new FailureError(
    'UsageError',
    `Everything weighs 0 or is left out, so there is no loss; choose other labels (${setting('labels')}), other ${setting('class-weights')}, or other weights of the samples.`,
  );
}

function classWeightOf(classes: Int32Array | null, weights: readonly number[] | null, n: number): number {
  return classes === null ? 1 : (weights?.[classes[n]!] ?? 1);
}

function requireLoss(loss: Loss, { classWeights, labelSmoothing, posWeight }: WeightOptions): void {
  const kind = losses[loss].targets;
  if (kind !== 'distributions' && labelSmoothing > 0)
    throw notOf(loss, 'Label smoothing belongs to cross-entropy', setting('label-smoothing'));
  if (kind !== 'distributions' && kind !== 'probabilities' && classWeights !== null)
    throw notOf(loss, 'Class weights belong to cross-entropy', setting('class-weights'));
  if (kind !== 'probabilities' && posWeight !== null)
    throw notOf(loss, 'The weight of the positives belongs to binary cross-entropy', setting('pos-weight'));
}

function notOf(loss: Loss, what: string, option: string): FailureError {
  return new FailureError('UsageError', `${what}, and the loss here is ${loss}; leave out ${option}.`);
}

/** The one class of every row, −1 for one that is left out; null where some row is not just one class. */
function rowClasses({ count, width, values }: Targets, mask: Float64Array | null): Int32Array | null {
  const classes = new Int32Array(count);
  for (let n = 0; n < count; n++) {
    const row = values.subarray(n * width, (n + 1) * width);
    const ones = row.filter((value) => value === 1).length;
    const zeros = row.filter((value) => value === 0).length;
    const left = mask === null ? width : mask.subarray(n * width, (n + 1) * width).reduce((a, b) => a + b, 0);
    if (left === 0) classes[n] = -1;
    else if (left < width || ones + zeros < width || (width > 1 && ones !== 1)) return null;
    else classes[n] = width === 1 ? ones : argmax(row);
  }
  return classes;
}

/** −p y log σ(z) − (1 − y) log σ(−z) as a factor on the loss at another target. */
function withPosWeight(
  values: Float64Array,
  factors: Float64Array,
  posWeight: WeightOptions['posWeight'],
  width: number,
): Pick<Targets, 'values' | 'factors'> {
  if (posWeight === null) return { values, factors };
  if (posWeight.length !== 1 && posWeight.length !== width) {
    throw new FailureError(
      'UsageError',
      `${setting('pos-weight')} holds ${posWeight.length} numbers, but the model has ${width} ${width === 1 ? 'output' : 'outputs'}; give one number, or one for every output.`,
    );
  }
  const positive = values.map((y, at) => y * posWeight[posWeight.length === 1 ? 0 : at % width]!);
  const both = positive.map((p, at) => p + 1 - values[at]!);
  return {
    values: positive.map((p, at) => (both[at] === 0 ? 0 : p / both[at]!)),
    factors: factors.map((factor, at) => factor * both[at]!),
  };
}

/** A weight for every class: as many as outputs, or two for a single one. */
function classWeightsOf(
  asked: NonNullable<WeightOptions['classWeights']>,
  loss: Loss,
  { count, width, values }: Targets,
  classes: Int32Array | null,
): readonly number[] {
  if (losses[loss].targets === 'probabilities' && classes === null) {
    throw new FailureError(
      'UsageError',
      `Class weights of ${loss} need one class for each sample, and the labels here are others; leave out ${setting('class-weights')}, or weigh the positives of every output with ${setting('pos-weight')}.`,
    );
  }
  const many = width === 1 ? 2 : width;
  if (asked === 'balanced') {
    return Array.from({ length: many }, (_, c) => {
      let occurrences = 0;
      if (classes !== null) occurrences = classes.filter((label) => label === c).length;
      else for (let n = 0; n < count; n++) occurrences += values[n * width + c]!;
      return occurrences === 0 ? 0 : count / (many * occurrences);
    });
  }
  if (asked.length !== many) {
    throw new FailureError(
      'UsageError',
      `${setting('class-weights')} holds ${asked.length} numbers, but the model has ${width === 1 ? 'one output, with two classes' : `${width} outputs`}; give one weight for every class.`,
    );
  }
  return asked;
}
