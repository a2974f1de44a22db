import { t } from '@vscode/l10n';
import { probesText } from '../report/wording/estimateText';
import { formatEstimate, formatNumber, formatQuantity } from '../report/wording/number';
import type { EigenvalueInterval, Interval, PartialReport, Quantity, Range } from '../report/report';
import { fullCertaintyText, rangeText } from '../report/wording/sharpnessText';
import type { Fact } from './content';
import type { Term } from './explanations';

type Known = Pick<
  PartialReport,
  | 'analysis'
  | 'bounds'
  | 'eigenvalues'
  | 'estimate'
  | 'frobeniusSquared'
  | 'gaussNewton'
  | 'gradientNorm'
  | 'method'
  | 'preconditioned'
  | 'scaleAdapted'
  | 'sharpness'
  | 'trace'
>;

/** A fact, unless its value is not known. */
type PossibleFact = readonly [name: string, value: string | null | undefined, term: Term];

function known(facts: readonly PossibleFact[]): Fact[] {
  return facts.flatMap(([name, value, term]) =>
    value === null || value === undefined ? [] : [{ name, value, term }],
  );
}

/** What was found of the extreme eigenvalues, what the bounds are made from, and what else is bounded. */
export function boundsFacts(report: Known): Fact[] {
  const { bounds, sharpness, scaleAdapted, preconditioned, trace, frobeniusSquared, gaussNewton } = report;
  const intervals = report.estimate?.intervals;
  const blockwise = bounds?.lambdaMax.blockwiseUpper;
  const awaited = (quantity: Quantity | undefined, interval: Range | undefined): string =>
    quantity === undefined ? '…' : formatEstimate(quantity, interval);
  // Of an estimate it is not said that nothing lies beyond it.
  const sign = report.method === 'estimate' ? '≲' : '≤';
  const atMost = (quantity: Quantity, interval: Range | null | undefined): string =>
    `${sign} ${formatEstimate(quantity, interval ?? undefined)}`;
  return known([
    ['λ_max', sharpness && foundText(sharpness.lambdaMax), 'found'],
    ['λ_min', sharpness && foundText(sharpness.lambdaMin), 'found'],
    [t('λ_max, scale-adapted'), scaleAdapted && foundText(scaleAdapted.lambdaMax), 'scaleAdapted'],
    [t('λ_max that Adam meets'), preconditioned && foundText(preconditioned.lambdaMax), 'preconditioned'],
    [t('trace T'), awaited(trace, intervals?.trace), 'traces'],
    [t('squared norm F²'), awaited(frobeniusSquared, intervals?.frobeniusSquared), 'traces'],
    // Found, they have a table of their own.
    ...(report.eigenvalues ? [] : [nextEigenvalues(report, sign)]),
    [
      t('from the blocks'),
      blockwise && atMost(blockwise, intervals?.bounds.lambdaMax.blockwiseUpper),
      'blockwise',
    ],
    [
      t('Gauss-Newton part alone'),
      gaussNewton && atMost(gaussNewton.upper, gaussNewton.intervals?.upper),
      'gaussNewton',
    ],
    [t('error bars'), probesText(report), 'probes'],
  ]);
}

/** "53.09 to 53.38, certified at 99.9 % after 24 Lanczos steps". */
function foundText(interval: EigenvalueInterval): string {
  return `${rangeText(interval)}, ${fullCertaintyText(interval)}`;
}

/** The bounds on the next eigenvalues, which are the ticks of the chart. */
function nextEigenvalues({ bounds, estimate }: Known, sign: string): PossibleFact {
  const first = bounds?.eigenvalues[0];
  const last = bounds?.eigenvalues.at(-1);
  const intervals = estimate?.intervals.bounds.eigenvalues;
  if (first === undefined || last === undefined) return ['', null, 'eigenvalues'];
  const several = first !== last;
  const to = several ? t` to ${formatEstimate(last.upper, intervals?.at(-1)?.upper)}` : '';
  return [
    several ? t`λ${first.k} to λ${last.k}` : `λ${first.k}`,
    `${sign} ${formatEstimate(first.upper, intervals?.[0]?.upper)}${to}`,
    'eigenvalues',
  ];
}

/** Both ends of every bound, and the rest of what they are made from. */
export function boundsDetails({ bounds, estimate, gaussNewton, gradientNorm, method }: Known): Fact[] {
  if (bounds === undefined) return [];
  const intervals = estimate?.intervals.bounds;
  const bound = method === 'estimate' ? t('estimated bounds') : 'bounds';
  const both = (
    { lower, upper }: Interval,
    of: { readonly lower: Range; readonly upper: Range } | undefined,
  ): string =>
    of === undefined
      ? t`${formatQuantity(lower)} to ${formatQuantity(upper)}`
      : t`from ${formatEstimate(lower, of.lower)} to ${formatEstimate(upper, of.upper)}`;
  const ofGaussNewton = gaussNewton?.intervals;
  return known([
    [t`λ_max, ${bound}`, both(bounds.lambdaMax, intervals?.lambdaMax), 'bounds'],
    [t`λ_min, ${bound}`, both(bounds.lambdaMin, intervals?.lambdaMin), 'bounds'],
    ...bounds.eigenvalues.map((each, index): PossibleFact => [
      `λ_${each.k}, ${bound}`,
      both(each, intervals?.eigenvalues[index]),
      'eigenvalues',
    ]),
    ['‖∇L‖', gradientNorm === undefined ? null : formatNumber(gradientNorm), 'criticalPoint'],
    [
      t('Gauss-Newton, T'),
      gaussNewton && formatEstimate(gaussNewton.trace, ofGaussNewton?.trace),
      'gaussNewton',
    ],
    [
      t('Gauss-Newton, F²'),
      gaussNewton && formatEstimate(gaussNewton.frobeniusSquared, ofGaussNewton?.frobeniusSquared),
      'gaussNewton',
    ],
  ]);
}
