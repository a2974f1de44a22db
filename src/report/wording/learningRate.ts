import { rateText } from './estimateText';
import { formatAbove, formatBelow, formatNumber, formatQuantity } from './number';
import type { Report, Sharpness } from '../report';
import { curvesDownwards } from './saddle';
import { certaintyText, groundsText, shownUpperBound } from './sharpnessText';

/**
 * What is known of λ_max says about a learning rate, in sentences; where it says nothing, that.
 * Gradient descent θ ← θ − ηg is stable along an eigenvector of eigenvalue λ > 0 while η < 2/λ; a negative λ repels
 * at every η.
 */
export function learningRateStatement(
  report: Pick<Report, 'bounds' | 'estimate' | 'method' | 'sharpness'> & Partial<Pick<Report, 'lossOptions'>>,
): string[] {
  const { bounds, estimate, sharpness, method, lossOptions } = report;
  const plain = lossOptions?.weightDecay === undefined ? 'momentum or weight decay' : 'momentum';
  const bound = method === 'estimate' ? 'estimate of the upper bound' : 'upper bound';
  const shown = shownUpperBound(bounds, sharpness);
  const upper = shown.value;
  const found = rateFromInterval(sharpness);
  if (upper <= 0) {
    return [`2/U means nothing here: U, the ${bound} on λ_max, is not positive, so no rate follows from it.`];
  }
  const rate = [
    `Plain full-batch gradient descent without ${plain} is locally stable along the sharpest ` +
      'direction for a learning rate below 2/λ_max,',
    method === 'estimate'
      ? `and 2/U = ${rateText(shown, estimate?.intervals.bounds.lambdaMax.upper)} is an estimate of such a rate (U: the ${bound} on λ_max).`
      : `so 2/U = ${formatNumber(2 / upper)} is a learning rate that no positive curvature makes unstable at this ` +
        `point (U: the ${bound} on λ_max).`,
    ...(found === null ? [] : [found]),
  ].join(' ');
  return [rate, ...saddleSentences(report)];
}

/** 2/λ_max by what was found of it; null where the interval gives no rate. */
function rateFromInterval(sharpness: Sharpness | undefined): string | null {
  if (sharpness === undefined) return null;
  const { lambdaMax } = sharpness;
  if (!(lambdaMax.upper > 0 && Number.isFinite(lambdaMax.upper))) return null;
  const rate = formatBelow(2 / lambdaMax.upper);
  if (lambdaMax.kind === 'spectrum') return `2/λ_max itself is ${rate}, ${certaintyText(lambdaMax)}.`;
  const certainty = lambdaMax.certified ? certaintyText(lambdaMax) : groundsText(lambdaMax);
  return `By the upper end of its interval 2/λ_max is at least ${rate} (${certainty}).`;
}

function saddleSentences(report: Pick<Report, 'bounds' | 'sharpness'>): string[] {
  switch (curvesDownwards(report)) {
    case true: {
      const found = report.sharpness?.lambdaMin;
      const most =
        found !== undefined && found.upper < 0
          ? formatAbove(found.upper)
          : formatQuantity(report.bounds.lambdaMin.upper);
      return [
        `But λ_min is at most ${most}, below zero: the point is a saddle, and no learning rate is stable there.`,
      ];
    }
    case false:
      return [];
    case null:
      return [
        'These bounds leave open whether λ_min is negative; where it is, the point is a saddle and no rate is stable.',
      ];
  }
}
