/** What every sample adds to a mean over samples. */
export interface SampleParts {
  /** Of every sample: its part of the mean; they sum to it. */
  readonly parts: Float64Array;
  /** Of every sample: its part of the weights; they sum to 1. */
  readonly weights: Float64Array;
}

/** Sums over the rows of every sample. @param rows Σ over all of them is the mean @param rowWeights ω of every row */
export function partsOfSamples(rows: Float64Array, rowWeights: Float64Array, perSample: number): SampleParts {
  const sums = (values: Float64Array): Float64Array => {
    const samples = new Float64Array(values.length / perSample);
    for (let row = 0; row < values.length; row++) samples[Math.floor(row / perSample)]! += values[row]!;
    return samples;
  };
  return { parts: sums(rows), weights: sums(rowWeights) };
}

/**
 * The standard error of the mean for other samples like these: s/√N where all weigh alike, else that of a ratio of sums, whose
 * units are the samples (Cochran, "Sampling Techniques", 3rd edition, 1977, 2.11 and 6.3: √(N/(N−1) Σ (c_n − ω_n c)²)).
 * Null where there is no second sample.
 */
export function samplingError({ parts, weights }: SampleParts): number | null {
  const count = weights.filter((weight) => weight > 0).length;
  if (count < 2) return null;
  const mean = parts.reduce((sum, part) => sum + part, 0);
  const squares = parts.reduce((sum, part, n) => sum + (part - weights[n]! * mean) ** 2, 0);
  return Math.sqrt((count / (count - 1)) * squares);
}
