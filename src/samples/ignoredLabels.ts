import { FailureError } from '../report/failure';
import type { SampleInput, Samples } from './samples';

/** The class label that PyTorch's losses leave out (`ignore_index`). */
export const ignoredLabel = -100;

/**
 * The samples without those whose label says to ignore them: the mean loss is then over the rest, as PyTorch's is.
 * @throws FailureError NoSamples where none is left
 */
export function withoutIgnored(samples: Samples): { readonly samples: Samples; readonly ignored: number } {
  const { labels, count, inputs, indices, source } = samples;
  if (labels?.kind !== 'classes' || !labels.values.includes(ignoredLabel)) return { samples, ignored: 0 };
  const kept = Int32Array.from(labels.values.keys()).filter((n) => labels.values[n] !== ignoredLabel);
  if (kept.length === 0) {
    throw new FailureError(
      'NoSamples',
      `All ${count} labels in ${source} are ${ignoredLabel}, which says to ignore the sample; choose other labels with --labels.`,
    );
  }
  return {
    samples: {
      ...samples,
      count: kept.length,
      indices: kept.map((n) => indices?.[n] ?? n),
      inputs: inputs.map((input) => rowsOfInput(input, kept, count)),
      labels: { kind: 'classes', values: kept.map((n) => labels.values[n]!) },
    },
    ignored: count - kept.length,
  };
}

function rowsOfInput(input: SampleInput, kept: Int32Array, count: number): SampleInput {
  const width = input.data.length / count;
  const data = new Float64Array(kept.length * width);
  kept.forEach((n, at) => {
    data.set(input.data.subarray(n * width, (n + 1) * width), at * width);
  });
  return { ...input, data };
}
