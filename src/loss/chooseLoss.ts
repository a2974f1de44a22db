import type { Head, HeadKind } from '../subject/head';
import { FailureError } from '../report/failure';
import { printable } from '../report/printable';
import type { Loss } from '../report/report';
import type { AnalysisRequest } from '../report/request';
import type { Matrix } from '../runtime/matrixProducts';
import { SeededRandom } from '../samples/random';
import { listed } from '../samples/sampleArray';
import { defaultIgnoredLabel, type IgnoreOptions } from '../samples/ignoredLabels';
import type { Labels, Samples } from '../samples/samples';
import { classesOf } from './accuracy';
import { evenGuessLoss, meanLossOf } from './evenGuess';
import { losses } from './losses';
import { modelTargets } from './modelTargets';
import type { Targets } from './targets';
import { weightTargets, type WeightOptions } from './weightedTargets';
import { setting } from '../report/wording/settings';

/** What of a request the loss depends on. */
export type LossOptions = WeightOptions & IgnoreOptions;

/** A loss with what it is measured against. */
export interface ChosenLoss {
  readonly loss: Loss;
  /** True where neither the user nor the model said which loss it is. */
  readonly assumed: boolean;
  readonly targets: Targets;
  /** Whether class labels became rows of 0 and 1 for a loss that takes every output by itself. */
  readonly oneHot: boolean;
  /** The class of every row (the likeliest one of a soft row), −1 where it has none; null where no single class is meant. */
  readonly classes: Int32Array | null;
  /** Single targets that are left out. */
  readonly ignoredNumbers: number;
}

/** Before its classes are known and its targets weighted. */
interface Unweighted extends Omit<ChosenLoss, 'classes' | 'ignoredNumbers'> {
  /** Of every target: 0 where it is left out, else 1; null: none is. */
  readonly mask: Float64Array | null;
}

/** Rows of probabilities sum to 1 but for float32 rounding. */
const distributionTolerance = 1e-5;

/** The loss that fits the samples' labels; without labels, the model's own predictions are taken for them. */
export function lossFor(
  request: LossOptions & Pick<AnalysisRequest, 'samples' | 'seed'>,
  { labels, source, weights }: Samples,
  logits: Matrix,
  { kind: head, bounded }: Pick<Head, 'kind' | 'bounded'>,
): ChosenLoss {
  if (request.loss === 'output') return weightLoss(ownLoss(logits), request, weights?.values ?? null);
  if (request.loss === 'auto' && labels?.kind !== 'rows') requireScores(bounded);
  if (labels !== null) {
    const chosen = chooseLoss(labels, {
      head,
      width: logits.columns,
      options: request,
      source,
      weights: weights?.values ?? null,
    });
    if (chosen.assumed && labels.kind === 'classes') requirePlausible(chosen, logits, source);
    return chosen;
  }
  const random = request.samples.kind === 'random' ? SeededRandom.fromSeed(request.seed + 1) : null;
  return lossWithoutLabels(logits, head, request, random, weights?.values);
}

/** Without labels, outputs that are bounded say nothing of their loss. @throws FailureError UsageError */
export function requireScores(bounded: Head['bounded']): void {
  if (bounded === undefined) return;
  throw new FailureError(
    'UsageError',
    `The outputs are bounded by ${printable(bounded)}, as class scores are not, so the loss is not known; say which with ${setting('loss', 'mean-squared-error')} or another.`,
  );
}

/** How many times the loss of guessing a mean loss may be before the loss that was assumed is doubted. */
const mostTimesChance = 10;

/** An assumed loss far beyond that of guessing is rather another one. @throws FailureError UsageError */
function requirePlausible({ loss, targets }: ChosenLoss, { data }: Matrix, source: string): void {
  const mean = meanLossOf(loss, data, targets);
  const chance = evenGuessLoss(loss, targets);
  if (chance === null || !(mean > mostTimesChance * chance)) return;
  throw new FailureError(
    'UsageError',
    `Taken as ${loss}, the mean loss on the labels in ${source} would be ${mean.toPrecision(3)}, far above the ${chance.toPrecision(3)} of guessing, so that these are no class scores or the inputs are not scaled as in training; say which loss it is with ${setting('loss')}, or scale the inputs (${setting('scale')}).`,
  );
}

