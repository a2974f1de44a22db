import type { Matrix } from '../../runtime/matrixProducts';
import type { CurvatureFeatures } from './curvatureFeatures';
import type { Range } from './ranges';
import type { AffineLayer } from '../perceptron';
import { augmentedWidth, rowsOf, type SampleTile } from './sampleTile';
import { columnsOfMatrix, flat } from './stacks';

/** A run of columns of layer l (rows of M_l where m = l) of the block (m,l) of the Hessian. */
export interface Piece {
  readonly m: number;
  readonly l: number;
  readonly columns: Range;
}

/** Which sources a factor is: one as it is, the products of all numbers of two, or, of one twice, its packed square. */
export type FactorOf = readonly [number] | readonly [number, number];

/** Σ_n left_n ⊗ right_n over samples. */
export interface Term {
  readonly left: FactorOf;
  readonly right: FactorOf;
  /** Whether a weight moves the right factor: none moves ã_0. */
  readonly rightMoves: boolean;
}

/** What a piece of a block is made of, of some samples. */
export interface PieceOfSamples {
  /**
   * One row for every sample (math.md 3): M_l and ã_{l−1} of a diagonal block; H_ml, ã_{m−1}, ã_{l−1}, δ_m and J_{m−1,l} of
   * any other, without the last two for the Gauss-Newton matrix.
   */
  readonly sources: readonly Matrix[];
  /** The piece's part of N tr(H_ll); null unless m = l. */
  readonly trace: LayerTrace | null;
}

/** What features say of a piece. */
export async function pieceOfSamples(
  features: CurvatureFeatures,
  { m, l, columns: [from, to] }: Piece,
): Promise<PieceOfSamples> {
  const { input, delta, slope, gaussNewton, count } = features.tile;
  if (m === l) {
    const traces = new Float64Array(count);
    const curvature = await features.packedCurvature(l, from, to, traces);
    return { sources: [curvature, input[l]!], trace: traceWith(features.tile, l, traces) };
  }
  const sources = [flat(await features.crossCurvature(m, l, from, to)), input[m]!, input[l]!];
  if (gaussNewton) return { sources, trace: null };
  // J of neighbours is diagonal.
  const jacobian =
    m === l + 1 ? columnsOfMatrix(slope[l]!, from, to) : flat(features.innerJacobian(m - 1, l, from, to));
  return { sources: [...sources, delta[m]!, jacobian], trace: null };
}

/** The terms of a block in its sources. The first has the elements of the block itself, the second some of them. */
export function termsOf(m: number, l: number, gaussNewton: boolean): Term[] {
  if (m === l) return [{ left: [0], right: [1, 1], rightMoves: l > 0 }];
  const curved: Term = { left: [0], right: [1, 2], rightMoves: true };
  if (gaussNewton) return [curved];
  return [
    curved,
    m === l + 1
      ? { left: [3, 4], right: [2], rightMoves: l > 0 }
      : { left: [3, 2], right: [4], rightMoves: true },
  ];
}

/** Numbers that the sum over samples holds for each row (diagonal) or column (any other) of a block. */
export function sumPerColumn(layers: readonly AffineLayer[], m: number, l: number): number {
  const [upper, lower] = [layers[m]!, layers[l]!];
  const inputs = augmentedWidth(lower);
  return m === l
    ? (lower.outputs * inputs * (inputs + 1)) / 2
    : upper.outputs * augmentedWidth(upper) * inputs;
}

/** Where the elements of the second term lie among those of the first: rows i over d_m, j; columns p over ã_{m−1}, q. */
export function placesOf({ m, l, columns: [from, to] }: Piece, layers: readonly AffineLayer[]): Int32Array {
  const [height, inner, before] = [layers[m]!.outputs, augmentedWidth(layers[m]!), layers[m]!.inputs];
  const [width, inputs] = [to - from, augmentedWidth(layers[l]!)];
  const place = (i: number, j: number, p: number, q: number): number =>
    ((i * width + j) * inner + p) * inputs + q;
  const adjacent = m === l + 1;
  const places = new Int32Array(height * width * inputs * (adjacent ? 1 : before));
  let at = 0;
  for (let i = 0; i < height; i++) {
    if (adjacent) {
      for (let j = 0; j < width; j++)
        for (let q = 0; q < inputs; q++) places[at++] = place(i, j, from + j, q);
    } else {
      for (let q = 0; q < inputs; q++)
        for (let p = 0; p < before; p++) for (let j = 0; j < width; j++) places[at++] = place(i, j, p, q);
    }
  }
  return places;
}

/** Numbers that a factor has for one sample. */
export function widthOf(sources: readonly Matrix[], [first, second]: FactorOf): number {
  const { columns } = sources[first]!;
  if (second === undefined) return columns;
  return first === second ? (columns * (columns + 1)) / 2 : columns * sources[second]!.columns;
}

