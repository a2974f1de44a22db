import { rateText } from './estimateText';
import { formatBelow, formatNumber } from './number';
import type { PartialReport, Report, Sharpness } from '../report';
import { downwardCurvature } from './saddle';
import { certaintyText, groundsText, shownUpperBound } from './sharpnessText';

/** The kind of the warning that the file's weights are not those that were trained. */
export const foldedWeights = 'folded-weights';

/** Whether the numbers are those of weights that other parameters were folded into. */
export function holdsFoldedWeights({ warnings = [] }: PartialReport): boolean {
  return warnings.some(({ kind }) => kind === foldedWeights);
}

/** Why there is no learning rate then. */
export const noRate =
  'No learning rate follows: these are not the parameters that were trained (see the warning).';

type StatementParts = Pick<Report, 'bounds' | 'estimate' | 'method' | 'sharpness'> &
  Pick<PartialReport, 'gradientNorm' | 'layers' | 'lossOptions' | 'samples' | 'warnings'>;

/**
 * What is known of λ_max says about a learning rate, in sentences; where it says nothing, that.
 * Gradient descent θ ← θ − ηg is stable along an eigenvector of eigenvalue λ > 0 while η < 2/λ; a negative λ repels
 * at every η.
 */
export function learningRateStatement(report: StatementParts): string[] {
  if (holdsFoldedWeights(report)) return [noRate];
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

function saddleSentences(report: StatementParts): string[] {
  const downwards = downwardCurvature(report);
  switch (downwards.kind) {
    case 'none':
    case 'negligible':
      return [];
    case 'open':
      return [
        'These bounds leave open whether λ_min is negative; away from a minimum a little negative curvature is ordinary.',
      ];
    case 'saddle':
      return [
        `But λ_min is at most ${downwards.most}, below zero, where the gradient is as good as zero: the point is a saddle, and no learning rate is stable there.`,
      ];
    case 'ordinary': {
      const share = downwards.share === null ? '' : ` (${downwards.share} in size)`;
      return [
        `λ_min is at most ${downwards.most}${share}: a direction curves downwards, which is ordinary away from a minimum; the slope outweighs it here.`,
      ];
    }
  }
}
