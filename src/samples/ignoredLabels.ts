import { FailureError } from '../report/failure';
import type { AnalysisRequest } from '../report/request';
import { setting } from '../report/wording/settings';
import { rowsOfSamples, type Labels, type Samples } from './samples';

/** The class label that PyTorch's losses leave out (`ignore_index`), where no other is asked for. */
export const defaultIgnoredLabel = -100;

/** What of a request tells which labels are left out. */
export type IgnoreOptions = Pick<AnalysisRequest, 'ignoreLabel' | 'loss'>;

/**
 * The samples without those whose only label says to ignore them, or is missing (NaN): the mean loss is then over the
 * rest, as PyTorch's is.
 * @throws FailureError NoSamples where none is left
 */
export function dropIgnored(
  samples: Samples,
  options: IgnoreOptions,
): { readonly samples: Samples; readonly ignored: number } {
  const { labels, count, source } = samples;
  if (labels === null || options.loss === 'output' || (labels.kind === 'rows' && labels.width !== 1))
    return { samples, ignored: 0 };
  const kept = keptLabels(labels, source, options);
  if (kept.length === count) return { samples, ignored: 0 };
  return {
    samples: rowsOfSamples(samples, kept),
    ignored: count - kept.length,
  };
}

/**
 * The places of the labels, one for each prediction, that do not say to leave them out.
 * @throws FailureError NoSamples where none is left
 */
export function keptLabels(labels: Labels, source: string, options: IgnoreOptions): Int32Array {
  const { values } = labels;
  const label = options.ignoreLabel ?? defaultIgnoredLabel;
  // A float of −100 may be the target of a regression.
  const counts =
    labels.kind === 'classes' || options.ignoreLabel !== null || options.loss === 'cross-entropy';
  const kept = Int32Array.from(values.keys()).filter(
    (n) => !Number.isNaN(values[n]) && !(counts && values[n] === label),
  );
  if (kept.length > 0) return kept;
  throw new FailureError(
    'NoSamples',
    `All ${values.length} labels in ${source} are ${label} or missing, which says to leave them out; choose other labels with ${setting('labels')}.`,
  );
}
