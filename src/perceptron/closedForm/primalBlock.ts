import type { Matrix, MatrixProducts } from '../../runtime/matrixProducts';
import type { CurvatureFeatures } from './curvatureFeatures';
import { ranges, type BlockSum } from './dualBlock';
import { rowsOf } from './sampleTile';

/**
 * A piece of a block's sum over samples, before it is squared: the primal form (math.md 3) is linear in the number of
 * samples. Pieces are added up over all tiles, then their squares are the block's ‖·‖_F² (times N²).
 */
export class PrimalSum {
  private sum: Float64Array | null = null;
  private sameSample = 0;

  constructor(
    private readonly products: MatrixProducts,
    private readonly pieceBytes: number,
  ) {}

  /**
   * Rows `from` to `to` of the packed upper triangle of M_l against pack(ã ãᵀ), summed over the tile:
   * ‖H_ll‖_F² = ‖Φᵀ Ξ‖_F² / N².
   */
  async addDiagonal(
    features: CurvatureFeatures,
    l: number,
    from: number,
    to: number,
    traces: Float64Array,
  ): Promise<void> {
    const input = features.tile.input[l]!;
    const curvature = await features.packedCurvature(l, from, to, traces);
    const packedWidth = (input.columns * (input.columns + 1)) / 2;
    for (const [first, last] of this.sampleRanges(input.rows, packedWidth)) {
      await this.add(rowsOf(curvature, first, last), packedSquares(rowsOf(input, first, last)));
    }
    for (let n = 0; n < input.rows; n++) {
      this.sameSample +=
        squaredNorm(rowsOf(curvature, n, n + 1).data) * squaredNorm(rowsOf(input, n, n + 1).data) ** 2;
    }
  }

  /**
   * Columns `from` to `to` of l in V_n = H_ij ã_p + δ_i J_pj (i over d_m, p over ã_{m−1}, j over d_l) against ã_{l−1}:
   * ‖H_ml‖_F² = ‖Σ_n V_n ⊗ ã_{l−1}‖² / N², m > l.
   */
  async addCross(features: CurvatureFeatures, m: number, l: number, from: number, to: number): Promise<void> {
    const { tile } = features;
    const curvature = await features.crossCurvature(m, l, from, to);
    const jacobian = m === l + 1 ? null : features.innerJacobian(m - 1, l, from, to);
    const [height, width, inputs] = [curvature.rows, to - from, tile.input[m]!];
    const [inner, innerWidth] = [inputs.columns, tile.layers[m]!.inputs];
    const slope = tile.slope[l]!;
    for (const [first, last] of this.sampleRanges(tile.count, height * inner * width)) {
      const data = new Float64Array((last - first) * height * inner * width);
      let at = 0;
      for (let n = first; n < last; n++) {
        const start = at;
        for (let i = 0; i < height; i++) {
          const error = tile.delta[m]!.data[n * height + i]!;
          const row = (n * height + i) * width;
          for (let p = 0; p < inner; p++) {
            const activation = inputs.data[n * inner + p]!;
            for (let j = 0; j < width; j++) data[at + j] = curvature.data[row + j]! * activation;
            if (p < innerWidth) {
              if (jacobian === null) {
                if (p >= from && p < to) data[at + p - from]! += error * slope.data[n * slope.columns + p]!;
              } else {
                const source = (n * innerWidth + p) * width;
                for (let j = 0; j < width; j++) data[at + j]! += error * jacobian.data[source + j]!;
              }
            }
            at += width;
          }
        }
        this.sameSample +=
          squaredNorm(data.subarray(start, at)) * squaredNorm(rowsOf(tile.input[l]!, n, n + 1).data);
      }
      await this.add(
        { rows: last - first, columns: height * inner * width, data },
        rowsOf(tile.input[l]!, first, last),
      );
    }
  }

  /** Squares the piece and adds it to the block. */
  addTo(block: BlockSum): void {
    block.total += squaredNorm(this.sum ?? new Float64Array(0));
    block.sameSample += this.sameSample;
  }

  private async add(left: Matrix, right: Matrix): Promise<void> {
    const { data } = await this.products.transposedTimes(left, right);
    if (this.sum === null) this.sum = data;
    else for (let at = 0; at < data.length; at++) this.sum[at]! += data[at]!;
  }

  private sampleRanges(samples: number, numbersPerSample: number): [number, number][] {
    return ranges(samples, Math.floor(this.pieceBytes / (8 * numbersPerSample)));
  }
}

/** The upper triangle of ã ãᵀ of every row, off-diagonals × √2. */
function packedSquares({ rows, columns, data }: Matrix): Matrix {
  const width = (columns * (columns + 1)) / 2;
  const packed = new Float64Array(rows * width);
  for (let n = 0, at = 0; n < rows; n++) {
    for (let p = 0; p < columns; p++) {
      const value = data[n * columns + p]!;
      packed[at++] = value * value;
      const scaled = Math.SQRT2 * value;
      for (let q = p + 1; q < columns; q++) packed[at++] = scaled * data[n * columns + q]!;
    }
  }
  return { rows, columns: width, data: packed };
}

function squaredNorm(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return sum;
}
