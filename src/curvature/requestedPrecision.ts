import type { Quantity } from '../report/report';
import type { Lanczos } from './lanczos';
import type { MomentEstimate } from './momentEstimate';
import { quadrature } from './spectralDensity';

/** A Ritz value whose residual is a smaller share of it stands for one eigenvalue. */
const found = 0.01;

/**
 * Σ|λ|, what the trace would be if no curvature were negative, as far as one run of Lanczos tells: the Ritz values that
 * have been found count once, the others as Gauss quadrature weighs them, for all the eigenvalues that are left. Not below
 * the sum of all |Ritz values|, which Σ|λ| never is.
 */
export function absoluteTrace(lanczos: Lanczos): number {
  const { nodes, weights } = quadrature(lanczos.alphas, lanczos.betas);
  const ritzValues = lanczos.ritzValues();
  let [foundSum, foundCount, restSum, restWeight, all] = [0, 0, 0, 0, 0];
  for (const [index, { residual }] of ritzValues.entries()) {
    const size = Math.abs(nodes[index]!);
    all += size;
    if (residual <= found * size) {
      foundSum += size;
      foundCount++;
    } else {
      restSum += weights[index]! * size;
      restWeight += weights[index]!;
    }
  }
  const rest = restWeight > 0 ? ((lanczos.matrixOrder - foundCount) * restSum) / restWeight : 0;
  return Math.max(all, foundSum + rest);
}

/** What the trace is measured against: Σ|λ| by Lanczos, which few steps may tell too small, and not below ‖H‖_F ≤ Σ|λ|. */
export function traceScale({ frobeniusSquared }: MomentEstimate, magnitude: number): number {
  return Math.max(magnitude, Math.sqrt(Math.max(0, frobeniusSquared.value)));
}

/**
 * Half the widest 95 % interval of trace, squared norm and upper bound over what the precision allows: at most 1 where it
 * is reached. Each is measured against its own size, the trace where curvature of both signs cancels in it against Σ|λ|:
 * a sum is known to a precision if its terms are. What that leaves open of the trace mostly hardly moves the upper bound U
 * (docs/numbers.md), and U's own interval counts all of it.
 * @param magnitude Σ|λ| by Lanczos
 */
export function shortfall(
  moments: MomentEstimate,
  magnitude: number,
  precision: number,
  quantile: number,
): number {
  const { trace, frobeniusSquared, bounds } = moments;
  const relative = ({ value, standardError }: Quantity, least = 0): number =>
    standardError === 0 ? 0 : (quantile * standardError) / (precision * Math.max(Math.abs(value), least));
  return Math.max(
    relative(trace, traceScale(moments, magnitude)),
    relative(frobeniusSquared),
    relative(bounds.lambdaMax.upper),
  );
}
