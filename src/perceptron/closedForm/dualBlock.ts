import type { Matrix, MatrixProducts, MatrixStack } from '../../runtime/matrixProducts';
import type { CurvatureFeatures } from './curvatureFeatures';
import type { BlockSum } from './blockSum';
import { PairSum } from './pairSum';
import { ranges } from './ranges';
import { rowsOf } from './sampleTile';

/**
 * The pairs of two runs of samples (or of one run with itself), on which blocks of the Hessian are summed in their
 * dual form (math.md 3): ‖H_ml‖_F² = (1/N²) Σ_{n,n'} (ã_{l−1}ⁿ·ã_{l−1}ⁿ') K_ml[n,n']. The factor 1/N² is the caller's.
 * Features are made and multiplied in pieces of at most `pieceBytes`.
 */
export class SamplePairs {
  private readonly grams = new Map<number, PairSum>();
  private readonly same: boolean;

  constructor(
    private readonly a: CurvatureFeatures,
    private readonly b: CurvatureFeatures,
    private readonly products: MatrixProducts,
    private readonly pieceBytes: number,
  ) {
    this.same = a === b;
  }

  /** Adds the pairs to the block (l,l), and the traces of M_l of the samples of `a` to `traces`. */
  async diagonalBlock(l: number, block: BlockSum, traces: Float64Array): Promise<void> {
    const sum = this.pairSum();
    const width = this.a.tile.layers[l]!.outputs;
    const unused = new Float64Array(this.b.tile.count);
    for (const [from, to] of this.pieces(width, width)) {
      const left = await this.a.packedCurvature(l, from, to, traces);
      await this.addPairs(sum, left, () => this.b.packedCurvature(l, from, to, unused));
    }
    sum.multiply(await this.gram(l));
    this.reduce(block, sum, await this.gram(l), []);
  }

  /** Adds the pairs to the block (m,l), m > l. */
  async crossBlock(m: number, l: number, block: BlockSum): Promise<void> {
    if (this.a.tile.gaussNewton) {
      await this.gaussNewtonCrossBlock(m, l, block);
      return;
    }
    const sum = this.pairSum();
    const jacobians = this.pairSum();
    const mixed = this.same ? [this.pairSum()] : [this.pairSum(), this.transposedPairSum()];
    const adjacent = m === l + 1;
    const { layers } = this.a.tile;
    for (const [from, to] of this.pieces(layers[m]!.outputs + layers[m - 1]!.outputs, layers[l]!.outputs)) {
      const left = await this.a.crossCurvature(m, l, from, to);
      const right = this.same ? left : await this.b.crossCurvature(m, l, from, to);
      await this.addPairs(sum, flat(left), () => flat(right));
      if (adjacent) {
        await this.addAdjacentMixed(mixed[0]!, this.a, left, this.b, m, from, to);
        if (!this.same) await this.addAdjacentMixed(mixed[1]!, this.b, right, this.a, m, from, to);
      } else {
        const leftJacobian = this.a.innerJacobian(m - 1, l, from, to);
        const rightJacobian = this.same ? leftJacobian : this.b.innerJacobian(m - 1, l, from, to);
        await this.addPairs(jacobians, flat(leftJacobian), () => flat(rightJacobian));
        await this.addMixed(mixed[0]!, this.a, left, this.b, rightJacobian, m);
        if (!this.same) await this.addMixed(mixed[1]!, this.b, right, this.a, leftJacobian, m);
      }
    }
    if (adjacent) await this.addPairs(jacobians, this.a.tile.slope[l]!, () => this.b.tile.slope[l]!);
    const errors = this.pairSum();
    await this.addPairs(errors, this.a.tile.delta[m]!, () => this.b.tile.delta[m]!);
    sum.multiply(await this.gram(m));
    sum.addProduct(errors, jacobians);
    this.reduce(block, sum, await this.gram(l), mixed);
  }

  /** The block without the terms of the errors δ and the bends φ'': K_ml = ⟨A_mᵀ M_L A_l, ·⟩ (ã_{m−1}·ã_{m−1}'). */
  private async gaussNewtonCrossBlock(m: number, l: number, block: BlockSum): Promise<void> {
    const sum = this.pairSum();
    const { layers } = this.a.tile;
    for (const [from, to] of this.pieces(layers[m]!.outputs, layers[l]!.outputs)) {
      const left = flat(await this.a.crossCurvature(m, l, from, to));
      await this.addPairs(sum, left, async () => flat(await this.b.crossCurvature(m, l, from, to)));
    }
    sum.multiply(await this.gram(m));
    this.reduce(block, sum, await this.gram(l), []);
  }

