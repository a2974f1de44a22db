/**
 * Numbers x_1 … x_D, each known as an exact part plus the mean of one independent sample per probe; the samples of one
 * probe belong together.
 */
export class SampleMeans {
  private readonly means: Float64Array;

  constructor(
    exact: Float64Array,
    private readonly samples: readonly Float64Array[],
  ) {
    this.means = exact.map((value, index) => {
      const sum = samples.reduce((total, sample) => total + sample[index]!, 0);
      return value + (samples.length > 0 ? sum / samples.length : 0);
    });
  }

  get count(): number {
    return this.samples.length;
  }

  value(index: number): number {
    return this.means[index]!;
  }

  /**
   * The standard error of Σ_i g_i x_i: the delta method for a function whose gradient is g. 0 without samples, where all
   * is exact; infinity for one.
   */
  standardError(gradient: (sample: Float64Array) => number): number {
    const { count } = this;
    if (count < 2) return count === 0 ? 0 : Number.POSITIVE_INFINITY;
    const values = this.samples.map(gradient);
    const mean = values.reduce((sum, value) => sum + value, 0) / count;
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    return Math.sqrt(squares / (count - 1) / count);
  }
}