/** The loss that the model itself puts out. */
function ownLoss({ rows: count, columns: width }: Matrix): Unweighted {
  if (width !== 1) {
    throw new FailureError(
      'UsageError',
      `${setting('loss', 'output')} takes the output for the loss of each sample, one number for each, but there are ${width}; name the output that holds the losses with ${setting('output')}.`,
    );
  }
  const targets = { count, width, values: new Float64Array(count) };
  return { loss: 'output', assumed: false, oneHot: false, targets, mask: null };
}

/**
 * The loss that fits the model's head and the labels, or the one asked for, with weights and label smoothing.
 * @param width number of outputs C
 * @param source the samples' name for the sentences
 * @param weights of the samples
 * @throws FailureError where labels, outputs and options do not fit each other
 */
export function chooseLoss(
  labels: Labels,
  {
    head,
    width,
    options,
    source,
    weights = null,
  }: {
    readonly head: HeadKind;
    readonly width: number;
    readonly options: LossOptions;
    readonly source: string;
    readonly weights?: Float64Array | null;
  },
): ChosenLoss {
  requireNamed(labels.names, width, source);
  const classes = labels.kind === 'classes' ? labels.values : classesIn(labels, width);
  const chosen =
    labels.kind === 'rows' && classes === null
      ? lossOfRows(labels, head, width, options, source)
      : lossOfClasses(classes ?? new Int32Array(0), head, width, options.loss, source);
  return weightLoss(chosen, options, weights);
}

/** Which word is which class is known where there are as many of them as classes. @throws FailureError UnsupportedLabels */
function requireNamed(names: readonly string[] | undefined, width: number, source: string): void {
  const classes = width === 1 ? 2 : width;
  if (names === undefined || names.length === classes) return;
  throw new FailureError(
    'UnsupportedLabels',
    `The labels in ${source} are ${names.length} different words (${listed(names)}), but the model has ${classes} classes, so that which is which is not known; encode them as the integers 0 to ${classes - 1}, or choose other labels with ${setting('labels')}.`,
  );
}

/** Class labels among rows: one whole number for each sample, stored as a float for a model of several outputs. */
function classesIn(
  { width: own, values, shape }: Extract<Labels, { kind: 'rows' }>,
  width: number,
): Int32Array | null {
  if (own !== 1 || !(width > 1 || shape?.whole === true)) return null;
  const fits = (value: number): boolean => Number.isInteger(value) && value >= 0 && value < 2 ** 31;
  return values.every(fits) ? Int32Array.from(values) : null;
}

/** The loss that fits the model's head, or the one asked for, with targets from the model itself. */
export function lossWithoutLabels(
  outputs: Matrix,
  head: HeadKind,
  options: LossOptions,
  random: SeededRandom | null,
  weights: Float64Array | null = null,
): ChosenLoss {
  const width = outputs.columns;
  const automatic =
    head === 'sigmoid' ? 'binary-cross-entropy' : width > 1 ? 'cross-entropy' : 'mean-squared-error';
  const loss = requestedOr(automatic, options.loss, width);
  const assumed = options.loss === 'auto' && head === 'none';
  const targets = modelTargets(loss, outputs, random);
  return weightLoss({ loss, assumed, oneHot: false, targets, mask: null }, options, weights);
}

function weightLoss(
  { mask, ...chosen }: Unweighted,
  options: WeightOptions,
  samples: Float64Array | null,
): ChosenLoss {
  const { loss, targets } = chosen;
  const { width } = targets;
  const classes = classesOf(loss, targets);
  return {
    ...chosen,
    classes: classes?.map((label, n) => (mask?.[n * width] === 0 ? -1 : label)) ?? null,
    targets: weightTargets(loss, targets, options, { samples, mask }),
    ignoredNumbers: mask?.filter((counts) => counts === 0).length ?? 0,
  };
}

function requestedOr(automatic: Loss, requested: Loss | 'auto', width: number): Loss {
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
  const loss = requestedOr(automatic, requested, width);
  const kind = losses[loss].targets;
  const assumed = requested === 'auto' && (head === 'none' || (head === 'sigmoid' && width > 1));
  const count = values.length;
  if (width === 1) {
    const numbers = Float64Array.from(values);
    if (requested === 'auto' && head === 'none' && areTargets(numbers)) {
      const targets = { count, width, values: numbers };
      return { loss: 'mean-squared-error', assumed: true, oneHot: false, targets, mask: null };
    }
    const wrong = kind === 'probabilities' ? values.findIndex((value) => value > 1) : -1;
    if (wrong !== -1) {
      throw new FailureError(
        'LabelOutOfRange',
        `Label ${String(values[wrong])} of sample ${wrong} in ${source} is neither 0 nor 1, and the model has a single output; for regression ask for ${setting('loss', 'mean-squared-error')}, or save the targets as floats.`,
      );
    }
    const targets = { count, width, values: numbers };
    return { loss, assumed, oneHot: false, targets, mask: null };
  }
  const targets = { count, width, values: oneHotRows(values, width, source) };
  return { loss, assumed, oneHot: kind !== 'distributions', targets, mask: null };
}

