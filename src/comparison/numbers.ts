import { t } from '@vscode/l10n';
import type { ModelFacts, PrintedReport, Quantity, Range } from '../report/report';
import { endsText } from '../report/wording/eigenvaluesText';
import { formatNumber, formatPercent } from '../report/wording/number';
import { shownUpperBound } from '../report/wording/sharpnessText';
import type { Change, Compared, NumberName, Numbers } from './schema';

/** What of a report is compared; of a model that was only run, neither parameters nor architecture are told. */
export type ComparedReport = Pick<
  PrintedReport,
  | 'samples'
  | 'loss'
  | 'lossOptions'
  | 'gradientNorm'
  | 'sharpness'
  | 'preconditioned'
  | 'bounds'
  | 'estimate'
  | 'trace'
  | 'response'
  | 'layers'
  | 'training'
  | 'verdict'
  | 'warnings'
> & {
  readonly model: Omit<ModelFacts, 'parameters' | 'architecture'> &
    Partial<Pick<ModelFacts, 'parameters' | 'architecture'>>;
};

/** One of the numbers that are compared. */
interface ComparedNumber {
  /** Above its column. */
  readonly head: string;
  readonly of: (report: ComparedReport) => Compared | null;
  readonly format: (value: number) => string;
}

const between = (value: number, { lower, upper }: Range, samplingError: number | null = null): Compared => ({
  value,
  lower,
  upper,
  samplingError,
});

/** Exact to rounding. */
const exactly = (value: number, samplingError: number | null = null): Compared =>
  between(value, { lower: value, upper: value }, samplingError);

/** Between its 95 % ends. */
const estimated = ({ value }: Quantity, ends: Range | undefined): Compared =>
  ends === undefined ? exactly(value) : between(value, ends);

/** λ_max between its ends, and as much of its error as `factor` passes on. */
function curvature({ sharpness }: ComparedReport, factor = 1): Compared | null {
  if (sharpness === undefined) return null;
  const { lower, upper, samplingError = null } = sharpness.lambdaMax;
  return between(
    ((lower + upper) / 2) * factor,
    { lower: lower * factor, upper: upper * factor },
    samplingError === null ? null : samplingError * factor,
  );
}

/** ‖θ‖², of the response's own λ_max·‖θ‖². */
function squaredSize({ response, sharpness }: ComparedReport): number | null {
  if (response === null || sharpness === undefined) return null;
  const { lower, upper } = sharpness.lambdaMax;
  const size = response.scaleInvariant / ((lower + upper) / 2);
  return Number.isFinite(size) && size >= 0 ? size : null;
}

/** Standard error of a share of so many samples, as if two more had been right and two wrong: of 100 % it is not 0. */
function shareError(share: number, count: number): number {
  const shrunk = (share * count + 2) / (count + 4);
  return Math.sqrt((shrunk * (1 - shrunk)) / (count + 4));
}

