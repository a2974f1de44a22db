import { t } from '@vscode/l10n';
import { formatAbove, formatBelow, formatCount, formatEstimate, formatNumber, formatPercent } from './number';
import type {
  Bounds,
  EigenvalueInterval,
  Method,
  PartialReport,
  Quantity,
  Range,
  Sharpness,
} from '../report';

/** How an interval for an eigenvalue, and an estimate of its bound, are put into words: for a terminal and for the panel. */

/** The end nearer to zero says how finely three digits may be read: fewer would hide what is known. */
const leastDigits = 3;

/** The number that both ends read as to at least three significant digits; null where they differ. */
export function commonValue({ lower, upper }: Range): string | null {
  if (formatNumber(lower) === formatNumber(upper)) return formatNumber(lower);
  const [low, high] = [lower.toPrecision(leastDigits), upper.toPrecision(leastDigits)];
  return low === high ? formatNumber(Number(low)) : null;
}

/** "= 1.031", or "between 1.02 and 1.041": never narrower than the interval. */
export function intervalText(interval: EigenvalueInterval): string {
  const { lower, upper } = interval;
  if (formatNumber(lower) === formatNumber(upper)) return `= ${formatNumber(lower)}`;
  return t`between ${formatBelow(lower)} and ${formatAbove(upper)}`;
}

/** "1.031", or "1.02 to 1.041": for a row of facts. */
export function rangeText({ lower, upper }: Range): string {
  if (formatNumber(lower) === formatNumber(upper)) return formatNumber(lower);
  return t`${formatBelow(lower)} to ${formatAbove(upper)}`;
}

/** "certified at 99.9 %", "proved", "from the whole spectrum"; "not certified" where the interval is wider than was asked. */
export function certaintyText({ kind, confidence, certified }: EigenvalueInterval): string {
  if (kind === 'spectrum') return t('from the whole spectrum');
  if (!certified) return t('not certified');
  return kind === 'proved' ? 'proved' : t`certified at ${formatPercent(confidence, 4)}`;
}

/** "certified at 99.9 % after 24 Lanczos steps"; without a certificate, the grounds on which the interval holds. */
export function fullCertaintyText(interval: EigenvalueInterval): string {
  const certainty = certaintyText(interval);
  if (interval.kind === 'spectrum') return certainty;
  return interval.certified
    ? `${certainty} ${stepsText(interval)}`
    : `${certainty}: ${groundsText(interval)}`;
}

/** On what grounds the interval holds: "with 99.9 % confidence, after 24 Lanczos steps". */
export function groundsText(interval: EigenvalueInterval): string {
  const { kind, confidence } = interval;
  if (kind === 'spectrum') return t('all eigenvalues were computed');
  const grounds = kind === 'proved' ? t('a proof') : t`with ${formatPercent(confidence, 4)} confidence`;
  return `${grounds}, ${stepsText(interval)}`;
}

function stepsText({ steps }: EigenvalueInterval): string {
  return t`after ${formatCount(steps)} Lanczos ${steps === 1 ? 'step' : 'steps'}`;
}

/**
 * The upper bound on λ_max as it is shown. An estimate of it may fall below the largest Ritz value, below which λ_max
 * cannot be (math: docs/certificates.md): it is then shown as that value.
 */
export function shownUpperBound(bounds: Bounds, sharpness: Sharpness | undefined): Quantity {
  const { value, standardError } = bounds.lambdaMax.upper;
  if (standardError === 0 || sharpness === undefined) return bounds.lambdaMax.upper;
  return { value: Math.max(value, sharpness.lambdaMax.lower), standardError };
}

/** Whether the bound is an estimate: a number with an error bar, or one that is known to become one. */
export function isEstimate(quantity: Quantity, method: Method | undefined): boolean {
  return method === 'estimate' || quantity.standardError > 0;
}

/**
 * "λ_max = 53.1, between 53.11 and 53.14, certified at 99.9 %"; where it was not looked for, what bounds it; null where
 * nothing is known.
 */
export function lambdaMaxText({ bounds, estimate, method, sharpness }: PartialReport): string | null {
  if (sharpness !== undefined) {
    const { lambdaMax } = sharpness;
    const [value, within] = [commonValue(lambdaMax), intervalText(lambdaMax)];
    const ends = value === null || within.startsWith('=') ? within : `= ${value}, ${within}`;
    return t`λ_max ${ends}, ${certaintyText(lambdaMax)}`;
  }
  if (bounds === undefined) return null;
  const { upper } = bounds.lambdaMax;
  return isEstimate(upper, method)
    ? t`λ_max ≲ ${formatEstimate(upper, estimate?.intervals.bounds.lambdaMax.upper)}, an estimate of the upper bound`
    : t`λ_max ≤ ${formatNumber(upper.value)}, the upper bound`;
}
