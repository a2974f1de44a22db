import type { Range } from '../report/report';

/**
 * Bounds on the eigenvalues of a symmetric matrix from its trace and Frobenius norm.
 * Source: H. Wolkowicz and G. P. H. Styan, "Bounds for eigenvalues using traces", Linear Algebra and its
 * Applications 29 (1980).
 */

/** What the bounds are made of: tr H, ‖H‖_F² = tr H², and the order P of H. */
export interface Moments {
  readonly trace: number;
  readonly frobeniusSquared: number;
  readonly order: number;
}

/**
 * Slack on ‖H‖_F², relative. Clamping a negative variance at zero is not safe for an upper bound: eigenvalues that are
 * all but equal make the variance round to less than nothing. With ‖H‖_F² off by 1e-13 in its rounding, 1e-12 left no
 * violation.
 */
export function roundingSlack(frobeniusSquared: number): number {
  return 1e-12 * frobeniusSquared;
}

/** P times the variance of the eigenvalues, ‖H‖_F² − (tr H)²/P, widened or (a negative slack) narrowed. */
function scatter({ trace, frobeniusSquared, order }: Moments, slack: number): number {
  return Math.max(0, Math.max(0, frobeniusSquared - (trace * trace) / order) + slack);
}

function check({ trace, frobeniusSquared, order }: Moments): void {
  if (!Number.isInteger(order) || order < 1)
    throw new RangeError(`A matrix of order ${order} has no eigenvalues`);
  if (!Number.isFinite(trace) || !Number.isFinite(frobeniusSquared) || frobeniusSquared < 0) {
    throw new RangeError(`No bounds from trace ${trace} and squared norm ${frobeniusSquared}`);
  }
}

/**
 * m + s/√(P−1) ≤ λ_max ≤ m + s√(P−1), with m = tr H/P and s² = ‖H‖_F²/P − m².
 * @param slack on the squared norm: more than its own rounding where it is a difference of larger numbers
 */
export function lambdaMaxBounds(moments: Moments, slack = roundingSlack(moments.frobeniusSquared)): Range {
  check(moments);
  const { trace, order } = moments;
  const mean = trace / order;
  if (order === 1) return { lower: mean, upper: mean };
  return {
    lower: mean + Math.sqrt(scatter(moments, -slack) / (order * (order - 1))),
    upper: mean + Math.sqrt((1 - 1 / order) * scatter(moments, slack)),
  };
}

/** m − s√(P−1) ≤ λ_min ≤ m − s/√(P−1). */
export function lambdaMinBounds(moments: Moments): Range {
  const { lower, upper } = lambdaMaxBounds({ ...moments, trace: -moments.trace });
  return { lower: -upper, upper: -lower };
}

/** m − s√((k−1)/(P−k+1)) ≤ λ_k ≤ m + s√((P−k)/k) for the k-th largest eigenvalue, 1 < k < P. */
export function eigenvalueBounds(moments: Moments, k: number): Range {
  check(moments);
  const { trace, order } = moments;
  if (!Number.isInteger(k) || k <= 1 || k >= order)
    throw new RangeError(`No λ_${k} strictly inside 1 and ${order}`);
  const mean = trace / order;
  // Both ends lie away from the mean, so both take the widened scatter.
  const deviation = Math.sqrt(scatter(moments, roundingSlack(moments.frobeniusSquared)) / order);
  return {
    lower: mean - deviation * Math.sqrt((k - 1) / (order - k + 1)),
    upper: mean + deviation * Math.sqrt((order - k) / k),
  };
}
