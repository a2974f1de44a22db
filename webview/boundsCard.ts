import { boundsChart, boundsChartHeight } from '../src/charts/boundsChart';
import { formatQuantity } from '../src/report/number';
import type { EigenvalueBound, EigenvalueInterval, PartialReport } from '../src/report/report';
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
    const { bounds, trace, frobeniusSquared, gaussNewton, sharpness, scaleAdapted, spectrum, method } = known;
    const values = spectrum?.values;
    return [
      pending,
      state.phase,
      bounds,
      trace,
      frobeniusSquared,
      gaussNewton,
      sharpness,
      scaleAdapted,
      values,
      method,
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

function facts({
  trace,
  frobeniusSquared,
  gaussNewton,
  bounds,
  sharpness,
  scaleAdapted,
  method,
}: PartialReport): HTMLElement {
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
    ...fact('trace T', trace === undefined ? '…' : formatQuantity(trace), 'traces'),
    ...fact(
      'squared norm F²',
      frobeniusSquared === undefined ? '…' : formatQuantity(frobeniusSquared),
      'traces',
    ),
    ...eigenvalues(bounds?.eigenvalues ?? [], sign),
    ...(blockwise === null
      ? []
      : fact('from the blocks', `${sign} ${formatQuantity(blockwise)}`, 'blockwise')),
    ...(gaussNewton === undefined || gaussNewton === null
      ? []
      : fact('Gauss-Newton part alone', `${sign} ${formatQuantity(gaussNewton.upper)}`, 'gaussNewton')),
  );
}

/** The interval of an eigenvalue, and with which certainty it holds. */
function found(name: string, interval: EigenvalueInterval, term: Term = 'found'): HTMLElement[] {
  return fact(name, `${rangeText(interval)}, ${fullCertaintyText(interval)}`, term);
}

/** The bounds on the next eigenvalues, which are the ticks of the chart. */
function eigenvalues(bounds: readonly EigenvalueBound[], sign: string): HTMLElement[] {
  const [first] = bounds;
  const last = bounds.at(-1);
  if (first === undefined || last === undefined) return [];
  const several = first !== last;
  return fact(
    several ? `λ${first.k} to λ${last.k}` : `λ${first.k}`,
    `${sign} ${formatQuantity(first.upper)}${several ? ` to ${formatQuantity(last.upper)}` : ''}`,
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
