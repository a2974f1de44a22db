import { rateText } from '../report/wording/estimateText';
import { formatBelow } from '../report/wording/number';
import type { PartialReport } from '../report/report';
import { holdsFoldedWeights, noRate } from '../report/wording/learningRate';
import { downwardCurvature } from '../report/wording/saddle';
import { isEstimate, shownUpperBound } from '../report/wording/sharpnessText';
import type { Answer } from './answer';

/** The learning rate that what is known of λ_max implies: 2/λ_max by its interval where that is certified, else 2/U. */
export function learningRateAnswer(known: PartialReport): Answer | null {
  const { bounds, estimate, sharpness, method } = known;
  if (bounds === undefined) return null;
  if (holdsFoldedWeights(known)) return { headline: 'not told', sentences: [noRate] };
  const upper = shownUpperBound(bounds, sharpness);
  if (upper.value <= 0) {
    return {
      headline: 'no limit from here',
      sentences: [
        'The upper bound is not positive: no direction curves upwards, and 2 / upper bound means nothing.',
      ],
    };
  }
  const rate = rateText(upper, estimate?.intervals.bounds.lambdaMax.upper);
  const estimated = isEstimate(upper, method);
  const where =
    'a rate that no positive curvature makes unstable at this point, for plain full-batch gradient descent.';
  const found = sharpness?.lambdaMax;
  if (found?.certified === true && found.upper > 0) {
    return {
      headline: `< ${formatBelow(2 / found.upper)}`,
      sentences: [
        `2 / λ_max${found.kind === 'spectrum' ? '' : ', by the upper end of its interval'}: ${where}`,
        `${estimated ? '2 / estimate of the bound' : '2 / upper bound'}: ${rate}.`,
        ...saddleCaution(known),
      ],
    };
  }
  return {
    headline: `${estimated ? '≲' : '<'} ${rateText(upper, undefined)}`,
    sentences: [
      estimated ? `2 / estimate of the bound, ${rate}: about ${where}` : `2 / upper bound: ${where}`,
      ...(found !== undefined && found.upper > 0 && Number.isFinite(found.upper)
        ? [`2 / the upper end of λ_max’s interval: ${formatBelow(2 / found.upper)}.`]
        : []),
      ...saddleCaution(known),
    ],
  };
}

function saddleCaution(known: PartialReport): string[] {
  const downwards = downwardCurvature(known);
  switch (downwards.kind) {
    case 'none':
    case 'negligible':
      return [];
    case 'open':
      return ['Whether λ_min < 0 is left open.'];
    case 'saddle':
      return ['Here λ_min < 0 and the gradient is as good as zero: a saddle, where no rate is stable.'];
    case 'ordinary':
      return [
        `λ_min < 0${downwards.share === null ? '' : `, ${downwards.share} in size,`} is ordinary away from a minimum; the slope outweighs it here.`,
      ];
  }
}
