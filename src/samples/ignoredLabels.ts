import { FailureError } from '../report/failure';
import type { Samples } from './samples';
import { setting } from '../report/wording/settings';

/** The class label that PyTorch's losses leave out (`ignore_index`). */
export const ignoredLabel = -100;

/**
 * The samples without those whose label says to ignore them: the mean loss is then over the rest, as PyTorch's is.
 * @throws FailureError NoSamples where none is left
 */
export function withoutIgnored(samples: Samples): { readonly samples: Samples; readonly ignored: number } {
  const { labels, count, inputs, indices, source } = samples;
  if (labels?.kind !== 'classes' || !labels.values.includes(ignoredLabel)) return { samples, ignored: 0 };
  const kept = keptLabels(labels.values, source);
  return {
    samples: {
      ...samples,
      count: kept.length,
      indices: kept.map((n) => indices?.[n] ?? n),
      inputs: inputs.map((input) => ({
        ...input,
        data: rowsAt(input.data, input.data.length / count, kept),
      })),
      labels: { kind: 'classes', values: kept.map((n) => labels.values[n]!) },
    },
    ignored: count - kept.length,
  };
}

/**
 * The places of the class labels that do not say to leave them out.
 * @throws FailureError NoSamples where none is left
 */
export function keptLabels(labels: Int32Array, source: string): Int32Array {
  const kept = Int32Array.from(labels.keys()).filter((n) => labels[n] !== ignoredLabel);
  if (kept.length > 0) return kept;
  throw new FailureError(
    'NoSamples',
    `All ${labels.length} labels in ${source} are ${ignoredLabel}, which says to leave them out; choose other labels with ${setting('labels')}.`,
  );
}

/** Some rows of a table, in ascending order. */
export function rowsAt(values: Float64Array, width: number, kept: Int32Array): Float64Array {
  if (kept.length * width === values.length) return values;
  const rows = new Float64Array(kept.length * width);
  for (const [at, n] of kept.entries()) rows.set(values.subarray(n * width, (n + 1) * width), at * width);
  return rows;
}
