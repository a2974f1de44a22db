import type { Matrix, MatrixProducts, MatrixStack } from '../../runtime/matrixProducts';
import type { BlockSum } from './blockSum';
import type { CurvatureFeatures } from './curvatureFeatures';
import { ranges } from './ranges';
import { rowsOf } from './sampleTile';

/** Bytes of the factors that are made at once: they are read again from the cache, and their memory is used again. */
const factorBytes = 4 * 1024 ** 2;

/** Samples that are taken at once at least: adding their sum costs as much as the products of a few samples. */
const leastSamples = 128;

/**
 * What one run of samples brings to a block: Σ_n left_n ⊗ right_n is a piece of N times the block itself. The numbers are
 * overwritten when the next factors are asked for.
 */
export interface Factors {
  /** The first sample, counted over all tiles. */
  readonly from: number;
  readonly left: Matrix;
  readonly right: Matrix;
}

/**
 * The primal form of a block (math.md 3), linear in the number of samples: pieces of Σ_n left_n ⊗ right_n are added up over
 * all tiles, then their squares are ‖H_ml‖_F² (times N²), and ⟨left_n ⊗ right_n, Σ⟩ is the sample's row of the double sum.
 */
export class PrimalPiece {
  private sum: Matrix | null = null;

  constructor(
    private readonly products: MatrixProducts,
    private readonly block: BlockSum,
  ) {}

  async add({ left, right }: Factors): Promise<void> {
    const product = await this.products.transposedTimes(left, right);
    if (this.sum === null) this.sum = product;
    else for (let at = 0; at < product.data.length; at++) this.sum.data[at]! += product.data[at]!;
    for (let n = 0; n < left.rows; n++) {
      this.block.sameSample +=
        squaredNorm(rowsOf(left, n, n + 1).data) * squaredNorm(rowsOf(right, n, n + 1).data);
    }
  }

  /** Ends the sum: its squares go to the block. Returns the sum. */
  close(): Matrix {
    if (this.sum === null) throw new RangeError('A piece without samples');
    this.block.total += squaredNorm(this.sum.data);
    return this.sum;
  }

  /** The rows of the samples; `factors` are those that were added, `close` has been called. */
  async addRows({ from, left, right }: Factors): Promise<void> {
    if (this.sum === null) throw new RangeError('Rows of an empty sum');
    const { data, columns } = await this.products.times(left, this.sum);
    for (let n = 0, at = 0; n < left.rows; n++) {
      let row = 0;
      for (let q = 0; q < columns; q++, at++) row += data[at]! * right.data[at]!;
      this.block.rows[from + n]! += row;
    }
  }
}

/**
 * Rows `from` to `to` of the packed upper triangle of M_l against pack(ã ãᵀ): ‖H_ll‖_F² = ‖Φᵀ Ξ‖_F² / N².
 * The traces of M_l of the tile's samples are added to `traces`.
 */
export async function* diagonalFactors(
  features: CurvatureFeatures,
  l: number,
  from: number,
  to: number,
  pieceBytes: number,
  traces: Float64Array,
): AsyncGenerator<Factors> {
  const input = features.tile.input[l]!;
  const curvature = await features.packedCurvature(l, from, to, traces);
  const packedWidth = (input.columns * (input.columns + 1)) / 2;
  const runs = new SampleRuns(input.rows, packedWidth, pieceBytes);
  for (const [first, last] of runs.ranges) {
    const data = runs.numbers(first, last);
    packSquares(rowsOf(input, first, last), data);
    yield {
      from: features.tile.from + first,
      left: rowsOf(curvature, first, last),
      right: { rows: last - first, columns: packedWidth, data },
    };
  }
}

/**
 * Columns `from` to `to` of l in V_n = H_ij ã_p + δ_i J_pj (i over d_m, p over ã_{m−1}, j over d_l) against ã_{l−1}:
 * ‖H_ml‖_F² = ‖Σ_n V_n ⊗ ã_{l−1}‖² / N², m > l.
 */
