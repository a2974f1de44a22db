import { pictureDescription, samplePicture } from '../src/charts/samplePicture';
import { formatCount, formatNumber, formatPercent } from '../src/report/number';
import type { TopSample } from '../src/report/report';
import { card } from './card';
import { element, svgElement } from './dom';
import type { Section } from './view';

/** Pixels. */
const pictureSide = 56;

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

function sampleItem(sample: TopSample): HTMLElement {
  const { index, label, predicted, loss, share, picture } = sample;
  const wrong = label !== null && predicted !== null && label !== predicted;
  const words = element(
    'div',
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
  const drawn =
    picture === null
      ? null
      : svgElement(samplePicture(picture, { side: pictureSide, description: pictureDescription(sample) }));
  return element('li', {}, drawn, words);
}
