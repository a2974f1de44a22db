import { spectrumBins, spectrumRows, spectrumSource } from '../src/charts/spectrumBins';
import { spectrumChart, spectrumChartHeight } from '../src/charts/spectrumChart';
import type { ModelFacts, Spectrum } from '../src/report/report';
import { card, unknown } from './card';
import { chartBox } from './chartBox';
import { element } from './dom';
import type { Section } from './view';

/** How many eigenvalues lie where, and the same as numbers. */
export const spectrumCard: Section = {
  id: 'spectrum',
  inputs: ({ known, pending, state }) => {
    const { bounds, sharpness, method, model, spectrum } = known;
    return [pending, state.phase, bounds?.lambdaMax.upper, sharpness, method, model?.parameters, spectrum];
  },
  draw: ({ known, pending, state }) => {
    const { spectrum, model, method } = known;
    if (state.phase === 'choosing-samples') return [];
    if (spectrum === undefined || spectrum === null || model === undefined) {
      // The closed form gives no spectrum; the others have one last.
      const awaited = pending && spectrum === undefined && (method === 'exact' || method === 'estimate');
      return awaited ? [card('The spectrum', 'spectrum', 'wide', unknown(spectrumChartHeight))] : [];
    }
    return [
      card(
        'The spectrum',
        'spectrum',
        'wide',
        chartBox(spectrumChartHeight, (width) =>
          spectrumChart({ ...known, spectrum, model }, { id: 'spectrum-chart', width }),
        ),
        element('p', { class: 'sentence source' }, spectrumSource(spectrum, model.parameters)),
        numbers(spectrum, model),
      ),
    ];
  },
};

function numbers(spectrum: Spectrum, model: ModelFacts): HTMLElement {
  const head = (caption: string): HTMLElement => element('th', { scope: 'col' }, caption);
  return element(
    'details',
    {},
    element('summary', { id: 'spectrum-numbers' }, 'The numbers'),
    element(
      'div',
      { class: 'scroller tall', tabindex: 0, role: 'region', 'aria-label': 'Table of the spectrum' },
      element(
        'table',
        { class: 'bins' },
        element('caption', { class: 'hidden' }, 'How many eigenvalues lie in each bin'),
        element('thead', {}, element('tr', {}, head('λ'), head('eigenvalues'))),
        element(
          'tbody',
          {},
          ...spectrumRows(spectrumBins(spectrum, model)).map(({ range, count }) =>
            element('tr', {}, element('th', { scope: 'row' }, range), element('td', {}, count)),
          ),
        ),
      ),
    ),
  );
}
