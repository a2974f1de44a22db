import { blocksHeatMap, mostSeparateCells } from '../src/charts/blocksHeatMap';
import { contributionsChart, mostContributionBars } from '../src/charts/contributionsChart';
import { blocksNotAsked } from '../src/charts/explanations';
import { card, unknown } from './card';
import { chartBox } from './chartBox';
import { element } from './dom';
import type { Section } from './view';

const reserved = 150;

/** Which layer, and how the layers act on each other. */
export const layersCards: Section = {
  id: 'layers',
  inputs: ({ known, pending, state }) => {
    const { layers, bounds, blocks } = known;
    return [pending, state.phase, layers, bounds?.lambdaMax.upper, blocks];
  },
  draw: ({ known, pending, state }) => {
    if (state.phase === 'choosing-samples') return [];
    const { layers, bounds, blocks } = known;
    const contributions =
      layers !== undefined && bounds !== undefined
        ? chartBox(
            layers.length > 8
              ? 22 * Math.min(mostContributionBars, layers.length) + 30
              : 38 * layers.length + 30,
            (width) =>
              contributionsChart(layers, bounds.lambdaMax.upper.value, { id: 'contributions-chart', width }),
          )
        : pending
          ? unknown(reserved)
          : null;
    const drawable = blocks !== undefined && blocks !== null && layers !== undefined;
    const heatMap = drawable
      ? chartBox(
          reserved,
          (width) =>
            blocksHeatMap(
              blocks,
              layers.map(({ name }) => name),
              { id: 'blocks-chart', width },
            ),
          layers.length > mostSeparateCells ? 720 : 380,
        )
      : blocks === null
        ? element('p', { class: 'sentence' }, blocksNotAsked)
        : pending
          ? unknown(reserved)
          : null;
    return [
      contributions === null
        ? null
        : card(
            'Contribution of each layer to the upper bound',
            'contributions',
            'contributions',
            contributions,
          ),
      heatMap === null
        ? null
        : card(
            'Share of ‖H‖² between layers',
            'blocks',
            blocks === null
              ? 'blocks absent'
              : (layers?.length ?? 0) > mostSeparateCells
                ? 'blocks many'
                : 'blocks',
            heatMap,
          ),
    ];
  },
};
