import type { Head, HeadKind } from '../subject/head';
import { FailureError } from '../report/failure';
import { printable } from '../report/printable';
import type { Loss } from '../report/report';
import type { AnalysisRequest } from '../report/request';
import type { Matrix } from '../runtime/matrixProducts';
import { SeededRandom } from '../samples/random';
import type { Labels, Samples } from '../samples/samples';
import { classesOf } from './accuracy';
import { losses, lossValues } from './losses';
import { modelTargets } from './modelTargets';
import type { Targets } from './targets';
import { weightedTargets, type WeightOptions } from './weightedTargets';
import { setting } from '../report/wording/settings';

/** What of a request the loss depends on. */
export type LossOptions = WeightOptions & Pick<AnalysisRequest, 'loss'>;

/** A loss with what it is measured against. */
export interface ChosenLoss {
  readonly loss: Loss;
  /** True where neither the user nor the model said which loss it is. */
  readonly assumed: boolean;
  readonly targets: Targets;
  /** Whether class labels became rows of 0 and 1 for a loss that takes every output by itself. */
  readonly oneHot: boolean;
  /** The class of every row (the likeliest one of a soft row); null where no single class is meant. */
  readonly classes: Int32Array | null;
}

/** Before its classes are known and its targets weighted. */
type Unweighted = Omit<ChosenLoss, 'classes'>;

/** Rows of probabilities sum to 1 but for float32 rounding. */
const distributionTolerance = 1e-5;

/** The loss that fits the samples' labels; without labels, the model's own predictions are taken for them. */
export function lossFor(
  request: LossOptions & Pick<AnalysisRequest, 'samples' | 'seed'>,
  { labels, source }: Samples,
  logits: Matrix,
  { kind: head, bounded }: Pick<Head, 'kind' | 'bounded'>,
): ChosenLoss {
  if (request.loss === 'auto' && bounded !== undefined && labels?.kind !== 'rows') {
    throw new FailureError(
      'UsageError',
      `The outputs are bounded by ${printable(bounded)}, as class scores are not, so the loss is not known; say which with ${setting('loss', 'mean-squared-error')} or another.`,
    );
  }
  if (labels !== null) {
    const chosen = chooseLoss(labels, head, logits.columns, request, source);
    if (chosen.assumed && labels.kind === 'classes') requirePlausible(chosen, logits, source);
    return chosen;
  }
  const random = request.samples.kind === 'random' ? SeededRandom.fromSeed(request.seed + 1) : null;
  return lossWithoutLabels(logits, head, request, random);
}

/** How many times the loss of guessing a mean loss may be before the loss that was assumed is doubted. */
const mostTimesChance = 10;

/** An assumed loss far beyond that of guessing is rather another one. @throws FailureError UsageError */
function requirePlausible({ loss, targets }: ChosenLoss, { data, columns }: Matrix, source: string): void {
  const own = lossValues(loss, data, targets.values, columns);
  const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
  const chance = Math.log(Math.max(2, columns));
  if (!(mean > mostTimesChance * chance)) return;
  throw new FailureError(
    'UsageError',
    `Taken as ${loss}, the mean loss on the labels in ${source} would be ${mean.toPrecision(3)}, far above the ${chance.toPrecision(3)} of guessing, so that these are no class scores or the inputs are not scaled as in training; say which loss it is with ${setting('loss')}, or scale the inputs (${setting('scale')}).`,
  );
}

/**
 * The loss that fits the model's head and the labels, or the one asked for, with class weights and label smoothing.
 * @param width number of outputs C
 * @param source the samples' name for the sentences
 * @throws FailureError where labels, outputs and options do not fit each other
 */
export function chooseLoss(
  labels: Labels,
  head: HeadKind,
  width: number,
  options: LossOptions,
  source: string,
): ChosenLoss {
  return labels.kind === 'classes'
    ? weighted(lossOfClasses(labels.values, head, width, options.loss, source), options, true)
    : weighted(lossOfRows(labels, head, width, options.loss, source), options, false);
}

/** The loss that fits the model's head, or the one asked for, with targets from the model itself. */
export function lossWithoutLabels(
  outputs: Matrix,
  head: HeadKind,
  options: LossOptions,
  random: SeededRandom | null,
): ChosenLoss {
  const width = outputs.columns;
  const automatic =
    head === 'sigmoid' ? 'binary-cross-entropy' : width > 1 ? 'cross-entropy' : 'mean-squared-error';
  const loss = askedOr(automatic, options.loss, width);
  const assumed = options.loss === 'auto' && head === 'none';
  const targets = modelTargets(loss, outputs, random);
  return weighted({ loss, assumed, oneHot: false, targets }, options, true);
}

function weighted(chosen: Unweighted, options: WeightOptions, classLabels: boolean): ChosenLoss {
  const { loss, targets } = chosen;
  return {
    ...chosen,
    classes: classesOf(loss, targets),
    targets: weightedTargets(loss, targets, options, classLabels),
  };
}

