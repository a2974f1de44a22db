import type { Matrix, MatrixProducts, MatrixStack } from '../../runtime/matrixProducts';
import { scaleColumns, stackTimes, weightOf, type SampleTile } from './sampleTile';
import { block, columnsOf, columnsOfMatrix, eachScaled, transposeMatrix, transposeColumns } from './stacks';

/**
 * The per-sample second derivatives that the blocks of the Hessian are made of, in pieces that bound the memory
 * (math.md 3, layers counted from 0):
 *
 *     M_l  = A_lᵀ M_L A_l + N_l              ∂²ℓ/∂z_l²
 *     H_ml = A_mᵀ M_L A_l + N_m T_ml         ∂²ℓ/∂z_m∂z_l, m > l
 *     N_l  = D_l W_{l+1}ᵀ N_{l+1} W_{l+1} D_l + diag(φ_l'' ⊙ u_l),  N_{L−1} = 0 (the last layer's is inside M_L)
 *     T_ml = ∂z_m/∂z_l = W_m D_{m−1} T_{m−1,l},  J_kl = D_k T_kl
 *
 * For the Gauss-Newton matrix N is 0. The split into a part of rank C and N keeps the work at C·d_m·d_l where N is diagonal.
 */
export class CurvatureFeatures {
  /** The layer before the last, whose N is diagonal; −1 where there is none. */
  private readonly lastHidden: number;

  private constructor(
    readonly tile: SampleTile,
    private readonly products: MatrixProducts,
    /** N_l in full for 1 ≤ l ≤ L−3; the first layer's is only ever needed in pieces. */
    private readonly bending: ReadonlyMap<number, MatrixStack>,
    /** T_ml for l+2 ≤ m ≤ L−2, keyed by `m,l`. */
    private readonly transfer: ReadonlyMap<string, MatrixStack>,
  ) {
    this.lastHidden = tile.layers.length - 2;
  }

  static async of(tile: SampleTile, products: MatrixProducts): Promise<CurvatureFeatures> {
    const bending = new Map<number, MatrixStack>();
    const transfer = new Map<string, MatrixStack>();
    const features = new CurvatureFeatures(tile, products, bending, transfer);
    if (tile.gaussNewton) return features;
    const { lastHidden } = features;
    for (let l = lastHidden - 1; l >= 1; l--) {
      bending.set(l, await features.pulledBack(l, 0, tile.layers[l]!.outputs, 0));
    }
    // From the output backwards: T_ml is made of T_m,l+1.
    for (let l = lastHidden - 2; l >= 0; l--) {
      for (let m = l + 2; m <= lastHidden; m++) {
        transfer.set(`${m},${l}`, await features.nextTransfer(m, l));
      }
    }
    return features;
  }

  /** Float64 numbers that one sample of a perceptron of these widths keeps in a tile and its features. */
  static numbersPerSample(widths: readonly number[], inputs: number): number {
    const outputs = widths[widths.length - 1]!;
    const lastHidden = widths.length - 2;
    let numbers = inputs + outputs * outputs;
    widths.forEach((width, l) => {
      numbers += width * (5 + 2 * outputs);
      if (l >= 1 && l < lastHidden) numbers += width * width;
      for (let m = l + 2; m <= lastHidden; m++) numbers += width * widths[m]!;
    });
    return numbers;
  }

  /**
   * Rows `from` to `to` of the upper triangle of M_l for every sample, off-diagonal elements × √2, so that products
   * of rows are Frobenius products of M_l; S × Σ_{i=from}^{to−1} (d_l − i). The diagonal's sum goes to `traces`.
   */
  async packedCurvature(l: number, from: number, to: number, traces: Float64Array): Promise<Matrix> {
    const { count, layers } = this.tile;
    const width = layers[l]!.outputs;
    const rows = await this.curvatureRows(l, from, to);
    let columns = 0;
    for (let i = from; i < to; i++) columns += width - i;
    const data = new Float64Array(count * columns);
    for (let n = 0, at = 0; n < count; n++) {
      for (let i = from; i < to; i++) {
        let source = (n * (to - from) + (i - from)) * rows.columns + (i - from);
        const diagonal = rows.data[source++]!;
        traces[n]! += diagonal;
        data[at++] = diagonal;
        for (let j = i + 1; j < width; j++) data[at++] = Math.SQRT2 * rows.data[source++]!;
      }
    }
    return { rows: count, columns, data };
  }

  /** Columns `from` to `to` of H_ml, m > l, for every sample; S × (d_m × (to − from)). */
  async crossCurvature(m: number, l: number, from: number, to: number): Promise<MatrixStack> {
    const { curvedJacobian, outputJacobian, layers, bend } = this.tile;
    const curved = columnsOf(curvedJacobian[l]!, from, to);
    if (m === layers.length - 1) return curved;
    const result = await this.products.timesEach(
      transposeColumns(outputJacobian[m]!, 0, layers[m]!.outputs),
      curved,
    );
    if (this.tile.gaussNewton) return result;
    const bending = this.bending.get(m);
    if (bending === undefined) return this.addScaledTransfer(result, bend[m]!, m, l, from);
    const bent = await this.products.timesEach(bending, this.transferColumns(m, l, from, to));
    for (let at = 0; at < result.data.length; at++) result.data[at]! += bent.data[at]!;
    return result;
  }

