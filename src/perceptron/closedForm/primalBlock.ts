import type { Matrix, MatrixProducts } from '../../runtime/matrixProducts';
import type { BlockSum } from './blockSum';
import type { CurvatureFeatures } from './curvatureFeatures';
import { ranges, type Range } from './ranges';
import { rowsOf } from './sampleTile';
import { columnsOfMatrix, flat, transposeMatrix } from './stacks';

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
  /** One column for every sample: the products need no transposing, and loops run along the samples. */
  readonly left: Matrix;
  /** One row for every sample. */
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
    /** Whether what the samples bring is wanted, beside their sum. */
    private readonly withSamples: boolean,
  ) {}

  async add({ left, right }: Factors): Promise<void> {
    const product = await this.products.times(left, right);
    if (this.sum === null) this.sum = product;
    else for (let at = 0; at < product.data.length; at++) this.sum.data[at]! += product.data[at]!;
    if (!this.withSamples) return;
    const squares = squaredColumns(left);
    for (let n = 0; n < right.rows; n++) {
      this.block.sameSample += squares[n]! * squaredNorm(rowsOf(right, n, n + 1).data);
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
    const { rows, columns, data } = await this.products.transposedTimes(left, this.sum);
    for (let n = 0, at = 0; n < rows; n++) {
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
  [from, to]: Range,
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
      left: transposeMatrix(rowsOf(curvature, first, last)),
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
  [m, l]: readonly [number, number],
  [from, to]: Range,
  pieceBytes: number,
): AsyncGenerator<Factors> {
  const { tile } = features;
  const curvature = await features.crossCurvature(m, l, from, to);
  const inner = tile.input[m]!.columns;
  const curved = transposeMatrix(flat(curvature));
  const activations = transposeMatrix(tile.input[m]!);
  const moved = tile.gaussNewton ? null : movedInputs(features, m, l, from, to);
  const columns = curved.rows * inner;
  const runs = new SampleRuns(tile.count, columns, pieceBytes);
  for (const [first, last] of runs.ranges) {
    const data = runs.numbers(first, last);
    writeCurvedActivations(data, curved, activations, { width: curvature.columns, first, last });
    if (moved !== null) addErrorTerms(data, moved, inner * curvature.columns, first, last);
    yield {
      from: tile.from + first,
      left: { rows: columns, columns: last - first, data },
      right: rowsOf(tile.input[l]!, first, last),
    };
  }
}

/** H_ij ã_p of samples `first` to `last`: rows by i over d_m, p over ã, j over the `width` columns of H. */
function writeCurvedActivations(
  result: Float64Array,
  { rows, columns: samples, data: curvature }: Matrix,
  { rows: inner, data: activations }: Matrix,
  { width, first, last }: { readonly width: number; readonly first: number; readonly last: number },
): void {
  let at = 0;
  for (let row = 0; row < rows; row += width) {
    for (let p = 0; p < inner; p++) {
      const activation = p * samples;
      for (let j = row; j < row + width; j++) {
        const element = j * samples;
        for (let n = first; n < last; n++, at++) {
          result[at] = curvature[element + n]! * activations[activation + n]!;
        }
      }
    }
  }
}

/** The δ_i J_pj of a block, without their product. */
interface MovedInputs {
  /** δ_i, one row for every i. */
  readonly errors: Matrix;
  /** The J_pj that are not 0, one row for each. */
  readonly jacobian: Matrix;
  /** Where each of those rows lies among all (p,j). */
  readonly places: readonly number[];
}

function movedInputs(
  features: CurvatureFeatures,
  m: number,
  l: number,
  from: number,
  to: number,
): MovedInputs {
  const { delta, slope } = features.tile;
  const errors = transposeMatrix(delta[m]!);
  const width = to - from;
  if (m === l + 1) {
    const jacobian = transposeMatrix(columnsOfMatrix(slope[l]!, from, to));
    return { errors, jacobian, places: Array.from({ length: width }, (_, j) => (from + j) * width + j) };
  }
  const jacobian = transposeMatrix(flat(features.innerJacobian(m - 1, l, from, to)));
  return { errors, jacobian, places: Array.from({ length: jacobian.rows }, (_, row) => row) };
}

/** Adds δ_i J_pj for samples `first` to `last`; `height` is the number of all (p,j). */
function addErrorTerms(
  result: Float64Array,
  { errors, jacobian, places }: MovedInputs,
  height: number,
  first: number,
  last: number,
): void {
  const { rows, columns: samples, data } = errors;
  for (let i = 0; i < rows; i++) {
    for (const [row, place] of places.entries()) {
      let at = (i * height + place) * (last - first);
      for (let n = first; n < last; n++, at++) {
        result[at]! += data[i * samples + n]! * jacobian.data[row * samples + n]!;
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
  readonly ranges: readonly Range[];
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

/** Σ of squares of every column; four rows at a time, which halves the traffic with the sums. */
function squaredColumns({ rows, columns, data }: Matrix): Float64Array {
  const sums = new Float64Array(columns);
  let row = 0;
  for (; row + 3 < rows; row += 4) {
    const first = row * columns;
    const [second, third, fourth] = [first + columns, first + 2 * columns, first + 3 * columns];
    for (let n = 0; n < columns; n++) {
      sums[n]! +=
        data[first + n]! * data[first + n]! +
        data[second + n]! * data[second + n]! +
        data[third + n]! * data[third + n]! +
        data[fourth + n]! * data[fourth + n]!;
    }
  }
  for (; row < rows; row++) for (let n = 0; n < columns; n++) sums[n]! += data[row * columns + n]! ** 2;
  return sums;
}

function squaredNorm(values: Float64Array): number {
  let sum = 0;
  // eslint-disable-next-line @typescript-eslint/prefer-for-of -- iterating a typed array takes six times as long
  for (let at = 0; at < values.length; at++) sum += values[at]! * values[at]!;
  return sum;
}
