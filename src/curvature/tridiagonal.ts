import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

/**
 * A symmetric tridiagonal matrix of order k: `diagonal` α_1 … α_k and `offDiagonal` β_1 … β_{k−1} beside it. Longer
 * arrays are read as far as the order goes.
 */
export interface Tridiagonal {
  readonly order: number;
  readonly diagonal: ArrayLike<number>;
  readonly offDiagonal: ArrayLike<number>;
}

/**
 * Σ log of the pivots of tI − T without exchanges, log det(tI − T); −∞ where a pivot is not positive, that is where t is
 * not above every eigenvalue. A sum of logarithms, since the determinant overflows.
 */
export function logDeterminant({ order, diagonal, offDiagonal }: Tridiagonal, t: number): number {
  let sum = 0;
  let pivot = 1;
  for (let row = 0; row < order; row++) {
    const beta = row === 0 ? 0 : offDiagonal[row - 1]!;
    pivot = t - diagonal[row]! - beta * (beta / pivot);
    if (!(pivot > 0)) return Number.NEGATIVE_INFINITY;
    sum += Math.log(pivot);
  }
  return sum;
}

/** The largest row sum of T: no eigenvalue lies above it (Gershgorin). */
export function gershgorinUpper({ order, diagonal, offDiagonal }: Tridiagonal): number {
  let upper = Number.NEGATIVE_INFINITY;
  for (let row = 0; row < order; row++) {
    const before = row === 0 ? 0 : Math.abs(offDiagonal[row - 1]!);
    const after = row === order - 1 ? 0 : Math.abs(offDiagonal[row]!);
    upper = Math.max(upper, diagonal[row]! + before + after);
  }
  return upper;
}

/**
 * The smallest float64 t between the ends for which `above(t)`, which is false first and true from some t on: what
 * bisection converges to. `upper` itself where `above` holds for nothing below it.
 */
export function bisect(lower: number, upper: number, above: (t: number) => boolean): number {
  let [low, high] = [lower, upper];
  for (;;) {
    const middle = low + (high - low) / 2;
    if (!(middle > low && middle < high)) return high;
    if (above(middle)) high = middle;
    else low = middle;
  }
}

/** λ_max(T), from above: the smallest t at which all pivots of tI − T are positive in float64. */
export function largestEigenvalue(matrix: Tridiagonal): number {
  const lower = Math.max(...Array.from({ length: matrix.order }, (_, row) => matrix.diagonal[row]!));
  const upper = gershgorinUpper(matrix);
  return bisect(
    lower - Math.abs(lower) * Number.EPSILON,
    upper,
    (t) => logDeterminant(matrix, t) > -Infinity,
  );
}

/**
 * The unit eigenvector of λ_max(T) and its residual ‖Ty − ty‖, by twisted factorisation: pivots of tI − T from above and
 * from below meet where the vector is largest, so that neither recurrence runs where its errors would grow (Parlett and
 * Dhillon, "Fernando's solution to Wilkinson's problem", Linear Algebra and its Applications 267, 1997).
 */
export function dominantEigenvector(matrix: Tridiagonal): {
  readonly vector: Float64Array;
  readonly residual: number;
} {
  const { order, diagonal, offDiagonal } = matrix;
  const t = largestEigenvalue(matrix);
  // Where rounding makes a pivot 0 or less it stands for one that is positive and tiny.
  const least = Math.max(Math.abs(t) * Number.EPSILON ** 2, Number.MIN_VALUE);
  const above = new Float64Array(order);
  const below = new Float64Array(order);
  for (let row = 0; row < order; row++) {
    const before = row === 0 ? 0 : offDiagonal[row - 1]! * (offDiagonal[row - 1]! / above[row - 1]!);
    above[row] = Math.max(least, t - diagonal[row]! - before);
  }
  for (let row = order - 1; row >= 0; row--) {
    const after = row === order - 1 ? 0 : offDiagonal[row]! * (offDiagonal[row]! / below[row + 1]!);
    below[row] = Math.max(least, t - diagonal[row]! - after);
  }
  const twist = (row: number): number => Math.abs(above[row]! + below[row]! - (t - diagonal[row]!));
  let middle = 0;
  for (let row = 1; row < order; row++) if (twist(row) < twist(middle)) middle = row;
  const vector = new Float64Array(order);
  vector[middle] = 1;
  for (let row = middle - 1; row >= 0; row--)
    vector[row] = (offDiagonal[row]! / above[row]!) * vector[row + 1]!;
  for (let row = middle + 1; row < order; row++)
    vector[row] = (offDiagonal[row - 1]! / below[row]!) * vector[row - 1]!;
  const length = Math.hypot(...vector);
  return { vector: vector.map((component) => component / length), residual: twist(middle) / length };
}

