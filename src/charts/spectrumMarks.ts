import { t } from '@vscode/l10n';
import { formatQuantity } from '../report/wording/number';
import type { EigenvalueInterval, PartialReport, Quantity, Spectrum } from '../report/report';
import { commonValue, isEstimate, rangeText, shownUpperBound } from '../report/wording/sharpnessText';
import { colours } from './colours';
import { foundColour } from './foundMarks';

/** A number that is marked in the picture of the spectrum. */
export interface SpectrumMark {
  readonly name: 'found-max' | 'found-min' | 'upper' | 'lower';
  readonly value: number;
  /** λ_max stands for λ with a subscript. */
  readonly label: string;
  readonly colour: string;
  /** Bounds are dashed, what was found is not. */
  readonly dashes?: string;
}

/** λ_max and λ_min as found, and the bounds on them where they lie on or near the spectrum. */
export function spectrumMarks({
  bounds,
  sharpness,
  method,
  spectrum,
}: Pick<PartialReport, 'bounds' | 'sharpness' | 'method'> & { readonly spectrum: Spectrum }): SpectrumMark[] {
  const { values } = spectrum;
  const [first, last] = [values?.[0], values?.at(-1)];
  const bound = (name: 'upper' | 'lower', quantity: Quantity): SpectrumMark => ({
    name,
    value: quantity.value,
    label: `${isEstimate(quantity, method) ? t('estimated bound') : t`${name} bound`} ${formatQuantity(quantity)}`,
    colour: name === 'upper' ? colours.upper : colours.lower,
    dashes: name === 'upper' ? '6 3' : '2 3',
  });
  const marks = [
    ...(sharpness === undefined ? [] : found('max', sharpness.lambdaMax, first)),
    ...(sharpness === undefined ? [] : found('min', sharpness.lambdaMin, last)),
    ...(bounds === undefined
      ? []
      : [bound('upper', shownUpperBound(bounds, sharpness)), bound('lower', bounds.lambdaMin.lower)]),
  ];
  return marks.filter(({ value }) => Number.isFinite(value));
}

/** At the eigenvalue where it is known, else at the end that Lanczos reached. */
function found(name: 'max' | 'min', interval: EigenvalueInterval, known: number | undefined): SpectrumMark[] {
  const reached = name === 'max' ? interval.lower : interval.upper;
  return [
    {
      name: `found-${name}`,
      value: known ?? reached,
      label: `λ_${name} ${commonValue(interval) ?? rangeText(interval)}`,
      colour: foundColour(name),
    },
  ];
}