export async function* crossFactors(
  features: CurvatureFeatures,
  m: number,
  l: number,
  from: number,
  to: number,
  pieceBytes: number,
): AsyncGenerator<Factors> {
  const { tile } = features;
  const curvature = await features.crossCurvature(m, l, from, to);
  const [height, width, inputs] = [curvature.rows, to - from, tile.input[m]!];
  const inner = inputs.columns;
  const runs = new SampleRuns(tile.count, height * inner * width, pieceBytes);
  for (const [first, last] of runs.ranges) {
    const data = runs.numbers(first, last);
    writeCurvedActivations(data, curvature, inputs, first, last);
    if (!features.tile.gaussNewton) addErrorTerms(data, features, m, l, [from, to], [first, last]);
    yield {
      from: tile.from + first,
      left: { rows: last - first, columns: height * inner * width, data },
      right: rowsOf(tile.input[l]!, first, last),
    };
  }
}

/** Writes H_ij ã_p of samples `first` to `last`: i over the rows of H, p over ã, j over the columns of H. */
function writeCurvedActivations(
  result: Float64Array,
  { rows: height, columns: width, data: curvature }: MatrixStack,
  { columns: inner, data: activations }: Matrix,
  first: number,
  last: number,
): void {
  for (let n = first, at = 0; n < last; n++) {
    for (let i = 0; i < height; i++) {
      const row = (n * height + i) * width;
      for (let p = 0; p < inner; p++) {
        const activation = activations[n * inner + p]!;
        for (let j = 0; j < width; j++, at++) result[at] = curvature[row + j]! * activation;
      }
    }
  }
}

/** Adds δ_i J_pj to the V_n of samples `first` to `last`. */
function addErrorTerms(
  data: Float64Array,
  features: CurvatureFeatures,
  m: number,
  l: number,
  [from, to]: readonly [number, number],
  [first, last]: readonly [number, number],
): void {
  const { tile } = features;
  const { columns: height, data: errors } = tile.delta[m]!;
  const [inner, outputs, width] = [tile.input[m]!.columns, tile.layers[m]!.inputs, to - from];
  const { columns: slopes, data: slope } = tile.slope[l]!;
  const jacobian = m === l + 1 ? null : features.innerJacobian(m - 1, l, from, to).data;
  for (let n = first; n < last; n++) {
    for (let i = 0; i < height; i++) {
      const error = errors[n * height + i]!;
      const start = ((n - first) * height + i) * inner * width;
      if (jacobian === null) {
        for (let p = from; p < to; p++)
          data[start + p * width + (p - from)]! += error * slope[n * slopes + p]!;
      } else {
        const source = n * outputs * width;
        for (let at = 0; at < outputs * width; at++) data[start + at]! += error * jacobian[source + at]!;
      }
    }
  }
}

/** Writes the upper triangle of ã ãᵀ of every row, off-diagonals × √2. */
function packSquares({ rows, columns, data }: Matrix, packed: Float64Array): void {
  for (let n = 0, at = 0; n < rows; n++) {
    for (let p = 0; p < columns; p++) {
      const value = data[n * columns + p]!;
      packed[at++] = value * value;
      const scaled = Math.SQRT2 * value;
      for (let q = p + 1; q < columns; q++) packed[at++] = scaled * data[n * columns + q]!;
    }
  }
}

/** Runs of samples, `width` numbers each, that share one piece of memory. */
class SampleRuns {
  readonly ranges: readonly (readonly [number, number])[];
  private readonly memory: Float64Array;

  constructor(
    samples: number,
    private readonly width: number,
    pieceBytes: number,
  ) {
    const bytes = Math.min(pieceBytes, Math.max(factorBytes, 8 * width * leastSamples));
    const step = Math.max(1, Math.min(samples, Math.floor(bytes / (8 * width))));
    this.ranges = ranges(samples, step);
    this.memory = new Float64Array(step * width);
  }

  /** Numbers for the samples of one run; what they held is left there. */
  numbers(first: number, last: number): Float64Array {
    return this.memory.subarray(0, (last - first) * this.width);
  }
}

/** Four sums side by side: one alone waits for every addition before the next. */
function squaredNorm(values: Float64Array): number {
  let [first, second, third, fourth] = [0, 0, 0, 0];
  let at = 0;
  for (; at + 3 < values.length; at += 4) {
    first += values[at]! * values[at]!;
    second += values[at + 1]! * values[at + 1]!;
    third += values[at + 2]! * values[at + 2]!;
    fourth += values[at + 3]! * values[at + 3]!;
  }
  for (; at < values.length; at++) first += values[at]! * values[at]!;
  return first + second + (third + fourth);
}
