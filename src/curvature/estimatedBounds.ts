import type { Interval, Quantity, Range } from '../report/report';
import { eigenvalueBounds, lambdaMaxBounds, lambdaMinBounds, type Moments } from './bounds';
import type { SampleMeans } from './sampleMeans';

/** A first-order part, and the error of what has no first order. */
export interface Variation {
  readonly linear: (sample: Float64Array) => number;
  readonly atZero: number;
}

/**
 * Wolkowicz-Styan bounds of a matrix whose trace and squared norm are estimated, with their errors. All are m + a s, with
 *
 *     ∂m/∂T = 1/P,   ∂s/∂T = −T/(P² s),   ∂s/∂F² = 1/(2 s P)
 *
 * The root makes the estimates of the outer bounds low on average: they are estimates of bounds, and no bounds.
 */
export class EstimatedBounds {
  readonly moments: Moments;
  /** s, the standard deviation of the eigenvalues. */
  readonly deviation: number;
  /** The error of √(s²) where s² is not clearly above 0, and the root has no slope; null elsewhere. */
  readonly deviationAtZero: number | null;

  /** @param traceAt, normAt where the trace and the squared norm stand among the means */
  constructor(
    private readonly means: SampleMeans,
    readonly traceAt: number,
    readonly normAt: number,
    order: number,
  ) {
    const [trace, frobeniusSquared] = [means.value(traceAt), Math.max(0, means.value(normAt))];
    this.moments = { trace, frobeniusSquared, order };
    const variance = frobeniusSquared / order - (trace / order) ** 2;
    this.deviation = Math.sqrt(Math.max(0, variance));
    const error = means.standardError(
      (sample) => sample[normAt]! / order - (2 * trace * sample[traceAt]!) / order ** 2,
    );
    this.deviationAtZero = variance <= 2 * error ? Math.sqrt(error) : null;
  }

  /** √(P − 1): the factor a of the upper bound on λ_max. */
  get outermost(): number {
    return Math.sqrt(this.moments.order - 1);
  }

  /** How m + a s varies with the means. */
  variation(a: number): Variation {
    const { traceAt, normAt, deviation, deviationAtZero } = this;
    const { trace, order } = this.moments;
    const ofMean = (sample: Float64Array): number => sample[traceAt]! / order;
    if (deviationAtZero !== null || a === 0)
      return { linear: ofMean, atZero: Math.abs(a) * (deviationAtZero ?? 0) };
    return {
      linear: (sample) =>
        ofMean(sample) +
        (a / (deviation * order)) * (sample[normAt]! / 2 - (trace / order) * sample[traceAt]!),
      atZero: 0,
    };
  }

  error(a: number): number {
    const { linear, atZero } = this.variation(a);
    return this.means.standardError(linear) + atZero;
  }

  lambdaMax(): Interval {
    return this.interval(lambdaMaxBounds(this.moments), this.innermost, this.outermost);
  }

  lambdaMin(): Interval {
    return this.interval(lambdaMinBounds(this.moments), -this.outermost, -this.innermost);
  }

  /** λ_k for 1 < k < P. */
  eigenvalue(k: number): Interval {
    const { order } = this.moments;
    return this.interval(
      eigenvalueBounds(this.moments, k),
      -Math.sqrt((k - 1) / (order - k + 1)),
      Math.sqrt((order - k) / k),
    );
  }

  upper(): Quantity {
    return this.lambdaMax().upper;
  }

  private get innermost(): number {
    return this.outermost > 0 ? 1 / this.outermost : 0;
  }

  private interval({ lower, upper }: Range, lowerFactor: number, upperFactor: number): Interval {
    return {
      lower: { value: lower, standardError: this.error(lowerFactor) },
      upper: { value: upper, standardError: this.error(upperFactor) },
    };
  }
}
