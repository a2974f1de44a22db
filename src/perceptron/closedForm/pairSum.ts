import type { Matrix, MatrixProducts } from '../../runtime/matrixProducts';
import { rowsOf } from './sampleTile';

/** Rows of a symmetric sum that one product computes: half the work is saved but for the blocks on the diagonal. */
const symmetricRows = 192;

/**
 * A sum over features of products of pairs of samples, K[n,n'] += Σ_f left[n,f] right[n',f]. Where both sides are the
 * same samples and features the sum is symmetric, and only n' ≥ n is meaningful.
 */
export class PairSum {
  readonly data: Float64Array;

  constructor(
    readonly rows: number,
    readonly columns: number,
    private readonly products: MatrixProducts,
  ) {
    this.data = new Float64Array(rows * columns);
  }

  /** Adds left·rightᵀ; left rows × F, right columns × F. */
  async add(left: Matrix, right: Matrix): Promise<void> {
    const product = await this.products.timesTransposed(left, right);
    this.addBlock(product, 0, 0);
  }

  /** Adds features·featuresᵀ, the elements n' ≥ n only. */
  async addSymmetric(features: Matrix): Promise<void> {
    for (let from = 0; from < this.rows; from += symmetricRows) {
      const to = Math.min(this.rows, from + symmetricRows);
      const product = await this.products.timesTransposed(
        rowsOf(features, from, to),
        rowsOf(features, from, this.rows),
      );
      this.addBlock(product, from, from);
    }
  }

  multiply(other: PairSum): void {
    for (let at = 0; at < this.data.length; at++) this.data[at]! *= other.data[at]!;
  }

  /** Adds a ⊙ b. */
  addProduct(a: { readonly data: Float64Array }, b: { readonly data: Float64Array }): void {
    for (let at = 0; at < this.data.length; at++) this.data[at]! += a.data[at]! * b.data[at]!;
  }

  private addBlock(product: Matrix, fromRow: number, fromColumn: number): void {
    const { rows, columns, data } = product;
    for (let n = 0, at = 0; n < rows; n++) {
      let target = (fromRow + n) * this.columns + fromColumn;
      for (let j = 0; j < columns; j++) this.data[target++]! += data[at++]!;
    }
  }
}
