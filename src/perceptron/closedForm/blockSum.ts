/** What a block (m,l) of the Hessian adds up to over pairs of samples, 1/N² left to the end. */
export class BlockSum {
  /** N² ‖H_ml‖_F². */
  total = 0;
  /** The part of the pairs of a sample with itself. */
  sameSample = 0;
  /** Σ_n' h[n,n'] for every sample n; they sum to `total`. */
  readonly rows: Float64Array;

  constructor(samples: number) {
    this.rows = new Float64Array(samples);
  }
}