  /** Adds Σ of the elements, each with its row; pairs n' > n stand for both orders where only those are computed. */
  private reduce(block: BlockSum, sum: PairSum, gram: PairSum, mixed: readonly PairSum[]): void {
    const { rows, columns } = sum;
    const [forward, backward] = [mixed[0], mixed[1] ?? mixed[0]];
    const [fromRow, fromColumn] = [this.a.tile.from, this.b.tile.from];
    for (let n = 0; n < rows; n++) {
      let row = 0;
      for (let other = this.same ? n : 0; other < columns; other++) {
        const at = n * columns + other;
        let element = sum.data[at]!;
        if (forward !== undefined && backward !== undefined) {
          element += forward.data[at]! + backward.data[other * rows + n]!;
        }
        element *= gram.data[at]!;
        if (this.same && other === n) {
          block.sameSample += element;
          block.total += element;
          block.rows[fromRow + n]! += element;
        } else {
          row += element;
          block.rows[fromColumn + other]! += element;
        }
      }
      block.total += 2 * row;
      block.rows[fromRow + n]! += row;
    }
  }

  /** X for m = l + 1, where J is diagonal: rows H_ip a_p of one sample against δ_i φ'_p of the other. */
  private async addAdjacentMixed(
    sum: PairSum,
    of: CurvatureFeatures,
    curvature: MatrixStack,
    against: CurvatureFeatures,
    m: number,
    from: number,
    to: number,
  ): Promise<void> {
    const l = m - 1;
    const { rows, columns } = curvature;
    const inputs = of.tile.input[m]!;
    const left = new Float64Array(curvature.data.length);
    for (let n = 0, at = 0; n < curvature.count; n++) {
      for (let i = 0; i < rows; i++) {
        for (let p = from; p < to; p++, at++)
          left[at] = curvature.data[at]! * inputs.data[n * inputs.columns + p]!;
      }
    }
    const { delta, slope, count } = against.tile;
    const right = new Float64Array(count * rows * columns);
    for (let n = 0, at = 0; n < count; n++) {
      for (let i = 0; i < rows; i++) {
        const error = delta[m]!.data[n * rows + i]!;
        for (let p = from; p < to; p++, at++) right[at] = error * slope[l]!.data[n * slope[l]!.columns + p]!;
      }
    }
    const depth = rows * columns;
    await sum.add(
      { rows: curvature.count, columns: depth, data: left },
      { rows: count, columns: depth, data: right },
    );
  }

  /** X for m > l + 1: X[n,n'] += Σ_p (H_mlⁿᵀ δ_mⁿ')_p (J_{m−1,l}ⁿ'ᵀ a_{m−1}ⁿ)_p, column p by column p. */
  private async addMixed(
    sum: PairSum,
    of: CurvatureFeatures,
    curvature: MatrixStack,
    against: CurvatureFeatures,
    jacobian: MatrixStack,
    m: number,
  ): Promise<void> {
    const inputs = of.tile.input[m]!;
    const activations = firstColumns(inputs, of.tile.layers[m]!.inputs);
    for (let p = 0; p < curvature.columns; p++) {
      const bent = await this.products.timesTransposed(column(curvature, p), against.tile.delta[m]!);
      const moved = await this.products.timesTransposed(activations, column(jacobian, p));
      sum.addProduct(bent, moved);
    }
  }

  private async addPairs(sum: PairSum, left: Matrix, right: () => Matrix | Promise<Matrix>): Promise<void> {
    if (this.same) await sum.addSymmetric(left);
    else await sum.add(left, await right());
  }

  /** G_l = Ã_{l−1} Ã_{l−1}ᵀ. */
  private async gram(l: number): Promise<PairSum> {
    const known = this.grams.get(l);
    if (known !== undefined) return known;
    const gram = this.pairSum();
    await this.addPairs(gram, this.a.tile.input[l]!, () => this.b.tile.input[l]!);
    this.grams.set(l, gram);
    return gram;
  }

  private pairSum(): PairSum {
    return new PairSum(this.a.tile.count, this.b.tile.count, this.products);
  }

  private transposedPairSum(): PairSum {
    return new PairSum(this.b.tile.count, this.a.tile.count, this.products);
  }

  /** Ranges of columns whose features, `height` numbers a column and sample, stay within the piece's bytes. */
  private pieces(height: number, width: number): [number, number][] {
    const samples = Math.max(this.a.tile.count, this.b.tile.count);
    return ranges(width, Math.floor(this.pieceBytes / (8 * samples * height)));
  }
}

function flat({ count, rows, columns, data }: MatrixStack): Matrix {
  return { rows: count, columns: rows * columns, data };
}

/** Column p of every matrix of a stack; S × rows. */
function column({ count, rows, columns, data }: MatrixStack, p: number): Matrix {
  const result = new Float64Array(count * rows);
  for (let at = 0; at < result.length; at++) result[at] = data[at * columns + p]!;
  return { rows: count, columns: rows, data: result };
}

function firstColumns(matrix: Matrix, columns: number): Matrix {
  if (matrix.columns === columns) return matrix;
  const data = new Float64Array(matrix.rows * columns);
  for (let n = 0; n < matrix.rows; n++) {
    data.set(rowsOf(matrix, n, n + 1).data.subarray(0, columns), n * columns);
  }
  return { rows: matrix.rows, columns, data };
}
