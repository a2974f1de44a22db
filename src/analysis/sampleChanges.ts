import { samplingError } from '../curvature/samplingError';
import { pairedChange } from '../comparison/numbers';
import type { RisenSample, SampleChanges } from '../comparison/schema';
import type { EvaluatedSamples } from './evaluate';

/** Samples that are told one by one. */
const mostRisen = 5;

/**
 * What changed sample by sample from a model to another one.
 * @returns null where they were not given the same samples
 */
export function sampleChanges(
  before: EvaluatedSamples,
  after: EvaluatedSamples,
): Omit<SampleChanges, 'from' | 'to'> | null {
  if (before.inputs !== after.inputs) return null;
  const sameLoss = before.targets !== null && before.targets === after.targets;
  return {
    samples: before.parts.length,
    predictions: changedPredictions(before.predictions, after.predictions),
    loss: sameLoss ? pairedLoss(before, after) : null,
    risen: sameLoss ? risenMost(before, after) : [],
  };
}

function changedPredictions(
  before: Int32Array | null,
  after: Int32Array | null,
): SampleChanges['predictions'] {
  if (before === null || before.length !== after?.length) return null;
  let [count, changed] = [0, 0];
  for (const [row, predicted] of before.entries()) {
    if (predicted < 0 && after[row]! < 0) continue;
    count += 1;
    if (predicted !== after[row]) changed += 1;
  }
  return { count, changed };
}

/** The change of the mean loss with the standard error of the mean of paired differences. */
function pairedLoss(before: EvaluatedSamples, after: EvaluatedSamples): SampleChanges['loss'] {
  const parts = after.parts.map((part, n) => part - before.parts[n]!);
  const error = samplingError({ parts, weights: before.weights });
  if (error === null) return null;
  return pairedChange(
    parts.reduce((sum, part) => sum + part, 0),
    error,
  );
}

function risenMost(before: EvaluatedSamples, after: EvaluatedSamples): RisenSample[] {
  const { weights, indices, labels } = before;
  const loss = ({ parts }: EvaluatedSamples, n: number): number => parts[n]! / weights[n]!;
  // Where a sample has several predictions none of them is the sample's.
  const predicted = ({ predictions }: EvaluatedSamples, n: number): number | null =>
    labels === null ? null : (predictions?.[n] ?? null);
  return Array.from(weights.keys())
    .filter((n) => weights[n]! > 0)
    .map((n) => ({ n, lossBefore: loss(before, n), lossAfter: loss(after, n) }))
    .filter(({ lossBefore, lossAfter }) => lossAfter > lossBefore)
    .sort(
      (one, other) =>
        other.lossAfter - other.lossBefore - (one.lossAfter - one.lossBefore) || one.n - other.n,
    )
    .slice(0, mostRisen)
    .map(({ n, lossBefore, lossAfter }) => ({
      index: indices?.[n] ?? n,
      label: labels?.[n] ?? null,
      predictedBefore: predicted(before, n),
      predictedAfter: predicted(after, n),
      lossBefore,
      lossAfter,
    }));
}
