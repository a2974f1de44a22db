import type { LossTargets } from '../autodiff/feeds';
import { inRows } from '../autodiff/outputRows';
import { FailureError } from '../report/failure';
import type { AnalysisRequest } from '../report/request';
import { ignoredLabel } from '../samples/ignoredLabels';
import type { Labels, Samples } from '../samples/samples';
import { accuracy } from './accuracy';
import type { ChosenLoss } from './chosenLoss';
import type { TensorOfSamples } from '../inference/tensorAt';
import type { AnalysedOutput } from '../subject/subject';
import { lossFor } from './labels';
import { predictedRows, type PredictedRows } from './outputRows';

/** A loss on the outputs of a graph, with one prediction for every sample or several. */
export interface OutputLoss {
  /** Over the predictions that count. */
  readonly chosen: ChosenLoss;
  readonly targets: LossTargets;
  readonly accuracy: number | null;
  /** Predictions of one sample; null: one, which is the sample's own. */
  readonly rowsPerSample: number | null;
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
  logits: TensorOfSamples,
): OutputLoss {
  const { dims, data } = logits;
  const { head } = subject;
  const rows = predictedRows(subject, dims, samples, request.loss);
  if (rows === null) {
    const outputs = { rows: samples.count, columns: data.length / samples.count, data };
    const chosen = lossFor(request, samples, outputs, head.kind);
    return {
      chosen,
      targets: chosen.targets,
      accuracy: accuracy(outputs, chosen.classes),
      rowsPerSample: null,
      ignoredRows: 0,
    };
  }
  const { classAxis, perSample, width } = rows;
  const allDims = [samples.count, ...dims];
  const labels = rowLabels(samples, rows, allDims);
  const count = samples.count * perSample;
  const kept = keptRows(labels, count, samples.source);
  const outputs = rowsOf(inRows(data, allDims, classAxis), width, kept);
  const chosen = lossFor(
    request,
    {
      ...samples,
      labels: labels?.kind === 'classes' ? { ...labels, values: kept.map((n) => labels.values[n]!) } : labels,
    },
    { rows: kept.length, columns: width, data: outputs },
    head.kind,
  );
  const values = new Float64Array(count * width);
  const weights = new Float64Array(count);
  for (const [at, n] of kept.entries()) {
    values.set(chosen.targets.values.subarray(at * width, (at + 1) * width), n * width);
    weights[n] = 1 / kept.length;
  }
  return {
    chosen,
    targets: { count: samples.count, width, values, rows: { classAxis, perSample, weights } },
    accuracy: accuracy({ rows: kept.length, columns: width, data: outputs }, chosen.classes),
    rowsPerSample: perSample,
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

function keptRows(labels: Labels | null, count: number, source: string): Int32Array {
  const all = Int32Array.from({ length: count }, (_, n) => n);
  if (labels?.kind !== 'classes') return all;
  const kept = all.filter((n) => labels.values[n] !== ignoredLabel);
  if (kept.length > 0) return kept;
  throw new FailureError(
    'NoSamples',
    `All ${count} labels in ${source} are ${ignoredLabel}, which says to leave them out; choose other labels with --labels.`,
  );
}

function rowsOf(values: Float64Array, width: number, kept: Int32Array): Float64Array {
  if (kept.length * width === values.length) return values;
  const rows = new Float64Array(kept.length * width);
  for (const [at, n] of kept.entries()) rows.set(values.subarray(n * width, (n + 1) * width), at * width);
  return rows;
}
