import { FailureError } from '../report/failure';
import type { SymmetricProducts } from './products';
import { uniformDirection, type RandomSource } from './randomVectors';
import { tridiagonalEigenpairs } from './tridiagonal';
import { addScaled, innerProduct, norm, projectOut } from './vectors';

/** Relative error of a float64 product that nobody has measured: a thousand rounding units. */
const float64Noise = 1e-13;

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
 * the k + 1 vectors of the basis tell QᵀHQ, HQ and its parts by layers. They are all the memory: 8 (k + 1) P bytes.
 */
export class Lanczos implements LanczosCoefficients {
  readonly matrixOrder: number;
  readonly alphas: number[] = [];
  readonly betas: number[] = [];
  /** q_1 … q_{k+1}, orthonormal; the last is 0 where β_k is. */
  readonly basis: Float64Array[];
  /** Column j holds h_1j … h_{j+1,j}. */
  readonly coefficients: Float64Array[] = [];
  /** The largest row sum of T: not below ‖T‖, and so at ‖H‖ or above it once Lanczos has found what is large. */
  private norm = 0;
  /**
   * The largest coefficient that is 0 for a symmetric matrix: near zero loss and for tiny weights a Hessian is a
   * difference of larger numbers, and its products are worse than their precision.
   */
  private asymmetry = 0;

  /** @param productError relative error of the products, measured; 0 for float64 */
  constructor(
    private readonly products: SymmetricProducts,
    random: RandomSource,
    private readonly productError: number,
  ) {
    this.matrixOrder = products.order;
    this.basis = [uniformDirection(products.order, random)];
  }

  get steps(): number {
    return this.alphas.length;
  }

  get noise(): number {
    return 10 * Math.max(this.productError * this.norm, float64Noise * this.norm, this.asymmetry);
  }

  get ended(): boolean {
    return this.steps > 0 && (this.steps === this.matrixOrder || this.betas[this.steps - 1]! <= this.noise);
  }

  /** One product more. Throws an InternalError where the products are those of no symmetric matrix. */
  async step(): Promise<void> {
    const current = this.basis.at(-1);
    if (current === undefined || this.ended) throw new RangeError('Lanczos has come to its end');
    const image = await this.products.multiply(current);
    const size = norm(image);
    const { coefficients: column, remaining: beta } = this.orthogonalised(image);
    this.checkSymmetry(column, Math.max(this.norm, size));
    const alpha = column[this.steps]!;
    this.norm = Math.max(this.norm, (this.betas.at(-1) ?? 0) + Math.abs(alpha) + beta);
    this.alphas.push(alpha);
    this.betas.push(beta);
    this.coefficients.push(Float64Array.of(...column, beta));
    if (beta > 0) for (let i = 0; i < image.length; i++) image[i]! /= beta;
    this.basis.push(image);
  }

  /**
   * Takes the basis out of H q_k, and returns its coefficients. What the recurrence of symmetric matrices has is taken out
   * first: what the pass over the whole basis begins with is then no larger than what it leaves, and one pass is enough.
   */
  private orthogonalised(image: Float64Array): ReturnType<typeof projectOut> {
    const [before, current] = [this.basis[this.steps - 1], this.basis[this.steps]];
    if (current === undefined) throw new RangeError('Lanczos has let its basis go');
    const beta = this.betas.at(-1) ?? 0;
    if (before !== undefined) addScaled(image, -beta, before);
    const alpha = innerProduct(current, image);
    addScaled(image, -alpha, current);
    const { coefficients, remaining } = projectOut(image, this.basis);
    coefficients[this.steps]! += alpha;
    if (before !== undefined) coefficients[this.steps - 1]! += beta;
    return { coefficients, remaining };
  }

  /** Lets the memory go: the coefficients stay, and no step follows. */
  releaseBasis(): void {
    this.basis.length = 0;
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
  imageOf(coordinates: Float64Array): Float64Array {
    const image = new Float64Array(this.matrixOrder);
    const inBasis = new Float64Array(this.basis.length);
    for (const [j, column] of this.coefficients.entries())
      for (const [i, coefficient] of column.entries()) inBasis[i]! += coefficient * coordinates[j]!;
    for (const [i, direction] of this.basis.entries()) addScaled(image, inBasis[i]!, direction);
    return image;
  }

  /** H q_j has the parts β_{j−1} along q_{j−1} and none along those before, or H is not symmetric. */
  private checkSymmetry(column: Float64Array, norm: number): void {
    const before = this.betas.at(-1) ?? 0;
    let worst = 0;
    for (let i = 0; i < column.length - 1; i++)
      worst = Math.max(worst, Math.abs(column[i]! - (i === column.length - 2 ? before : 0)));
    this.asymmetry = Math.max(this.asymmetry, worst);
    if (worst <= Math.max(symmetryTolerance, 20 * this.productError) * norm) return;
    throw new FailureError(
      'InternalError',
      `No curvature is shown because the products with the Hessian differ from those of a symmetric matrix by ${(worst / norm).toExponential(1)} of its norm; please report it with the model.`,
      `Lanczos step ${this.steps + 1} of order ${this.matrixOrder}`,
    );
  }
}
