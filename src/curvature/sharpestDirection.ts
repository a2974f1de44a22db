import { determinantWanted } from './certificates';
import type { Range } from '../report/report';
import type { Lanczos, RitzValue } from './lanczos';
import type { LayerRange } from './products';
import type { TopEigenvalue } from './topEigenvalues';
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
  const ritz = run.ritzValues();
  const gap = gapBelow(run, ritz, 1, epsilon);
  if (gap !== null && tellsShares(ofFirst, gap))
    return { vector, shares: computeLayerShares(vector, layers), group: 1 };
  const { values, vectors } = tridiagonalVectors(tridiagonal);
  let squares = 0;
  for (let group = 1; group <= Math.min(largestGroup, run.steps); group++) {
    squares += (beta * (vectors[group - 1]?.at(-1) ?? 0)) ** 2;
    const below = group === 1 ? null : gapBelow(run, ritz, group, epsilon);
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

/** The largest eigenvalues of a whole spectrum, with the shares of each whose neighbours lie far enough from it. */
export function topOfSpectrum(
  values: readonly number[],
  vector: (k: number) => Float64Array,
  {
    layers,
    error,
    count,
  }: { readonly layers: readonly LayerRange[]; readonly error: number; readonly count: number },
): TopEigenvalue[] {
  return values.slice(0, count).map((value, at) => {
    const gap = Math.min((values[at - 1] ?? Infinity) - value, value - (values[at + 1] ?? -Infinity));
    const shares = tellsShares(error, gap) ? computeLayerShares(vector(at), layers) : null;
    return { k: at + 1, lower: value - error, upper: value + error, kind: 'spectrum', shares };
  });
}

function meanShares(each: readonly (readonly number[])[]): number[] {
  return each[0]!.map((_, l) => each.reduce((sum, shares) => sum + shares[l]!, 0) / each.length);
}

/**
 * Where no eigenvalue lies between the m-th largest Ritz value and the next. The Lanczos polynomial p_k is 0 at every Ritz
 * value, and an eigenvalue λ is where |p_k(λ)| ≤ 1/δ (see `probabilisticUpper`, whose argument holds for each eigenvector):
 * between two Ritz values that leaves out an interval. Null where it leaves out nothing.
 */
function emptyBelow(run: Lanczos, ritz: readonly RitzValue[], m: number, epsilon: number): Range | null {
  const [lower, upper] = [ritz.at(-m - 1)?.value, ritz.at(-m)?.value];
  if (upper === undefined) return null;
  // All eigenvalues are known once the basis is complete.
  if (run.steps === run.matrixOrder) return { lower: lower ?? -Infinity, upper };
  if (lower === undefined) return null;
  const wanted = determinantWanted(run, run.steps, epsilon);
  const logarithm = (t: number): number =>
    ritz.reduce((sum, { value }) => sum + Math.log(Math.abs(t - value)), 0);
  const top = concaveMaximum(lower, upper, logarithm);
  if (!(logarithm(top) >= wanted)) return null;
  return {
    lower: bisect(lower, top, (t) => logarithm(t) >= wanted),
    upper: bisect(top, upper, (t) => logarithm(t) < wanted),
  };
}

/**
 * How far below the m-th largest Ritz value all other eigenvalues lie, but for those that are so near to it that they count as
 * it. Null where they are not left out, or too little.
 */
function gapBelow(run: Lanczos, ritz: readonly RitzValue[], m: number, epsilon: number): number | null {
  const empty = emptyBelow(run, ritz, m, epsilon);
  if (empty === null) return null;
  const { value } = ritz[ritz.length - m]!;
  const gap = value - empty.lower;
  return value - empty.upper <= countsAsOne * gap ? gap : null;
}

/**
 * ‖v_l‖² of every layer for each of the k largest eigenvalues; null for one whose vector is not known well enough, as beside
 * another that is as good as equal.
 */
export async function findTopShares(
  run: Lanczos,
  layers: readonly LayerRange[],
  { count, epsilon }: { readonly count: number; readonly epsilon: number },
): Promise<(readonly number[] | null)[]> {
  const ritz = run.ritzValues();
  const { vectors } = tridiagonalVectors({
    order: run.steps,
    diagonal: run.alphas,
    offDiagonal: run.betas,
  });
  const shares: (readonly number[] | null)[] = [];
  for (let k = 1; k <= Math.min(count, run.steps); k++) {
    const { value, residual } = ritz[ritz.length - k]!;
    const below = gapBelow(run, ritz, k, epsilon);
    const above = k === 1 ? { lower: -Infinity, upper: Infinity } : emptyBelow(run, ritz, k - 1, epsilon);
    const gapAbove = above === null ? 0 : above.upper - value;
    const alone = above !== null && (k === 1 || above.lower - value <= countsAsOne * gapAbove);
    // Lanczos has one vector of a null space, which mostly has many.
    const isZero = Math.abs(value) <= run.noise;
    const known =
      !isZero && below !== null && alone && tellsShares(residual + run.noise, Math.min(below, gapAbove));
    shares.push(known ? computeLayerShares(await run.basis.combination(vectors[k - 1]!), layers) : null);
  }
  return shares;
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
