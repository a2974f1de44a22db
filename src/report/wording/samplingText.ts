import { t } from '@vscode/l10n';
import type { Report, Response, Sharpness } from '../report';
import { formatNumber, formatPercent } from './number';

/** "± 0.15 for other samples like these (one standard error)"; null where it is not known. */
export function samplingErrorText({ lambdaMax }: Sharpness): string | null {
  const { samplingError } = lambdaMax;
  if (samplingError === undefined || samplingError === null) return null;
  return t`± ${samplingError.toPrecision(2)} for other samples like these (one standard error)`;
}

/** How much of λ_max its samples chose: what one half of them finds, and what the other half says of it; null where not known. */
export function splitHalfText({ lambdaMax }: Sharpness): string | null {
  const { splitHalf } = lambdaMax;
  if (splitHalf === undefined) return null;
  const { own, other } = splitHalf;
  return t`checked on other samples: the sharpest direction of a random half of them has ${formatNumber(own)} on that half and ${formatNumber(other)} on the other, which had no part in choosing it`;
}

/** "loss 0.01383 → 0.04662, accuracy 99.89 % → 98.44 %". */
export function movedText(
  { meanLoss, accuracy }: Report['samples'],
  moved: Response['worst'] | Response['random'],
): string {
  const loss = moved.loss === null ? t('no number') : formatNumber(moved.loss);
  const beside =
    accuracy === null || moved.accuracy === null
      ? ''
      : t`, accuracy ${formatPercent(accuracy, 4)} → ${formatPercent(moved.accuracy, 4)}`;
  return t`loss ${formatNumber(meanLoss)} → ${loss}${beside}`;
}