/** A factor of a run of samples. @param take memory of a length, where it has to be made */
export function factorOf(
  sources: readonly Matrix[],
  of: FactorOf,
  [from, to]: Range,
  take: (length: number) => Float64Array,
): Matrix {
  const [first, second] = of;
  const x = rowsOf(sources[first]!, from, to);
  if (second === undefined) return x;
  const y = rowsOf(sources[second]!, from, to);
  const columns = widthOf(sources, of);
  const data = take(x.rows * columns);
  const square = first === second;
  for (let n = 0, at = 0; n < x.rows; n++) {
    const row = n * y.columns;
    for (let p = 0; p < x.columns; p++) {
      let value = x.data[n * x.columns + p]!;
      let q = 0;
      if (square) {
        // Off the diagonal × √2: products of rows are then those of the whole squares.
        data[at++] = value * value;
        value *= Math.SQRT2;
        q = p + 1;
      }
      for (; q < y.columns; q++) data[at++] = value * y.data[row + q]!;
    }
  }
  return { rows: x.rows, columns, data };
}

/** Adds what the slope by a factor of a run of samples says of the slopes by the sources. */
export function addSlopes(
  slopes: readonly Matrix[],
  sources: readonly Matrix[],
  [first, second]: FactorOf,
  [from, to]: Range,
  { data }: Matrix,
): void {
  const into = rowsOf(slopes[first]!, from, to);
  if (second === undefined) {
    for (let at = 0; at < data.length; at++) into.data[at]! += data[at]!;
    return;
  }
  const other = rowsOf(slopes[second]!, from, to).data;
  const x = rowsOf(sources[first]!, from, to);
  const y = rowsOf(sources[second]!, from, to);
  const square = first === second;
  for (let n = 0, at = 0; n < x.rows; n++) {
    const row = n * y.columns;
    for (let p = 0; p < x.columns; p++) {
      const here = n * x.columns + p;
      let value = x.data[here]!;
      let [q, sum] = [0, 0];
      if (square) {
        sum = Math.SQRT2 * value * data[at++]!;
        value *= Math.SQRT2;
        q = p + 1;
      }
      for (; q < y.columns; q++, at++) {
        sum += y.data[row + q]! * data[at]!;
        other[row + q]! += value * data[at]!;
      }
      into.data[here]! += square ? Math.SQRT2 * sum : sum;
    }
  }
}

/** Σ_n ‖what the sample brings to the piece‖². */
export function sameSample(sources: readonly Matrix[], { m, l, columns: [first] }: Piece): number {
  const squares = sources.map(squaredRows);
  const [curvature, upper, lower, errors, jacobian] = sources;
  let total = 0;
  if (m === l) {
    squares[0]!.forEach((square, n) => (total += square * squares[1]![n]! ** 2));
    return total;
  }
  if (curvature === undefined || upper === undefined || lower === undefined)
    throw new RangeError('A block of two layers without its sources');
  if (errors === undefined || jacobian === undefined) {
    squares[0]!.forEach((square, n) => (total += square * squares[1]![n]! * squares[2]![n]!));
    return total;
  }
  const width = curvature.columns / errors.columns;
  const moved = new Float64Array(width);
  for (let n = 0; n < curvature.rows; n++) {
    // Jᵀã, then δᵀHJᵀã.
    const [ofInputs, ofJacobian] = [n * upper.columns, n * jacobian.columns];
    if (m === l + 1)
      for (let j = 0; j < width; j++)
        moved[j] = jacobian.data[ofJacobian + j]! * upper.data[ofInputs + first + j]!;
    else {
      moved.fill(0);
      for (let p = 0, at = ofJacobian; p < jacobian.columns / width; p++)
        for (let j = 0; j < width; j++, at++) moved[j]! += jacobian.data[at]! * upper.data[ofInputs + p]!;
    }
    let mixed = 0;
    for (let i = 0, at = n * curvature.columns; i < errors.columns; i++) {
      let sum = 0;
      for (let j = 0; j < width; j++, at++) sum += curvature.data[at]! * moved[j]!;
      mixed += errors.data[n * errors.columns + i]! * sum;
    }
    const own = squares[0]![n]! * squares[1]![n]! + squares[3]![n]! * squares[4]![n]! + 2 * mixed;
    total += squares[2]![n]! * own;
  }
  return total;
}

/** N tr(H_ll), and the part of it that is the bias's. */
export interface LayerTrace {
  readonly whole: number;
  readonly bias: number;
}

/** Σ_n ‖ã_{l−1}‖² tr(M_l), of which the trailing 1 is the bias's. @param traces of M_l, one for every sample */
export function traceWith({ layers, input }: SampleTile, l: number, traces: Float64Array): LayerTrace {
  const { columns, data } = input[l]!;
  const biased = layers[l]!.bias !== null;
  let [whole, bias] = [0, 0];
  squaredRows(input[l]!).forEach((square, n) => {
    whole += square * traces[n]!;
    if (biased) bias += data[(n + 1) * columns - 1]! ** 2 * traces[n]!;
  });
  return { whole, bias };
}

/** The part of a layer's trace over what decays, without the decay itself. */
export function decayedTrace({ decayed }: AffineLayer, { whole, bias }: LayerTrace): number {
  if (decayed?.weight === false) return decayed.bias ? bias : 0;
  return decayed?.bias === false ? whole - bias : whole;
}

/** ‖row‖² of every row. */
function squaredRows({ rows, columns, data }: Matrix): Float64Array {
  const squares = new Float64Array(rows);
  for (let n = 0, at = 0; n < rows; n++) {
    let sum = 0;
    for (let j = 0; j < columns; j++, at++) sum += data[at]! * data[at]!;
    squares[n] = sum;
  }
  return squares;
}
