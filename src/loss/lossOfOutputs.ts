import { FailureError } from '../report/failure';
import type { AnalysisRequest } from '../report/request';
import { defaultIgnoredLabel, keptLabels, type IgnoreOptions } from '../samples/ignoredLabels';
import { rowsAt } from '../samples/samples';
import type { Labels, Samples } from '../samples/samples';
import { accuracy } from './accuracy';
import type { AnalysedOutput } from '../subject/subject';
import { lossFor, type ChosenLoss } from './chooseLoss';
import { areClasses, predictedRows, type PredictedRows } from './predictedRows';
import { setting } from '../report/wording/settings';
import { inRows } from './targets';

/** A loss on the outputs of a graph, with one prediction for every sample or several; its classes are of those that count. */
export interface LossOfOutputs extends ChosenLoss {
  readonly accuracy: number | null;
  /** The accuracy of other outputs, in the rows of the targets. */
  readonly accuracyOf: (outputs: Float64Array) => number | null;
  /** Predictions whose label says to leave them out. */
  readonly ignoredRows: number;
  /** A label outside the classes that was taken for the one that leaves out, though nobody said so; else null. */
  readonly takenAsIgnored: number | null;
}

/**
 * The loss that fits outputs and labels. Where a sample has several predictions, one for every token or pixel, it is the
 * mean over all of them that have a label, as PyTorch's CrossEntropyLoss takes it for outputs of more than two axes.
 * @throws FailureError where labels and outputs do not fit each other
 */
export function lossOfOutputs(
  request: AnalysisRequest,
  subject: AnalysedOutput,
  given: Samples,
  { dims, data }: { readonly dims: readonly number[]; readonly data: Float64Array },
): LossOfOutputs {
  const samples = { ...given, labels: asAsked(given.labels, request) };
  const rows = request.loss === 'output' ? null : predictedRows(subject, dims, samples, request.loss);
  if (rows === null) {
    const outputs = { rows: samples.count, columns: data.length / samples.count, data };
    const chosen = lossFor(request, samples, outputs, subject.head);
    const accuracyOf = (data: Float64Array): number | null => accuracy({ ...outputs, data }, chosen.classes);
    return { ...chosen, accuracy: accuracyOf(data), accuracyOf, ignoredRows: 0, takenAsIgnored: null };
  }
  const { classAxis, perSample, width } = rows;
  const allDims = [samples.count, ...dims];
  const count = samples.count * perSample;
  const { labels: found, takenAsIgnored } = rowLabels(samples, rows, allDims, request);
  const ignoreLabel = takenAsIgnored ?? request.ignoreLabel;
  const kept =
    found?.kind === 'classes'
      ? keptLabels(found, samples.source, { ...request, ignoreLabel })
      : Int32Array.from({ length: count }, (_, n) => n);
  const labels: Labels | null =
    found?.kind === 'classes' ? { kind: 'classes', values: kept.map((n) => found.values[n]!) } : found;
  const outputs = {
    rows: kept.length,
    columns: width,
    data: rowsAt(inRows(data, allDims, classAxis), width, kept),
  };
  const chosen = lossFor(
    request,
    { ...samples, labels, ...rowsWeights(samples, kept, perSample) },
    outputs,
    subject.head,
  );
  const spreadWeights = (numbers: Float64Array): Float64Array => {
    const all = new Float64Array(count * width);
    for (const [at, n] of kept.entries()) all.set(numbers.subarray(at * width, (at + 1) * width), n * width);
    return all;
  };
  const weights = new Float64Array(count);
  for (const n of kept) weights[n] = 1 / kept.length;
  const { values, factors } = chosen.targets;
  return {
    ...chosen,
    targets: {
      count: samples.count,
      width,
      values: spreadWeights(values),
      ...(factors !== undefined && { factors: spreadWeights(factors) }),
      rows: { classAxis, perSample, weights },
    },
    accuracy: accuracy(outputs, chosen.classes),
    accuracyOf: (rows) => accuracy({ ...outputs, data: rowsAt(rows, width, kept) }, chosen.classes),
    ignoredRows: count - kept.length,
    takenAsIgnored,
  };
}

/** Every prediction weighs what its sample does. */
function rowsWeights({ weights }: Samples, kept: Int32Array, perSample: number): Pick<Samples, 'weights'> {
  if (weights === undefined) return {};
  const values = Float64Array.from(kept, (n) => weights.values[Math.floor(n / perSample)]!);
  return { weights: { ...weights, values } };
}

/** Whole numbers stored as floats are classes where a cross-entropy is asked for. */
function asAsked(labels: Labels | null, { loss }: AnalysisRequest): Labels | null {
  if (labels?.kind !== 'rows' || labels.shape === undefined || loss !== 'cross-entropy') return labels;
  const whole = labels.values.every((value) => Number.isInteger(value) || Number.isNaN(value));
  return { ...labels, shape: { ...labels.shape, whole } };
}

/** What masks of segmentation say where nothing is labelled. */
const usualIgnored: readonly number[] = [255, -1];

/**
 * Labels row after row: a class for each, or as many numbers as a row has. Where a single value lies outside the classes,
 * and it is one of those that usually stand for no label, it is taken for that unless another is asked for.
 */
function rowLabels(
  { labels, source }: Samples,
  { classAxis, perSample, width }: PredictedRows,
  dims: readonly number[],
  { ignoreLabel }: IgnoreOptions,
): { readonly labels: Labels | null; readonly takenAsIgnored: number | null } {
  if (labels?.kind !== 'rows') return { labels, takenAsIgnored: null };
  if (!areClasses(labels, dims) || labels.width !== perSample) {
    const values = inRows(labels.values, dims, classAxis);
    return { labels: { kind: 'rows', width, values }, takenAsIgnored: null };
  }
  const most = width === 1 ? 1 : width - 1;
  const isClass = (value: number): boolean => value >= 0 && value <= most;
  const [outside, ...others] = new Set(
    labels.values.filter((value) => !isClass(value) && !Number.isNaN(value)),
  );
  const isTaken = ignoreLabel === null && others.length === 0 && usualIgnored.includes(outside ?? Number.NaN);
  const takenAsIgnored = isTaken ? (outside ?? null) : null;
  const ignoredLabel = takenAsIgnored ?? ignoreLabel ?? defaultIgnoredLabel;
  const wrong = labels.values.findIndex(
    (value) => value !== ignoredLabel && !Number.isNaN(value) && !isClass(value),
  );
  if (wrong === -1) {
    const classes = Int32Array.from(labels.values, (value) => (Number.isNaN(value) ? ignoredLabel : value));
    return { labels: { kind: 'classes', values: classes }, takenAsIgnored };
  }
  throw new FailureError(
    'LabelOutOfRange',
    `Label ${String(labels.values[wrong])} of sample ${Math.floor(wrong / perSample)} in ${source} (number ${wrong % perSample} of its ${perSample}) is not one of the model's classes, 0 to ${most} (${ignoredLabel} leaves it out; another one with ${setting('ignore-label')}); choose the samples or the labels that belong to this model.`,
  );
}