function askedOr(automatic: Loss, requested: Loss | 'auto', width: number): Loss {
  const loss = requested === 'auto' ? automatic : requested;
  if (losses[loss].targets !== 'distributions' || width > 1) return loss;
  throw new FailureError(
    'UsageError',
    `Cross-entropy needs at least two outputs, but the model has a single one; use ${setting('loss', 'binary-cross-entropy')} or ${setting('loss', 'mean-squared-error')}.`,
  );
}

function lossOfClasses(
  values: Int32Array,
  head: HeadKind,
  width: number,
  requested: Loss | 'auto',
  source: string,
): Unweighted {
  const automatic: Loss = width === 1 || head === 'sigmoid' ? 'binary-cross-entropy' : 'cross-entropy';
  const loss = askedOr(automatic, requested, width);
  const kind = losses[loss].targets;
  const assumed = requested === 'auto' && (head === 'none' || (head === 'sigmoid' && width > 1));
  const count = values.length;
  if (width === 1) {
    const wrong = kind === 'probabilities' ? values.findIndex((value) => value > 1) : -1;
    if (wrong !== -1) {
      throw new FailureError(
        'LabelOutOfRange',
        `Label ${String(values[wrong])} of sample ${wrong} in ${source} is neither 0 nor 1, and the model has a single output; for regression ask for ${setting('loss', 'mean-squared-error')}, or save the targets as floats.`,
      );
    }
    return { loss, assumed, oneHot: false, targets: { count, width, values: Float64Array.from(values) } };
  }
  const targets = { count, width, values: oneHotRows(values, width, source) };
  return { loss, assumed, oneHot: kind !== 'distributions', targets };
}

function lossOfRows(
  { width: labelWidth, values, shape }: Extract<Labels, { kind: 'rows' }>,
  head: HeadKind,
  width: number,
  requested: Loss | 'auto',
  source: string,
): Unweighted {
  if (shape !== undefined && shape.refusal !== null) throw shape.refusal;
  if (labelWidth !== width) {
    throw new FailureError(
      'SampleShapeMismatch',
      `${source} holds ${labelWidth} ${labelWidth === 1 ? 'float target' : 'numbers'} per sample as labels, but the model has ${width} ${width === 1 ? 'output' : 'outputs'}; choose other labels with ${setting('labels')}, or save classes as integers.`,
    );
  }
  const binary = values.every((value) => value === 0 || value === 1);
  const probabilities = values.every((value) => value >= 0 && value <= 1);
  const distributions = width > 1 && probabilities && everyRow(values, width, sumsToOne);
  const automatic: Loss =
    distributions && head !== 'sigmoid'
      ? 'cross-entropy'
      : binary || (head === 'sigmoid' && probabilities)
        ? 'binary-cross-entropy'
        : 'mean-squared-error';
  const loss = askedOr(automatic, requested, width);
  const kind = losses[loss].targets;
  if ((kind === 'distributions' && !distributions) || (kind === 'probabilities' && !probabilities)) {
    const wanted = kind === 'distributions' ? 'rows of probabilities that sum to 1' : 'labels from 0 to 1';
    throw new FailureError(
      'UnsupportedLabels',
      `The loss asked for needs ${wanted}, but ${source} holds other numbers as labels; use ${setting('loss', 'mean-squared-error')} or other labels.`,
    );
  }
  if (kind === 'numbers' && head === 'softmax') {
    throw new FailureError(
      'UnsupportedLabels',
      `The labels in ${source} are no probabilities, but the model ends in a softmax; ${loss} after a softmax is not analysed here, give class labels instead.`,
    );
  }
  // Squared error is what float targets mean, unless they look like classes that are scaled, or like probabilities.
  const looksLikeClasses = width > 1 && (probabilities || everyRow(values, width, hasOneNonzero));
  const doubtful = kind !== 'numbers' || looksLikeClasses;
  const assumed = requested === 'auto' && head === 'none' && doubtful;
  return { loss, assumed, oneHot: false, targets: { count: values.length / width, width, values } };
}

/** One row per class label, 1 at the class. */
export function oneHotRows(classes: Int32Array, width: number, source: string): Float64Array {
  const rows = new Float64Array(classes.length * width);
  classes.forEach((label, n) => {
    if (label < 0 || label >= width) {
      throw new FailureError(
        'LabelOutOfRange',
        `Label ${label} of sample ${n} in ${source} is outside the model's ${width} outputs (0 to ${width - 1}); choose the samples or the labels that belong to this model.`,
      );
    }
    rows[n * width + label] = 1;
  });
  return rows;
}

function everyRow(values: Float64Array, width: number, holds: (row: Float64Array) => boolean): boolean {
  for (let at = 0; at < values.length; at += width) if (!holds(values.subarray(at, at + width))) return false;
  return true;
}

function hasOneNonzero(row: Float64Array): boolean {
  return row.filter((value) => value !== 0).length === 1;
}

function sumsToOne(row: Float64Array): boolean {
  return Math.abs(row.reduce((sum, value) => sum + value, 0) - 1) <= distributionTolerance;
}