function lossOfRows(
  { width: labelWidth, values, shape }: Extract<Labels, { kind: 'rows' }>,
  head: HeadKind,
  width: number,
  { loss: requested, ignoreLabel }: LossOptions,
  source: string,
): Unweighted {
  const asNumbers = requested !== 'auto' && losses[requested].targets === 'numbers';
  const refusal = shape?.refusal ?? null;
  const isRow = (shape?.dims.filter((size) => size !== 1).length ?? 1) <= 1;
  const asTargets =
    requested === 'auto' && head === 'none' && isRow && labelWidth === width && areTargets(values);
  if (refusal !== null && !asNumbers && !asTargets) throw refusal;
  if (labelWidth !== width) {
    throw new FailureError(
      'SampleShapeMismatch',
      `${source} holds ${labelWidth} ${labelWidth === 1 ? 'float target' : 'numbers'} per sample as labels, but the model has ${width} ${width === 1 ? 'output' : 'outputs'}; choose other labels with ${setting('labels')}, or save classes as integers.`,
    );
  }
  const isMissing = (value: number): boolean =>
    Number.isNaN(value) || value === (ignoreLabel ?? defaultIgnoredLabel);
  const present = values.filter((value) => !isMissing(value));
  const binary = present.every((value) => value === 0 || value === 1);
  const probabilities = present.every((value) => value >= 0 && value <= 1);
  // Of a row of probabilities all numbers are missing, or none is.
  const distributions =
    width > 1 && probabilities && everyRow(values, width, (row) => row.every(isMissing) || sumsToOne(row));
  const automatic: Loss =
    distributions && head !== 'sigmoid'
      ? 'cross-entropy'
      : binary || (head === 'sigmoid' && probabilities)
        ? 'binary-cross-entropy'
        : 'mean-squared-error';
  const loss = requestedOr(automatic, requested, width);
  const kind = losses[loss].targets;
  if ((kind === 'distributions' && !distributions) || (kind === 'probabilities' && !probabilities)) {
    const wanted = kind === 'distributions' ? 'rows of probabilities that sum to 1' : 'labels from 0 to 1';
    throw new FailureError(
      'UnsupportedLabels',
      `The loss asked for needs ${wanted}, but ${source} holds other numbers as labels; use ${setting('loss', 'mean-squared-error')} or other labels.`,
    );
  }
  if (kind === 'numbers' && head === 'softmax' && !asNumbers) {
    throw new FailureError(
      'UnsupportedLabels',
      `The labels in ${source} are no probabilities, but the model ends in a softmax; give class labels, or ask for ${setting('loss', 'mean-squared-error')} on what the softmax gives.`,
    );
  }
  // Squared error is what float targets mean, unless they look like classes that are scaled, or like probabilities.
  const looksLikeClasses =
    width > 1 && ((probabilities && present.length > 0) || everyRow(values, width, hasOneNonzero));
  const doubtful = kind !== 'numbers' || looksLikeClasses || refusal !== null;
  const assumed = requested === 'auto' && head === 'none' && doubtful;
  // −100 may be a target like any other number, unless it is said to be none.
  const leftOut = kind === 'numbers' && ignoreLabel === null ? Number.isNaN : isMissing;
  const mask = values.some(leftOut) ? values.map((value) => Number(!leftOut(value))) : null;
  const targets = {
    count: values.length / width,
    width,
    values: mask === null ? values : values.map((value, at) => (mask[at] === 0 ? 0 : value)),
  };
  return { loss, assumed, oneHot: false, targets, mask };
}

/** Whether whole numbers for linear outputs are what a regression is fitted to: those of two kinds may be classes, −1 and 1. */
function areTargets(values: Float64Array): boolean {
  return new Set(values.filter((value) => !Number.isNaN(value))).size > 2;
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
