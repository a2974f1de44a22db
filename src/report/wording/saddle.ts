import { t } from '@vscode/l10n';
import type { PartialReport } from '../report';
import { formatAbove, formatPercent, formatQuantity } from './number';

/** An estimate has to lie so many standard errors beyond zero to say on which side of it the truth is. */
const standardErrors = 3;

/** Less than this of λ_max is no negative curvature: rounding, and what is left of a fit's last errors, make as much. */
const least = 1e-6;

/** A slope is none where curvature outweighs it within so much of the size of the weights. */
const nearby = 0.01;

/** A fit is perfect where a step of so much of the size of the weights along the sharpest direction doubles the loss. */
const perfect = 1e-6;

type Known = Pick<PartialReport, 'bounds' | 'gradientNorm' | 'layers' | 'samples' | 'sharpness'>;

/** What is known of directions that curve downwards. */
export type DownwardCurvature =
  /** None, none to speak of, open or not known yet. */
  | { readonly kind: 'none' | 'negligible' | 'open' }
  /** "saddle": the gradient is as good as zero beside it; "ordinary": the slope outweighs it, as away from a minimum. */
  | {
      readonly kind: 'saddle' | 'ordinary';
      /** λ_min, from above. */
      readonly most: string;
      /** "0.83 % of λ_max", or "at least 0.4 % of λ_max"; null where λ_max is not positive. */
      readonly share: string | null;
    };

/**
 * Whether and how much a direction curves downwards, and whether that makes the point a saddle (docs/numbers.md has the
 * grounds). The interval of λ_min that was found decides before its bounds.
 */
export function downwardCurvature(report: Known): DownwardCurvature {
  const { bounds, sharpness } = report;
  const largest = sharpness?.lambdaMax.upper ?? bounds?.lambdaMax.upper.value ?? 0;
  const negligible = least * Math.max(0, largest);
  const found = sharpness?.lambdaMin;
  if (found !== undefined && found.lower >= -negligible) return { kind: noneOf(found.lower) };
  if (found !== undefined && found.upper < 0) {
    const certain = sharpness?.lambdaMax.certified === true && found.certified;
    return negative(report, found.upper, largest, formatAbove(found.upper), certain);
  }
  if (bounds === undefined) return { kind: 'open' };
  const { lower, upper } = bounds.lambdaMin;
  if (upper.value + standardErrors * upper.standardError < 0)
    return negative(report, upper.value, largest, formatQuantity(upper), false);
  const lowest = lower.value - standardErrors * lower.standardError;
  return { kind: lowest >= -negligible ? noneOf(lowest) : 'open' };
}

function noneOf(lowest: number): 'none' | 'negligible' {
  return lowest >= 0 ? 'none' : 'negligible';
}

function negative(
  report: Known,
  curvature: number,
  largest: number,
  most: string,
  certain: boolean,
): DownwardCurvature {
  const part = formatPercent(-curvature / largest);
  const share = largest > 0 ? t`${certain ? '' : t('at least ')}${part} of λ_max` : null;
  return { kind: isCritical(report, -curvature, largest) ? 'saddle' : 'ordinary', most, share };
}

/**
 * Within a distance r a curvature κ downwards gains ½κr² and the slope ‖∇L‖r: beyond r = 2‖∇L‖/κ the curvature gains more.
 * Where that is near beside the weights the gradient is as good as zero. A perfect fit has nothing left to gain.
 */
function isCritical({ gradientNorm, layers, samples }: Known, curvature: number, largest: number): boolean {
  if (gradientNorm === undefined || layers === undefined) return false;
  const size = Math.hypot(...layers.map(({ weightNorm }) => weightNorm));
  const loss = samples?.meanLoss ?? Infinity;
  if (largest > 0 && loss >= 0 && Math.sqrt((2 * loss) / largest) <= perfect * size) return false;
  return 2 * gradientNorm <= nearby * size * curvature;
}

/** The same as a sentence that stands by itself; none where nothing curves downwards, or it is said to be a saddle elsewhere. */
export function downwardSentences(report: Known): string[] {
  const downwards = downwardCurvature(report);
  switch (downwards.kind) {
    case 'none':
    case 'negligible':
    case 'saddle':
      return [];
    case 'open':
      return [
        t(
          'These bounds leave open whether λ_min is negative; away from a minimum a little negative curvature is ordinary.',
        ),
      ];
    case 'ordinary': {
      const share = downwards.share === null ? '' : t` (${downwards.share} in size)`;
      return [
        t`λ_min is at most ${downwards.most}${share}: a direction curves downwards, which is ordinary away from a minimum; the slope outweighs it here.`,
      ];
    }
  }
}
