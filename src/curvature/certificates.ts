import { lambdaMaxBounds, roundingSlack, type Moments } from './bounds';
import type { LanczosCoefficients } from './lanczos';
import { bisect, gershgorinUpper, largestEigenvalue, logDeterminant, type Tridiagonal } from './tridiagonal';

/**
 * Upper bounds on λ_max(H) from the first so many Lanczos steps. All of them hold at once, so the smallest does, and it
 * takes a slack for rounding. For λ_min pass `negated` coefficients, and negate what comes back.
 */

/** The coefficients of −H. */
export function negate(run: LanczosCoefficients): LanczosCoefficients {
  const { matrixOrder, alphas, betas, noise, ended } = run;
  return { matrixOrder, alphas: alphas.map((alpha) => -alpha), betas, noise, ended };
}

/**
 * A bound that fails with probability at most ε over the starting vector (van Dorsselaer, Hochstenbach and van der
 * Vorst, "Computing probabilistic bounds for extreme eigenvalues of symmetric matrices with the Lanczos method", CWI
 * report, 1999): the Lanczos polynomial p_k has ‖p_k(H) q_1‖ = 1, so
 * |γ| p_k(λ_max) ≤ 1 for the component γ of q_1 along λ_max's eigenvector, and |γ| < δ = ε √(π/2)/√P with probability
 * at most ε. The bound is the root of p_k(t) = 1/δ right of the largest Ritz value; p_k(t) = det(tI − T_k)/Π_{j≤k} β_j.
 * The event is one for all numbers of steps k ≥ 1: so is the probability that the smallest bound fails.
 */
export function probabilisticUpper(run: LanczosCoefficients, steps: number, epsilon: number): number {
  const matrix = leading(run, steps);
  // All eigenvalues are known once the basis is complete.
  if (steps === run.matrixOrder) return largestEigenvalue(matrix);
  const wanted = determinantWanted(run, steps, epsilon);
  const reaches = (t: number): boolean => logDeterminant(matrix, t) >= wanted;
  const start = gershgorinUpper(matrix);
  let width = Math.max(run.noise, run.betas[steps - 1]!, Math.abs(start) * Number.EPSILON, Number.MIN_VALUE);
  while (!reaches(start + width)) width *= 2;
  return bisect(Math.max(...run.alphas.slice(0, steps)), start + width, reaches);
}

/** log(Π_{j≤k} β_j / δ): where log |det(tI − T_k)| is larger, |p_k(t)| > 1/δ. */
export function determinantWanted(run: LanczosCoefficients, steps: number, epsilon: number): number {
  const delta = (epsilon * Math.sqrt(Math.PI / 2)) / Math.sqrt(run.matrixOrder);
  let wanted = -Math.log(delta);
  // A larger β makes a smaller polynomial, and the bound larger: what lies in the noise counts as the noise.
  for (let j = 0; j < steps; j++) wanted += Math.log(Math.max(run.betas[j]!, run.noise, Number.MIN_VALUE));
  return wanted;
}

/**
 * A bound that holds for every matrix of these exact moments, k ≥ 0: what Lanczos has not seen, the compression of H to
 * the complement, has trace tr H − tr T_k, squared norm ‖H‖² − ‖T_k‖² − 2β_k² and order P − k, hence no eigenvalue above
 * its Wolkowicz-Styan bound U_k; and λ_max(H) is at most that of T_k bordered by β_k and U_k. For float64 products only.
 */
export function provedUpper(run: LanczosCoefficients, steps: number, moments: Moments): number {
  if (moments.order === steps) return largestEigenvalue(leading(run, steps));
  return largestEigenvalue({
    order: steps + 1,
    diagonal: [...run.alphas.slice(0, steps), complementUpper(run, steps, moments)],
    offDiagonal: run.betas,
  });
}

/** U_k: by what exact moments leave to the complement of the first so many vectors, of which there is one more at least. */
export function complementUpper(run: LanczosCoefficients, steps: number, moments: Moments): number {
  const order = moments.order - steps;
  let { trace, frobeniusSquared } = moments;
  for (let j = 0; j < steps; j++) {
    trace -= run.alphas[j]!;
    frobeniusSquared -= run.alphas[j]! ** 2 + 2 * run.betas[j]! ** 2;
  }
  const rest = { trace, frobeniusSquared: Math.max(0, frobeniusSquared), order };
  // What is left carries the rounding of all that it was left of, and an error of T by as much as the noise.
  const slack = roundingSlack(moments.frobeniusSquared) + run.noise * Math.sqrt(moments.frobeniusSquared);
  return lambdaMaxBounds(rest, slack).upper;
}

function leading({ alphas, betas }: LanczosCoefficients, steps: number): Tridiagonal {
  return { order: steps, diagonal: alphas, offDiagonal: betas };
}
