import { FailureError } from '../report/failure';
import type { AnalysisRequest } from '../report/request';
import { ignoredLabel, keptLabels, rowsAt } from '../samples/ignoredLabels';
import type { Labels, Samples } from '../samples/samples';
import { accuracy } from './accuracy';
import type { AnalysedOutput } from '../subject/subject';
import { lossFor, type ChosenLoss } from './chooseLoss';
import { predictedRows, type PredictedRows } from './predictedRows';
import { inRows } from './targets';

/** A loss on the outputs of a graph, with one prediction for every sample or several; its classes are of those that count. */
export interface LossOfOutputs extends ChosenLoss {
  readonly accuracy: number | null;
  /** Predictions whose label says to leave them out. */
  readonly ignoredRows: number;
}

/**
 * The loss that fits outputs and labels. Where a sample has several predictions, one for every token or pixel, it is the
 * mean over all of them that have a label, as PyTorch's CrossEntropyLoss takes it for outputs of more than two axes.
 * @throws FailureError where labels and outputs do not fit each other
 */
export function lossOfOutputs(
  request: AnalysisRequest,
  subject: AnalysedOutput,
  samples: Samples,
  { dims, data }: { readonly dims: readonly number[]; readonly data: Float64Array },
): LossOfOutputs {
  const rows = predictedRows(subject, dims, samples, request.loss);
  if (rows === null) {
    const outputs = { rows: samples.count, columns: data.length / samples.count, data };
    const chosen = lossFor(request, samples, outputs, subject.head);
    return { ...chosen, accuracy: accuracy(outputs, chosen.classes), ignoredRows: 0 };
  }
  const { classAxis, perSample, width } = rows;
  const allDims = [samples.count, ...dims];
  const count = samples.count * perSample;
  const found = rowLabels(samples, rows, allDims);
  const kept =
    found?.kind === 'classes'
      ? keptLabels(found.values, samples.source)
      : Int32Array.from({ length: count }, (_, n) => n);
  const labels: Labels | null =
    found?.kind === 'classes' ? { kind: 'classes', values: kept.map((n) => found.values[n]!) } : found;
  const outputs = {
    rows: kept.length,
    columns: width,
    data: rowsAt(inRows(data, allDims, classAxis), width, kept),
  };
  const chosen = lossFor(request, { ...samples, labels }, outputs, subject.head);
  const values = new Float64Array(count * width);
  const weights = new Float64Array(count);
  for (const [at, n] of kept.entries()) {
    values.set(chosen.targets.values.subarray(at * width, (at + 1) * width), n * width);
    weights[n] = 1 / kept.length;
  }
  return {
    ...chosen,
    targets: { count: samples.count, width, values, rows: { classAxis, perSample, weights } },
    accuracy: accuracy(outputs, chosen.classes),
    ignoredRows: count - kept.length,
  };
}

/** Labels row after row: a class for each, or as many numbers as a row has. */
function rowLabels(
  { labels, source }: Samples,
  { classAxis, perSample, width }: PredictedRows,
  dims: readonly number[],
): Labels | null {
  if (labels?.kind !== 'rows') return labels;
  if (labels.shape?.whole !== true || labels.width !== perSample)
    return { kind: 'rows', width, values: inRows(labels.values, dims, classAxis) };
  const most = width === 1 ? 1 : width - 1;
  const wrong = labels.values.findIndex((value) => value !== ignoredLabel && !(value >= 0 && value <= most));
  if (wrong === -1) return { kind: 'classes', values: Int32Array.from(labels.values) };
  throw new FailureError(
    'LabelOutOfRange',
    `Label ${String(labels.values[wrong])} of sample ${Math.floor(wrong / perSample)} in ${source} (number ${wrong % perSample} of its ${perSample}) is not one of the model's classes, 0 to ${most} (${ignoredLabel} leaves it out); choose the samples or the labels that belong to this model.`,
  );
}
