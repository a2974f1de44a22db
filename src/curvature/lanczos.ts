import { FailureError } from '../report/failure';
import type { Basis } from './basis';
import { Float64Basis } from './float64Basis';
import type { SymmetricProducts } from './products';
import { drawDirection, type RandomSource } from './randomVectors';
import { Float32Basis } from './float32Basis';
import { tridiagonalEigenpairs } from './tridiagonal';

/** Relative error of a float64 product that nobody has measured: a thousand rounding units. */
const float64Noise = 1e-13;
/** What products with vectors of float32 are off by at least: two rounding units. */
const float32Noise = 2 ** -23;

/** Coefficients that are 0 for a symmetric matrix may be this large beside the norm, or 20 times the products' error. */
const symmetryTolerance = 1e-8;

/** What Lanczos knows of a matrix after k steps: k diagonal elements and k off-diagonal ones, the last of them β_k. */
export interface LanczosCoefficients {
  /** P, the order of the matrix itself. */
  readonly matrixOrder: number;
  /** α_1 … α_k. */
  readonly alphas: readonly number[];
  /** β_1 … β_k: β_k = ‖(I − QQᵀ) H q_k‖. */
  readonly betas: readonly number[];
  /** What counts as 0: 10 times the error of the products, as far as it is known. */
  readonly noise: number;
  /** True where the vectors span an invariant space to within the noise, or everything: no step follows. */
  readonly ended: boolean;
}

/** A Ritz value θ with ‖Hx − θx‖ of its normalised vector x: an eigenvalue lies no further from it. */
export interface RitzValue {
  readonly value: number;
  readonly residual: number;
}

/**
 * Lanczos with full reorthogonalisation from a start that is uniform on the sphere.
 *
 * HQ is not stored: H q_j = Σ_{i ≤ j+1} q_i h_ij holds with the coefficients that the reorthogonalisation found, so that
 * the k + 1 vectors of the basis tell QᵀHQ, HQ and its parts by layers. They are all the memory: 8 (k + 1) P bytes, or half
 * of it where the products round vectors to float32.
 */
export class Lanczos implements LanczosCoefficients {
  readonly matrixOrder: number;
  readonly alphas: number[] = [];
  readonly betas: number[] = [];
  /** q_1 … q_{k+1}, orthonormal; the last is 0 where β_k is. */
  readonly basis: Basis;
  /** Column j holds h_1j … h_{j+1,j}. */
  readonly coefficients: Float64Array[] = [];
  /** The largest row sum of T: not below ‖T‖, and so at ‖H‖ or above it once Lanczos has found what is large. */
  private norm = 0;
  /**
   * The largest coefficient that is 0 for a symmetric matrix: near zero loss and for tiny weights a Hessian is a
   * difference of larger numbers, and its products are worse than their precision.
   */
  private asymmetry = 0;

  /** @param productError relative error of the products, measured; 0 for float64 @param mostSteps that will be made */
  constructor(
    private readonly products: SymmetricProducts,
    random: RandomSource,
    private readonly productError: number,
    mostSteps = products.order,
  ) {
    this.matrixOrder = products.order;
    const start = drawDirection(products.order, random);
    this.basis =
      products.float32 === null
        ? new Float64Basis(products, start)
        : new Float32Basis(products.float32, start, mostSteps + 1);
  }

  get steps(): number {
    return this.alphas.length;
  }

  get noise(): number {
    const rounding = this.products.float32 === null ? float64Noise : float32Noise;
    const ofNorm = Math.max(this.productError, rounding) * this.norm;
    return 10 * Math.max(ofNorm, this.asymmetry, this.products.error ?? 0);
  }

  get ended(): boolean {
    return this.steps > 0 && (this.steps === this.matrixOrder || this.betas[this.steps - 1]! <= this.noise);
  }

  /** One product more. Throws an InternalError where the products are those of no symmetric matrix. */
  async step(): Promise<void> {
    const { basis, steps } = this;
    if (basis.size === 0 || this.ended) throw new RangeError('Lanczos has come to its end');
    const before = this.betas.at(-1) ?? 0;
    const { along, coefficients: column, remaining: beta } = await basis.step(before);
    column[steps]! += along;
    if (steps > 0) column[steps - 1]! += before;
    this.checkSymmetry(column, Math.max(this.norm, Math.hypot(...column, beta)));
    const alpha = column[steps]!;
    this.norm = Math.max(this.norm, before + Math.abs(alpha) + beta);
    this.alphas.push(alpha);
    this.betas.push(beta);
    this.coefficients.push(Float64Array.of(...column, beta));
  }

  /** Lets the memory go: the coefficients stay, and no step follows. */
  releaseBasis(): void {
    this.basis.release();
  }

  /** In ascending order. */
  ritzValues(): RitzValue[] {
    const { values, last } = tridiagonalEigenpairs({
      order: this.steps,
      diagonal: this.alphas,
      offDiagonal: this.betas,
    });
    const beta = this.betas.at(-1) ?? 0;
    return Array.from(values, (value, index) => ({ value, residual: beta * Math.abs(last[index]!) }));
  }

  /** H of a vector in the span of q_1 … q_k, by its k coefficients, without a product. */
  imageOf(coordinates: Float64Array): Promise<Float64Array> {
    const inBasis = new Float64Array(this.basis.size);
    for (const [j, column] of this.coefficients.entries())
      for (const [i, coefficient] of column.entries()) inBasis[i]! += coefficient * coordinates[j]!;
    return this.basis.combination(inBasis);
  }

  /** H q_j has the parts β_{j−1} along q_{j−1} and none along those before, or H is not symmetric. */
  private checkSymmetry(column: Float64Array, norm: number): void {
    const before = this.betas.at(-1) ?? 0;
    let worst = 0;
    for (let i = 0; i < column.length - 1; i++)
      worst = Math.max(worst, Math.abs(column[i]! - (i === column.length - 2 ? before : 0)));
    this.asymmetry = Math.max(this.asymmetry, worst);
    const known = 20 * (this.products.error ?? 0);
    if (worst <= Math.max(Math.max(symmetryTolerance, 20 * this.productError) * norm, known)) return;
    throw new FailureError(
      'InternalError',
      `No curvature is shown because the products with the Hessian differ from those of a symmetric matrix by ${(worst / norm).toExponential(1)} of its norm; please report it with the model.`,
      `Lanczos step ${this.steps + 1} of order ${this.matrixOrder}`,
    );
  }
}
