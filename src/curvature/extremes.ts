import type { EigenvalueInterval, Sharpness } from '../report/report';
import { lambdaMaxBounds, type Moments } from './bounds';
import { negate, probabilisticUpper, provedUpper } from './certificates';
import type { LanczosCoefficients } from './lanczos';
import { largestEigenvalue } from './tridiagonal';

export interface IntervalOptions {
  /** The relative width below which an interval is certified. */
  readonly precision: number;
  /** Of the probabilistic intervals for λ_max and λ_min together, 1 − ε. */
  readonly confidence: number;
  /** Relative error of the products, measured; 0 for float64. */
  readonly productError: number;
  /** Trace and squared norm where they are exact to float64 rounding, or null. */
  readonly exactMoments: Moments | null;
}

/** Covers the rounding of T_k and of its eigenvalues in the proved bound, relative to ‖H‖_F. */
const provedSlack = 1e-12;

/** Intervals for λ_max and λ_min that grow narrower with every Lanczos step. */
export class ExtremeEigenvalues {
  private readonly largest: LargestEigenvalue;
  private readonly smallest: LargestEigenvalue;

  constructor(private readonly options: IntervalOptions) {
    const { exactMoments } = options;
    const mirrored = exactMoments && { ...exactMoments, trace: -exactMoments.trace };
    this.largest = new LargestEigenvalue(options);
    this.smallest = new LargestEigenvalue({ ...options, exactMoments: mirrored });
  }

  /** Whether there can be intervals: not where the products' error exceeds a tenth of the precision asked. */
  get possible(): boolean {
    return this.options.productError <= this.options.precision / 10;
  }

  /**
   * The intervals after all steps of a run, of which those of the call before are the first. Null where none are
   * possible, and after a first step, which tells nothing of the products' symmetry and so of their noise.
   */
  after(run: LanczosCoefficients): Sharpness | null {
    if (!this.possible || run.alphas.length === 0 || (run.alphas.length === 1 && !run.ended)) return null;
    const smallest = this.smallest.after(negate(run));
    return {
      lambdaMax: this.largest.after(run),
      lambdaMin: { ...smallest, lower: 0 - smallest.upper, upper: 0 - smallest.lower },
    };
  }
}

/** One end: the largest Ritz value below; above, the smallest bound of either kind over the numbers of steps. */
class LargestEigenvalue {
  private steps = 0;
  private probable = Number.POSITIVE_INFINITY;
  private proved = Number.POSITIVE_INFINITY;
  /** What the bounds were made with. */
  private noise = 0;

  constructor(private readonly options: IntervalOptions) {}

  /** Moments that prove something: exact ones, with float64 products. */
  private get provable(): Moments | null {
    return this.options.productError === 0 ? this.options.exactMoments : null;
  }

  after(run: LanczosCoefficients): EigenvalueInterval {
    if (this.steps === 0 || run.noise > 2 * this.noise) this.startAnew(run.noise);
    const epsilon = (1 - this.options.confidence) / 2;
    while (this.steps < run.alphas.length) {
      this.steps++;
      this.probable = Math.min(this.probable, probabilisticUpper(run, this.steps, epsilon));
      if (this.provable !== null)
        this.proved = Math.min(this.proved, provedUpper(run, this.steps, this.provable));
    }
    const { confidence, productError } = this.options;
    const ritz = largestEigenvalue({ order: this.steps, diagonal: run.alphas, offDiagonal: run.betas });
    const lower = ritz - run.noise;
    // A complete basis leaves nothing to chance, and needs no moments.
    if (this.steps === run.matrixOrder && productError === 0)
      return this.interval(lower, ritz + run.noise, 'proved', 1);
    const probable = this.interval(lower, this.probable + run.noise, 'probabilistic', confidence);
    if (this.provable === null) return probable;
    const proved = this.interval(
      Math.max(lower, lambdaMaxBounds(this.provable).lower),
      this.proved + run.noise + provedSlack * Math.sqrt(this.provable.frobeniusSquared),
      'proved',
      1,
    );
    return proved.certified || proved.upper <= probable.upper ? proved : probable;
  }

  /** More noise than was thought makes the earlier bounds too narrow. */
  private startAnew(noise: number): void {
    this.steps = 0;
    this.noise = noise;
    this.probable = Number.POSITIVE_INFINITY;
    this.proved = this.provable === null ? Number.POSITIVE_INFINITY : lambdaMaxBounds(this.provable).upper;
  }

  private interval(
    lower: number,
    upper: number,
    kind: EigenvalueInterval['kind'],
    confidence: number,
  ): EigenvalueInterval {
    const nearer = Math.min(Math.abs(lower), Math.abs(upper));
    const certified = lower * upper >= 0 && upper - lower <= this.options.precision * nearer;
    return { lower: Math.min(lower, upper), upper, kind, confidence, certified, steps: this.steps };
  }
}
