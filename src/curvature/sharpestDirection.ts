import { determinantWanted } from './certificates';
import type { Lanczos } from './lanczos';
import type { LayerRange } from './products';
import { bisect, dominantEigenvector } from './tridiagonal';

/** Of a share: a direction that is known less well than this tells no shares. */
const largestError = 0.01;
/** Of the gap below λ_max: eigenvalues that lie closer to it count as it. */
const countsAsOne = 1e-3;

/**
 * ‖v_l‖² of every layer l, v the unit eigenvector of λ_max: λ_max = Σ_l λ_max·‖v_l‖². Null where v is not known well
 * enough to tell, as where λ_2 may lie so near that any vector between the two would do.
 *
 * A Ritz vector x with residual r has an angle to v of sin ∠(x, v) ≤ r/gap, the gap being that of λ_max to all other
 * eigenvalues (Davis and Kahan, SIAM Journal on Numerical Analysis 7, 1970), and |‖x_l‖² − ‖v_l‖²| is no larger: xxᵀ − vvᵀ
 * has that norm. Where λ_2 lies is a matter of chance, as λ_max is.
 * @param epsilon the probability that the gap is not as large as it is thought to be
 */
export async function sharpestShares(
  run: Lanczos,
  layers: readonly LayerRange[],
  epsilon: number,
): Promise<number[] | null> {
  if (run.steps === 0) return null;
  const gap = gapBelow(run, epsilon);
  if (gap === null) return null;
  const { vector, residual } = dominantEigenvector({
    order: run.steps,
    diagonal: run.alphas,
    offDiagonal: run.betas,
  });
  const ofMatrix = (run.betas.at(-1) ?? 0) * Math.abs(vector.at(-1) ?? 0) + residual + run.noise;
  return tellsShares(ofMatrix, gap) ? computeLayerShares(await run.basis.combination(vector), layers) : null;
}

/**
 * How far below the largest Ritz value all other eigenvalues lie. The Lanczos polynomial p_k is 0 at every Ritz value, and an
 * eigenvalue λ is where |p_k(λ)| ≤ 1/δ (see `probabilisticUpper`, whose argument holds for each eigenvector). Between the
 * two largest Ritz values that leaves out an interval: λ_2 lies below it, or so near to λ_max that both count as one. Null
 * where nothing is left out, or too little.
 */
function gapBelow(run: Lanczos, epsilon: number): number | null {
  const ritz = run.ritzValues();
  const [second, first] = [ritz.at(-2), ritz.at(-1)];
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