  /** Columns `from` to `to` of J_kl = ∂a_k/∂z_l, k > l; S × (d_k × (to − from)). For k = l it is diag(φ_l'). */
  innerJacobian(k: number, l: number, from: number, to: number): MatrixStack {
    const { layers, slope, count } = this.tile;
    const [rows, columns] = [layers[k]!.outputs, to - from];
    const zero = { count, rows, columns, data: new Float64Array(count * rows * columns) };
    return this.addScaledTransfer(zero, slope[k]!, k, l, from);
  }

  /** Adds the columns of diag(scale_n) T_ml from `from` on, in place. */
  private addScaledTransfer(
    stack: MatrixStack,
    scale: Matrix,
    m: number,
    l: number,
    from: number,
  ): MatrixStack {
    const { count, rows, columns, data } = stack;
    const stored = this.transfer.get(`${m},${l}`);
    const { inputs, weight } = this.tile.layers[m]!;
    const slope = this.tile.slope[l]!;
    for (let n = 0, at = 0; n < count; n++) {
      for (let i = 0; i < rows; i++) {
        const factor = scale.data[n * rows + i]!;
        if (stored !== undefined) {
          const source = (n * rows + i) * stored.columns + from;
          for (let j = 0; j < columns; j++, at++) data[at]! += factor * stored.data[source + j]!;
        } else {
          // T_{l+1,l} = W_{l+1} D_l is not stored: it would be as large as the stack.
          const [row, sample] = [i * inputs + from, n * slope.columns + from];
          for (let j = 0; j < columns; j++, at++)
            data[at]! += factor * weight[row + j]! * slope.data[sample + j]!;
        }
      }
    }
    return stack;
  }

  /** Rows `from` to `to` of M_l, columns from `from` on: the upper triangle lies in them. */
  private async curvatureRows(l: number, from: number, to: number): Promise<MatrixStack> {
    const { layers, curvedJacobian, outputJacobian } = this.tile;
    const width = layers[l]!.outputs;
    if (l === layers.length - 1) return block(curvedJacobian[l]!, from, to, from, width);
    const rows = await this.products.timesEach(
      transposeColumns(outputJacobian[l]!, from, to),
      columnsOf(curvedJacobian[l]!, from, width),
    );
    if (this.tile.gaussNewton) return rows;
    const stored = this.bending.get(l);
    if (l === this.lastHidden) return this.addBend(rows, l, from);
    const bending =
      stored === undefined ? await this.pulledBack(l, from, to, from) : block(stored, from, to, from, width);
    for (let at = 0; at < rows.data.length; at++) rows.data[at]! += bending.data[at]!;
    return rows;
  }

  /** Rows `from` to `to`, columns `firstColumn` on, of N_l = D W_{l+1}ᵀ N_{l+1} W_{l+1} D + diag(bend_l), l < L−2. */
  private async pulledBack(l: number, from: number, to: number, firstColumn: number): Promise<MatrixStack> {
    const { layers, bend, slope, count } = this.tile;
    const weight = weightOf(layers[l + 1]!);
    const left = transposeMatrix(columnsOfMatrix(weight, from, to));
    const next = this.bending.get(l + 1);
    const leftBending =
      next === undefined ? eachScaled(left, bend[l + 1]!, count) : await this.products.timesEach(left, next);
    const rows = await stackTimes(
      leftBending,
      columnsOfMatrix(weight, firstColumn, weight.columns),
      this.products,
    );
    const { columns: width, data: slopes } = slope[l]!;
    for (let n = 0, at = 0; n < count; n++) {
      for (let i = from; i < to; i++) {
        const scale = slopes[n * width + i]!;
        for (let j = firstColumn; j < width; j++, at++) rows.data[at]! *= scale * slopes[n * width + j]!;
      }
    }
    return this.addBend(rows, l, from, firstColumn);
  }

  /** Adds diag(bend_l) to rows that start at row `from` and column `firstColumn`, in place. */
  private addBend(rows: MatrixStack, l: number, from: number, firstColumn = from): MatrixStack {
    const { data, columns: width } = this.tile.bend[l]!;
    for (let n = 0; n < rows.count; n++) {
      for (let i = 0; i < rows.rows; i++) {
        rows.data[(n * rows.rows + i) * rows.columns + (from + i - firstColumn)]! +=
          data[n * width + from + i]!;
      }
    }
    return rows;
  }

  /** Columns of T_ml, m > l, in memory of their own. */
  private transferColumns(m: number, l: number, from: number, to: number): MatrixStack {
    const stored = this.transfer.get(`${m},${l}`);
    if (stored !== undefined) return columnsOf(stored, from, to);
    const { layers, slope, count } = this.tile;
    return eachScaled(
      columnsOfMatrix(weightOf(layers[m]!), from, to),
      columnsOfMatrix(slope[l]!, from, to),
      count,
    );
  }

  /** T_ml = T_{m,l+1} W_{l+1} D_l. */
  private async nextTransfer(m: number, l: number): Promise<MatrixStack> {
    const { layers, slope } = this.tile;
    const above = this.transferColumns(m, l + 1, 0, layers[l + 1]!.outputs);
    return scaleColumns(await stackTimes(above, weightOf(layers[l + 1]!), this.products), slope[l]!);
  }
}