/** Every number that is compared, in the order of the columns. */
export const comparedNumbers: Readonly<Record<NumberName, ComparedNumber>> = {
  loss: {
    head: t('Loss'),
    of: ({ samples }) => exactly(samples.meanLoss, samples.lossError ?? null),
    format: formatNumber,
  },
  accuracy: {
    head: t('Accuracy'),
    of: ({ samples: { accuracy, count } }) =>
      accuracy === null ? null : exactly(accuracy, shareError(accuracy, count)),
    format: (value) => formatPercent(value, 4),
  },
  gradientNorm: {
    head: '‖∇L‖',
    of: ({ gradientNorm }) => (gradientNorm === null ? null : exactly(gradientNorm)),
    format: formatNumber,
  },
  lambdaMax: { head: t('λ_max'), of: (report) => curvature(report), format: formatNumber },
  upperBound: {
    head: 'U',
    of: ({ bounds, sharpness, estimate }) =>
      bounds === null
        ? null
        : estimated(shownUpperBound(bounds, sharpness), estimate?.intervals.bounds.lambdaMax.upper),
    format: formatNumber,
  },
  trace: {
    head: t('Trace'),
    of: ({ trace, estimate }) => (trace === null ? null : estimated(trace, estimate?.intervals.trace)),
    format: formatNumber,
  },
  scaleInvariant: {
    head: t('λ_max·‖θ‖²'),
    of: (report) => {
      const size = squaredSize(report);
      return size === null ? null : curvature(report, size);
    },
    format: formatNumber,
  },
  moveCost: {
    head: t('1 % move'),
    of: (report) => {
      const { response, samples, sharpness } = report;
      if (response?.worst.loss === undefined || response.worst.loss === null) return null;
      const size = squaredSize(report);
      const { samplingError = null } = sharpness?.lambdaMax ?? {};
      // To second order the cost is ½ λ_max t²: other samples change it by as much of λ_max's own error.
      const passedOn = size === null ? null : (response.relativeStep ** 2 * size) / 2;
      const error = samplingError === null || passedOn === null ? null : samplingError * passedOn;
      return exactly(response.worst.loss - samples.meanLoss, error);
    },
    format: formatNumber,
  },
};

/** The names in the order of the columns. */
export const numberNames = Object.keys(comparedNumbers) as readonly NumberName[];

/** One entry for each number. */
export function eachNumber<Value>(of: (name: NumberName) => Value): Record<NumberName, Value> {
  return Object.fromEntries(numberNames.map((name) => [name, of(name)])) as Record<NumberName, Value>;
}

/** "1.257", or "1.02 to 1.041": what is known of a number; "–" where nothing is. */
export function comparedText(name: NumberName, compared: Compared | null): string {
  if (compared === null) return '–';
  if (compared.lower === compared.upper) return comparedNumbers[name].format(compared.value);
  return endsText(compared);
}

/** Two-sided 95 % of a normal distribution, in standard errors. */
const normalQuantile = 1.96;

/**
 * What lies between two numbers: the ends of both, farthest apart, and 95 % of the samples' own error, where it is known,
 * as if either had its own samples. Where both share theirs that is more than it is.
 */
export function changeOf(from: Compared | null, to: Compared | null): Change | null {
  if (from === null || to === null) return null;
  const error = normalQuantile * Math.hypot(from.samplingError ?? 0, to.samplingError ?? 0);
  const lower = to.lower - from.upper - error;
  const upper = to.upper - from.lower + error;
  return { value: to.value - from.value, lower, upper, differs: lower > 0 || upper < 0 };
}

/** What lies between two means over the same samples, with the error of the paired differences. @param error standard error */
export function pairedChange(value: number, error: number): Change {
  const [lower, upper] = [value - normalQuantile * error, value + normalQuantile * error];
  return { value, lower, upper, differs: lower > 0 || upper < 0 };
}

/** "+0.33 ± 0.05", "none (± 0.4)" within the error bars, "–" where it is not known. */
export function changeText(name: NumberName, change: Change | null): string {
  if (change === null) return '–';
  const { value, lower, upper, differs } = change;
  const [unit, sign] = name === 'accuracy' ? ([100, ' %'] as const) : ([1, ''] as const);
  const error = Math.max(value - lower, upper - value) * unit;
  const width = formatNumber(Number(error.toPrecision(2)));
  if (!differs) return error === 0 ? 'none' : t`none (± ${width}${sign})`;
  const signed = (text: string): string => `${value > 0 ? '+' : ''}${text}`;
  if (error === 0) return `${signed(formatNumber(value * unit))}${sign}`;
  // To the place of the error's second digit.
  const place = 10 ** (Math.floor(Math.log10(error)) - 1);
  const rounded = Number((Math.round((value * unit) / place) * place).toPrecision(12));
  return `${signed(formatNumber(rounded))} ± ${width}${sign}`;
}

/** The numbers of a report. */
export function numbersOf(report: ComparedReport): Numbers {
  return eachNumber((name) => comparedNumbers[name].of(report));
}
