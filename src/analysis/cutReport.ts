import { CutShortError } from '../report/cutShort';
import type { FailureError } from '../report/failure';
import type { AnalysisRun } from './analysisRun';
import { notMeasured } from './measurements';
import { analysisFacts } from './reportFacts';

/** What a report says of the curvature where nothing is known of it. */
export const nothingKnown = {
  trace: null,
  frobeniusSquared: null,
  bounds: null,
  gaussNewton: null,
  layers: [],
  blocks: null,
  orthogonality: null,
  topSamples: null,
  ...notMeasured,
  scaleAdapted: null,
  spectrum: null,
} as const;

/**
 * What was known when the time limit ended an analysis, as an error that carries it; the failure itself where that is neither
 * the gradient nor an interval of λ_max.
 */
export function cutShort(failure: FailureError, run: AnalysisRun): FailureError {
  const { message } = failure.failure;
  const { model, samples, loss, lossAssumed, lossOptions, method, gradientNorm, sharpness } = run.shown;
  if (gradientNorm === undefined && sharpness === undefined) return failure;
  if (model === undefined || samples === undefined || loss === undefined) return failure;
  if (lossAssumed === undefined || lossOptions === undefined || method === undefined) return failure;
  const { products, cost } = run;
  return new CutShortError(
    {
      schema: 1,
      model,
      samples,
      loss,
      lossAssumed,
      lossOptions,
      method,
      analysis: analysisFacts(run, {
        ...products,
        stoppedBy: 'time limit',
        cost,
      }),
      gradientNorm: gradientNorm ?? null,
      ...nothingKnown,
      ...(sharpness !== undefined && { sharpness }),
      warnings: [...(run.shown.warnings ?? []), { kind: 'time-limit', message }],
      time: run.stopwatch.seconds(),
    },
    message,
  );
}
