import { formatCount, formatNumber, formatPercent } from '../src/report/number';
import type { TopSample } from '../src/report/report';
import { card } from './card';
import { element } from './dom';
import type { Section } from './view';

/** The samples that weigh most. */
export const samplesCard: Section = {
  id: 'samples',
  inputs: ({ known, state }) => [state.phase === 'choosing-samples', known.topSamples],
  draw: ({ known, state }) => {
    const { topSamples } = known;
    if (state.phase === 'choosing-samples' || topSamples === undefined || topSamples === null) return [];
    if (topSamples.length === 0) return [];
    return [
      card(
        'Samples that contribute most to ‖H‖²',
        'topSamples',
        'wide',
        element('ul', { class: 'sample-list' }, ...topSamples.map(sampleItem)),
      ),
    ];
  },
};

function sampleItem({ index, label, predicted, loss, share }: TopSample): HTMLElement {
  const wrong = label !== null && predicted !== null && label !== predicted;
  return element(
    'li',
    {},
    element('strong', {}, formatPercent(share)),
    element(
      'span',
      {},
      `#${formatCount(index)}`,
      label === null ? null : `, label ${formatNumber(label)}`,
      wrong ? ', ' : null,
      wrong ? element('span', { class: 'wrong' }, `predicted ${formatNumber(predicted)}`) : null,
    ),
    element('span', { class: 'faint' }, `loss ${formatNumber(loss)}`),
  );
}
