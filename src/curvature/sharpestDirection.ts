import { determinantWanted } from './certificates';
import type { Lanczos } from './lanczos';
import type { LayerRange } from './products';
import { bisect, dominantEigenvector, tridiagonalVectors } from './tridiagonal';

/** Of a share: a direction that is known less well than this tells no shares. */
const largestError = 0.01;
/** Of the gap below λ_max: eigenvalues that lie closer to it count as it. */
const countsAsOne = 1e-3;

/** A direction in which the loss curves most, and where it lies. */
export interface SharpestDirection {
  /** A unit vector of length P whose Rayleigh quotient is λ_max, to the precision of its interval. */
  readonly vector: Float64Array;
  /** The share of each layer; null where it is not known well enough to tell. */
  readonly shares: readonly number[] | null;
  /** Eigenvalues that lie too close together to be told apart: the shares are those of the space of their eigenvectors. */
  readonly group: number;
}

/** More eigenvalues that are as good as one are no group but a continuum. */
const largestGroup = 8;

/**
 * The eigenvector v of λ_max, and ‖v_l‖² of every layer l: λ_max = Σ_l λ_max·‖v_l‖². Where λ_2 may lie so near that any vector
 * between the two would do, the shares of the space of both: ‖P_l‖_F²/m of its projection P, and so on for the m largest.
 *
 * A Ritz vector x with residual r has an angle to v of sin ∠(x, v) ≤ r/gap, the gap being that of λ_max to all other
 * eigenvalues, and m of them have ‖sin Θ‖ ≤ ‖R‖_F/gap to the space of their eigenvectors (Davis and Kahan, SIAM Journal on
 * Numerical Analysis 7, 1970); no share is off by more: xxᵀ − vvᵀ has that norm. Where the others lie is a matter of chance,
 * as λ_max is.
 * @param epsilon the probability that the gap is not as large as it is thought to be
 */
export async function findSharpestDirection(
  run: Lanczos,
  layers: readonly LayerRange[],
  epsilon: number,
): Promise<SharpestDirection | null> {
  if (run.steps === 0) return null;
  const tridiagonal = { order: run.steps, diagonal: run.alphas, offDiagonal: run.betas };
  const { vector: first, residual } = dominantEigenvector(tridiagonal);
  const vector = await run.basis.combination(first);
  const beta = run.betas.at(-1) ?? 0;
  const ofFirst = beta * Math.abs(first.at(-1) ?? 0) + residual + run.noise;
  const gap = gapBelow(run, 1, epsilon);
  if (gap !== null && tellsShares(ofFirst, gap))
    return { vector, shares: computeLayerShares(vector, layers), group: 1 };
  const { values, vectors } = tridiagonalVectors(tridiagonal);
  let squares = 0;
  for (let group = 1; group <= Math.min(largestGroup, run.steps); group++) {
    squares += (beta * vectors[group - 1]!.at(-1)!) ** 2;
    const below = group === 1 ? null : gapBelow(run, group, epsilon);
    const rounding = run.noise + Number.EPSILON * run.steps * Math.abs(values[0]!);
    if (below === null || !tellsShares(Math.sqrt(squares) + Math.sqrt(group) * rounding, below)) continue;
    const each: number[][] = [];
    for (const coordinates of vectors.slice(0, group))
      each.push(computeLayerShares(await run.basis.combination(coordinates), layers));
    return { vector, shares: meanShares(each), group };
  }
  return { vector, shares: null, group: 1 };
}

/** The same of all eigenvectors of a matrix, in the order of their eigenvalues, the largest first. @param error of the matrix, its norm */
export function sharpestOfSpectrum(
  values: readonly number[],
  vector: (k: number) => Float64Array,
  { layers, error }: { readonly layers: readonly LayerRange[]; readonly error: number },
): SharpestDirection {
  const first = vector(0);
  for (let group = 1; group <= Math.min(largestGroup, values.length); group++) {
    const gap = values[group - 1]! - (values[group] ?? -Infinity);
    if (!tellsShares(Math.sqrt(group) * error, gap)) continue;
    const each = Array.from({ length: group }, (_, k) => computeLayerShares(vector(k), layers));
    return { vector: first, shares: meanShares(each), group };
  }
  return { vector: first, shares: null, group: 1 };
}

function meanShares(each: readonly (readonly number[])[]): number[] {
  return each[0]!.map((_, l) => each.reduce((sum, shares) => sum + shares[l]!, 0) / each.length);
}

/**
 * How far below the m-th largest Ritz value all other eigenvalues lie, but for those that count as the m largest. The Lanczos polynomial p_k is 0 at every Ritz value, and an
 * eigenvalue λ is where |p_k(λ)| ≤ 1/δ (see `probabilisticUpper`, whose argument holds for each eigenvector). Between the
 * m-th Ritz value and the next that leaves out an interval: other eigenvalues lie below it, or so near to the m-th that they
 * count as it. Null where nothing is left out, or too little.
 */
export function gapBelow(run: Lanczos, m: number, epsilon: number): number | null {
  const ritz = run.ritzValues();
  const [second, first] = [ritz.at(-m - 1), ritz.at(-m)];
  if (first === undefined) return null;
  // All eigenvalues are known once the basis is complete.
  if (run.steps === run.matrixOrder) return second === undefined ? Infinity : first.value - second.value;
  if (second === undefined) return null;
  const wanted = determinantWanted(run, run.steps, epsilon);
  const logarithm = (t: number): number =>
    ritz.reduce((sum, { value }) => sum + Math.log(Math.abs(t - value)), 0);
  const top = concaveMaximum(second.value, first.value, logarithm);
  if (!(logarithm(top) >= wanted)) return null;
  const from = bisect(second.value, top, (t) => logarithm(t) >= wanted);
  const to = bisect(top, first.value, (t) => logarithm(t) < wanted);
  const gap = first.value - from;
  return first.value - to <= countsAsOne * gap ? gap : null;
}

/** Where a concave function is largest between two ends, about. */
function concaveMaximum(lower: number, upper: number, value: (t: number) => number): number {
  let [low, high] = [lower, upper];
  for (let pass = 0; pass < 60; pass++) {
    const [left, right] = [low + (high - low) / 3, high - (high - low) / 3];
    if (value(left) < value(right)) low = left;
    else high = right;
  }
  return (low + high) / 2;
}

/** Whether a direction of this residual, so far from the next eigenvalue, tells shares. */
export function tellsShares(residual: number, gap: number): boolean {
  return gap > 0 && residual <= largestError * gap;
}

/** The share of each layer in the squared norm of a vector. */
export function computeLayerShares(vector: ArrayLike<number>, layers: readonly LayerRange[]): number[] {
  const squares = layers.map(({ from, to }) => {
    let sum = 0;
    for (let i = from; i < to; i++) sum += vector[i]! ** 2;
    return sum;
  });
  const whole = squares.reduce((sum, square) => sum + square, 0);
  return squares.map((square) => square / whole);
}
