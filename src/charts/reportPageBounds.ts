import { probesText } from '../report/estimateText';
import { formatEstimate, formatNumber, formatQuantity } from '../report/number';
import type { EigenvalueInterval, Interval, Range, Report } from '../report/report';
import { fullCertaintyText, isEstimate, rangeText } from '../report/sharpnessText';
import { boundsChart } from './boundsChart';
import { html, words, type HtmlText } from './html';
import { card, drawn } from './reportPageCard';
import { spectrumBins, spectrumRows, spectrumSource } from './spectrumBins';
import { spectrumChart } from './spectrumChart';

/** Pixels that charts are drawn for; narrower pages shrink them. */
const pageWidth = 960;

type Fact = readonly [name: string, value: string];

export function boundsSection(report: Report): HtmlText {
  return card(
    'The bounds',
    'bounds',
    drawn(boundsChart(report, { id: 'bounds', width: pageWidth })),
    html(
      'dl',
      { class: 'facts' },
      ...facts(report).map(([name, value]) =>
        html('div', {}, html('dt', {}, words(name)), html('dd', {}, words(value))),
      ),
    ),
  );
}

function facts(report: Report): Fact[] {
  const { bounds, trace, frobeniusSquared, gaussNewton, gradientNorm, sharpness, scaleAdapted, method } =
    report;
  const { lambdaMax, lambdaMin, eigenvalues } = bounds;
  const estimated = isEstimate(lambdaMax.upper, method);
  const bound = estimated ? 'estimated bounds' : 'bounds';
  const intervals = report.estimate?.intervals;
  const probes = probesText(report);
  const range = (
    { lower, upper }: Interval,
    of: { readonly lower: Range; readonly upper: Range } | undefined,
  ): string =>
    of === undefined
      ? `${formatQuantity(lower)} to ${formatQuantity(upper)}`
      : `from ${formatEstimate(lower, of.lower)} to ${formatEstimate(upper, of.upper)}`;
  return [
    ...(sharpness === undefined
      ? []
      : [
          ['λ_max', foundText(sharpness.lambdaMax)] satisfies Fact,
          ['λ_min', foundText(sharpness.lambdaMin)] satisfies Fact,
        ]),
    [`λ_max, ${bound}`, range(lambdaMax, intervals?.bounds.lambdaMax)],
    ...(lambdaMax.blockwiseUpper === null
      ? []
      : [
          [
            'λ_max from the blocks',
            `${estimated ? '≲' : '≤'} ${formatEstimate(lambdaMax.blockwiseUpper, intervals?.bounds.lambdaMax.blockwiseUpper ?? undefined)}`,
          ] satisfies Fact,
        ]),
    [`λ_min, ${bound}`, range(lambdaMin, intervals?.bounds.lambdaMin)],
    ...(scaleAdapted === null
      ? []
      : [['λ_max, scale-adapted', foundText(scaleAdapted.lambdaMax)] satisfies Fact]),
    ['trace T', formatEstimate(trace, intervals?.trace)],
    ['squared norm F²', formatEstimate(frobeniusSquared, intervals?.frobeniusSquared)],
    ['‖∇L‖', formatNumber(gradientNorm)],
    ...(gaussNewton === null
      ? []
      : ([
          [
            `Gauss-Newton, ${estimated ? 'estimated upper bound' : 'upper bound'}`,
            formatEstimate(gaussNewton.upper, gaussNewton.intervals?.upper),
          ],
          ['Gauss-Newton, T', formatEstimate(gaussNewton.trace, gaussNewton.intervals?.trace)],
          [
            'Gauss-Newton, F²',
            formatEstimate(gaussNewton.frobeniusSquared, gaussNewton.intervals?.frobeniusSquared),
          ],
        ] satisfies Fact[])),
    ...eigenvalues.map((eigenvalue, index): Fact => [
      `λ_${eigenvalue.k}, ${bound}`,
      range(eigenvalue, intervals?.bounds.eigenvalues[index]),
    ]),
    ...(probes === null ? [] : [['error bars', probes] satisfies Fact]),
  ];
}

/** "53.09 to 53.38, certified at 99.9 % after 24 Lanczos steps". */
function foundText(interval: EigenvalueInterval): string {
  return `${rangeText(interval)}, ${fullCertaintyText(interval)}`;
}

export function spectrumSection(report: Report): HtmlText[] {
  const { spectrum, model } = report;
  if (spectrum === null) return [];
  const rows = spectrumRows(spectrumBins(spectrum, model));
  return [
    card(
      'The spectrum',
      'spectrum',
      drawn(spectrumChart({ ...report, spectrum }, { id: 'spectrum', width: pageWidth })),
      html('p', { class: 'faint' }, words(spectrumSource(spectrum, model.parameters))),
      html(
        'details',
        {},
        html('summary', {}, words('The numbers')),
        html(
          'table',
          { class: 'bins' },
          html(
            'thead',
            {},
            html(
              'tr',
              {},
              html('th', { scope: 'col' }, words('λ')),
              html('th', { scope: 'col' }, words('eigenvalues')),
            ),
          ),
          html(
            'tbody',
            {},
            ...rows.map(({ range, count }) =>
              html('tr', {}, html('th', { scope: 'row' }, words(range)), html('td', {}, words(count))),
            ),
          ),
        ),
      ),
    ),
  ];
}