/** All eigenvalues of T in descending order with their unit eigenvectors, at right angles to each other; order³ operations. */
export function tridiagonalVectors({ order, diagonal, offDiagonal }: Tridiagonal): {
  readonly values: readonly number[];
  readonly vectors: readonly Float64Array[];
} {
  const matrix = Matrix.zeros(order, order);
  for (let row = 0; row < order; row++) {
    matrix.set(row, row, diagonal[row]!);
    if (row === 0) continue;
    matrix.set(row, row - 1, offDiagonal[row - 1]!);
    matrix.set(row - 1, row, offDiagonal[row - 1]!);
  }
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(matrix, {
    assumeSymmetric: true,
  });
  const ranks = Array.from(realEigenvalues.keys()).sort((a, b) => realEigenvalues[b]! - realEigenvalues[a]!);
  return {
    values: ranks.map((k) => realEigenvalues[k]!),
    vectors: ranks.map((k) => Float64Array.from(eigenvectorMatrix.getColumn(k))),
  };
}

export interface TridiagonalEigenpairs {
  /** Ascending. */
  readonly values: Float64Array;
  /** First and last component of each normalised eigenvector. */
  readonly first: Float64Array;
  readonly last: Float64Array;
}

/** More sweeps than any eigenvalue takes: two or three is usual. */
const mostSweeps = 64;

/**
 * All eigenvalues of T with the two components of the eigenvectors that Lanczos needs: the squared first is the weight
 * of a node of the quadrature, the last tells the residual. Implicit QL with Wilkinson's shift (Dubrulle, Martin and
 * Wilkinson, "The implicit QL algorithm", Numerische Mathematik 12, 1968), order² operations.
 */
export function tridiagonalEigenpairs(matrix: Tridiagonal): TridiagonalEigenpairs {
  const { order } = matrix;
  const d = Float64Array.from({ length: order }, (_, row) => matrix.diagonal[row]!);
  const e = Float64Array.from({ length: order }, (_, row) =>
    row < order - 1 ? matrix.offDiagonal[row]! : 0,
  );
  const first = new Float64Array(order);
  const last = new Float64Array(order);
  first[0] = 1;
  last[order - 1] = 1;
  for (let at = 0; at < order; at++) {
    for (let sweep = 0; ; sweep++) {
      const end = endOfBlock(d, e, at);
      if (end === at) break;
      if (sweep === mostSweeps) throw new RangeError(`The QL algorithm found no eigenvalue ${at}`);
      sweepOnce(d, e, { start: at, end, first, last });
    }
  }
  const ascending = Array.from(d.keys()).sort((a, b) => d[a]! - d[b]!);
  const inOrder = (values: Float64Array): Float64Array =>
    Float64Array.from(ascending, (index) => values[index]!);
  return { values: inOrder(d), first: inOrder(first), last: inOrder(last) };
}

/** The last row of the unreduced block that starts at a row. */
function endOfBlock(d: Float64Array, e: Float64Array, start: number): number {
  let row = start;
  while (row < d.length - 1) {
    const size = Math.abs(d[row]!) + Math.abs(d[row + 1]!);
    if (Math.abs(e[row]!) <= Number.EPSILON * size || e[row] === 0) break;
    row++;
  }
  return row;
}

/** One implicit QL sweep over rows start to end, the rotations applied to both rows of the eigenvectors. */
function sweepOnce(
  d: Float64Array,
  e: Float64Array,
  {
    start,
    end,
    first,
    last,
  }: {
    readonly start: number;
    readonly end: number;
    readonly first: Float64Array;
    readonly last: Float64Array;
  },
): void {
  let g = (d[start + 1]! - d[start]!) / (2 * e[start]!);
  let r = Math.hypot(g, 1);
  g = d[end]! - d[start]! + e[start]! / (g + (g >= 0 ? r : -r));
  let [s, c, p] = [1, 1, 0];
  for (let i = end - 1; i >= start; i--) {
    let f = s * e[i]!;
    const b = c * e[i]!;
    r = Math.hypot(f, g);
    e[i + 1] = r;
    if (r === 0) {
      d[i + 1]! -= p;
      e[end] = 0;
      return;
    }
    s = f / r;
    c = g / r;
    g = d[i + 1]! - p;
    r = (d[i]! - g) * s + 2 * c * b;
    p = s * r;
    d[i + 1] = g + p;
    g = c * r - b;
    for (const rows of [first, last]) {
      f = rows[i + 1]!;
      rows[i + 1] = s * rows[i]! + c * f;
      rows[i] = c * rows[i]! - s * f;
    }
  }
  d[start]! -= p;
  e[start] = g;
  e[end] = 0;
}
