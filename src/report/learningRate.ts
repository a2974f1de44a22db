import { formatNumber, formatQuantity } from './number';
import type { Report } from './report';

/**
 * What the upper bound U on λ_max says about a learning rate, in sentences; where it says nothing, that.
 * Gradient descent θ ← θ − ηg is stable along an eigenvector of eigenvalue λ > 0 while η < 2/λ; a negative λ repels
 * at every η.
 */
export function learningRateStatement(report: Pick<Report, 'bounds' | 'method'>): string[] {
  const { lambdaMax, lambdaMin } = report.bounds;
  const bound = report.method === 'estimate' ? 'estimate of the upper bound' : 'upper bound';
  const upper = lambdaMax.upper.value;
  if (upper <= 0) {
    return [`2/U means nothing here: U, the ${bound} on λ_max, is not positive, so no rate follows from it.`];
  }
  const rate = [
    'Plain full-batch gradient descent without momentum or weight decay is locally stable along the sharpest ' +
      'direction for a learning rate below 2/λ_max,',
    `so 2/U = ${formatNumber(2 / upper)} is a learning rate that no positive curvature makes unstable at this ` +
      `point (U: the ${bound} on λ_max).`,
  ].join(' ');
  // Two standard errors: an estimate that may as well be positive proves no saddle.
  if (lambdaMin.upper.value + 2 * lambdaMin.upper.standardError < 0) {
    return [
      rate,
      `But λ_min is at most ${formatQuantity(lambdaMin.upper)}, below zero: the point is a saddle, and no learning ` +
        'rate is stable there.',
    ];
  }
  if (lambdaMin.lower.value < 0) {
    return [
      rate,
      'These bounds leave open whether λ_min is negative; where it is, the point is a saddle and no rate is stable.',
    ];
  }
  return [rate];
}
