import { formatEstimate } from './wording/number';
import type { EigenvalueInterval, Report, Sharpness } from './report';
import { samplingErrorText } from './wording/samplingText';
import { fullCertaintyText, intervalText, shownUpperBound } from './wording/sharpnessText';

/** A label and what stands right of it. */
export type Line = readonly [label: string, text: string];

/** λ_max and λ_min: what was found, then the bounds from trace and norm. */
export function eigenvalueLines(report: Report): Line[] {
  const { bounds, sharpness, method, estimate } = report;
  const { lambdaMax, lambdaMin } = bounds;
  const intervals = estimate?.intervals.bounds;
  const estimated = method === 'estimate';
  const upper = formatEstimate(shownUpperBound(bounds, sharpness), intervals?.lambdaMax.upper);
  const lower = formatEstimate(lambdaMax.lower, intervals?.lambdaMax.lower);
  const minUpper = formatEstimate(lambdaMin.upper, intervals?.lambdaMin.upper);
  const minLower = formatEstimate(lambdaMin.lower, intervals?.lambdaMin.lower);
  const looseness = sharpness === undefined ? '   (the upper bound may be many times too high)' : '';
  const ofBounds = estimated
    ? `estimate of the upper bound ${upper}, of the lower bound ${lower}`
    : `upper bound ${upper}, lower bound ${lower}`;
  const minBounds = estimated
    ? `estimate of the upper bound ${minUpper}, of the lower bound ${minLower}`
    : `upper bound ${minUpper}, lower bound ${minLower}`;
  const blockwise = lambdaMax.blockwiseUpper;
  return [
    ...(sharpness === undefined ? [] : [['λ_max', foundText(sharpness.lambdaMax)] as const]),
    ...ofSamples(sharpness),
    [sharpness === undefined ? 'λ_max' : '', `${ofBounds}${looseness}`],
    ...(blockwise === null
      ? []
      : [
          [
            '',
            `blockwise ${estimated ? 'estimate' : 'upper bound'} ${formatEstimate(blockwise, intervals?.lambdaMax.blockwiseUpper ?? undefined)}   (from the layers' blocks; never looser)`,
          ] as const,
        ]),
    ...(sharpness === undefined ? [] : [['λ_min', foundText(sharpness.lambdaMin)] as const]),
    [sharpness === undefined ? 'λ_min' : '', minBounds],
  ];
}

/** How much of it these samples are. */
function ofSamples(sharpness: Sharpness | undefined): Line[] {
  if (sharpness === undefined) return [];
  const found = samplingErrorText(sharpness);
  return found === null ? [] : [['', `on these samples; ${found}`]];
}

/** "between 1.02 and 1.041, certified at 99.9 % after 24 Lanczos steps". */
export function foundText(interval: EigenvalueInterval): string {
  return `${intervalText(interval)}, ${fullCertaintyText(interval)}`;
}
