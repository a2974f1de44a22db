import { boundsChart, boundsChartHeight } from '../src/charts/boundsChart';
import { probesText } from '../src/report/estimateText';
import { formatEstimate } from '../src/report/number';
import type { EigenvalueInterval, PartialReport } from '../src/report/report';
import { fullCertaintyText, rangeText } from '../src/report/sharpnessText';
import { card, unknown } from './card';
import { chartBox } from './chartBox';
import { element, withSubscripts } from './dom';
import type { Term } from '../src/charts/explanations';
import { explained } from './tooltip';
import type { Section } from './view';

/** The bounds on one number line, and the traces that they come from. */
export const boundsCard: Section = {
  id: 'bounds',
  inputs: ({ known, pending, state }) => {
    const { bounds, estimate, trace, frobeniusSquared, gaussNewton, sharpness, scaleAdapted, spectrum } =
      known;
    const values = spectrum?.values;
    return [
      pending,
      state.phase,
      bounds,
      estimate,
      trace,
      frobeniusSquared,
      gaussNewton,
      sharpness,
      scaleAdapted,
      values,
      known.method,
      known.analysis?.requestedPrecision,
    ];
  },
  draw: ({ known, pending, state }) => {
    const { bounds } = known;
    if (state.phase === 'choosing-samples' || (bounds === undefined && !pending)) return [];
    return [
      card(
        'The bounds',
        'bounds',
        'wide',
        bounds === undefined
          ? unknown(boundsChartHeight)
          : chartBox(boundsChartHeight, (width) =>
              boundsChart({ ...known, bounds }, { id: 'bounds-chart', width }),
            ),
        facts(known),
      ),
    ];
  },
};

function facts(known: PartialReport): HTMLElement {
  const { trace, frobeniusSquared, gaussNewton, bounds, sharpness, scaleAdapted, method } = known;
  const intervals = known.estimate?.intervals;
  const probes = probesText(known);
  const blockwise = bounds?.lambdaMax.blockwiseUpper ?? null;
  // Of an estimate it is not said that nothing lies beyond it.
  const sign = method === 'estimate' ? '≲' : '≤';
  return element(
    'dl',
    { class: 'facts' },
    ...(sharpness === undefined
      ? []
      : [...found('λ_max', sharpness.lambdaMax), ...found('λ_min', sharpness.lambdaMin)]),
    ...(scaleAdapted === undefined || scaleAdapted === null
      ? []
      : found('λ_max, scale-adapted', scaleAdapted.lambdaMax, 'scaleAdapted')),
    ...fact('trace T', trace === undefined ? '…' : formatEstimate(trace, intervals?.trace), 'traces'),
    ...fact(
      'squared norm F²',
      frobeniusSquared === undefined ? '…' : formatEstimate(frobeniusSquared, intervals?.frobeniusSquared),
      'traces',
    ),
    ...eigenvalues(known, sign),
    ...(blockwise === null
      ? []
      : fact(
          'from the blocks',
          `${sign} ${formatEstimate(blockwise, intervals?.bounds.lambdaMax.blockwiseUpper ?? undefined)}`,
          'blockwise',
        )),
    ...(gaussNewton === undefined || gaussNewton === null
      ? []
      : fact(
          'Gauss-Newton part alone',
          `${sign} ${formatEstimate(gaussNewton.upper, gaussNewton.intervals?.upper)}`,
          'gaussNewton',
        )),
    ...(probes === null ? [] : fact('error bars', probes, 'probes')),
  );
}

/** The interval of an eigenvalue, and with which certainty it holds. */
function found(name: string, interval: EigenvalueInterval, term: Term = 'found'): HTMLElement[] {
  return fact(name, `${rangeText(interval)}, ${fullCertaintyText(interval)}`, term);
}

/** The bounds on the next eigenvalues, which are the ticks of the chart. */
function eigenvalues({ bounds, estimate }: PartialReport, sign: string): HTMLElement[] {
  const first = bounds?.eigenvalues[0];
  const last = bounds?.eigenvalues.at(-1);
  const intervals = estimate?.intervals.bounds.eigenvalues;
  if (first === undefined || last === undefined) return [];
  const several = first !== last;
  return fact(
    several ? `λ${first.k} to λ${last.k}` : `λ${first.k}`,
    `${sign} ${formatEstimate(first.upper, intervals?.[0]?.upper)}${several ? ` to ${formatEstimate(last.upper, intervals?.at(-1)?.upper)}` : ''}`,
    'eigenvalues',
  );
}

function fact(name: string, value: string, term: Term): HTMLElement[] {
  return [
    element(
      'div',
      {},
      element('dt', {}, explained(element('span', { tabindex: 0 }, ...withSubscripts(name)), term)),
      element('dd', {}, value),
    ),
  ];
}
