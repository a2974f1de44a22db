import { boundsChart, boundsChartHeight } from '../src/charts/boundsChart';
import { formatQuantity } from '../src/report/number';
import type { EigenvalueBound, PartialReport } from '../src/report/report';
import { card, unknown } from './card';
import { chartBox } from './chartBox';
import { element } from './dom';
import type { Term } from '../src/charts/explanations';
import { explained } from './tooltip';
import type { Section } from './view';

/** The bounds on one number line, and the traces that they come from. */
export const boundsCard: Section = {
  id: 'bounds',
  inputs: ({ known, pending, state }) => {
    const { bounds, trace, frobeniusSquared, gaussNewton } = known;
    return [pending, state.phase, bounds, trace, frobeniusSquared, gaussNewton];
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
          : chartBox(boundsChartHeight, (width) => boundsChart(bounds, { id: 'bounds-chart', width })),
        facts(known),
      ),
    ];
  },
};

function facts({ trace, frobeniusSquared, gaussNewton, bounds }: PartialReport): HTMLElement {
  const blockwise = bounds?.lambdaMax.blockwiseUpper ?? null;
  return element(
    'dl',
    { class: 'facts' },
    ...fact('trace T', trace === undefined ? '…' : formatQuantity(trace), 'traces'),
    ...fact(
      'squared norm F²',
      frobeniusSquared === undefined ? '…' : formatQuantity(frobeniusSquared),
      'traces',
    ),
    ...eigenvalues(bounds?.eigenvalues ?? []),
    ...(blockwise === null ? [] : fact('from the blocks', `≤ ${formatQuantity(blockwise)}`, 'blockwise')),
    ...(gaussNewton === undefined || gaussNewton === null
      ? []
      : fact('Gauss-Newton part alone', `≤ ${formatQuantity(gaussNewton.upper)}`, 'gaussNewton')),
  );
}

/** The bounds on the next eigenvalues, which are the ticks of the chart. */
function eigenvalues(bounds: readonly EigenvalueBound[]): HTMLElement[] {
  const [first] = bounds;
  const last = bounds.at(-1);
  if (first === undefined || last === undefined) return [];
  const several = first !== last;
  return fact(
    several ? `λ${first.k} to λ${last.k}` : `λ${first.k}`,
    `≤ ${formatQuantity(first.upper)}${several ? ` to ${formatQuantity(last.upper)}` : ''}`,
    'eigenvalues',
  );
}

function fact(name: string, value: string, term: Term): HTMLElement[] {
  return [
    element(
      'div',
      {},
      element('dt', {}, explained(element('span', { tabindex: 0 }, name), term)),
      element('dd', {}, value),
    ),
  ];
}
