import { blocksHeatMap, mostSeparateCells } from '../src/charts/blocksHeatMap';
import { contributionsChart, mostContributionBars } from '../src/charts/contributionsChart';
import { blocksNotAsked } from '../src/charts/explanations';
import { card, unknown } from './card';
import { chartBox } from './chartBox';
import { button, element } from './dom';
import type { Section } from './view';

const reserved = 150;

/** Which layer, and how the layers act on each other. */
export const layersCards: Section = {
  id: 'layers',
  inputs: ({ known, pending, state, computation }) => {
    const { layers, bounds, blocks, estimate } = known;
    const errorBar = estimate?.studentQuantile;
    return [pending, state.phase, layers, bounds?.lambdaMax.upper, errorBar, blocks, computation];
  },
  draw: ({ known, pending, state, computation, post }) => {
    if (state.phase === 'choosing-samples') return [];
    const { layers, bounds, blocks, estimate } = known;
    const contributions =
      layers !== undefined && bounds !== undefined
        ? chartBox(
            layers.length > 8
              ? 22 * Math.min(mostContributionBars, layers.length) + 30
              : 38 * layers.length + 30,
            (width) =>
              contributionsChart(layers, bounds.lambdaMax.upper.value, {
                id: 'contributions-chart',
                width,
                errorBar: estimate?.studentQuantile ?? 0,
              }),
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
        ? element(
            'div',
            {},
            element('p', { class: 'sentence' }, blocksNotAsked),
            state.phase === 'done'
              ? button('Estimate the blocks', 'estimate-blocks', () =>
                  post({ type: 'compute', ...computation, blocks: true }),
                )
              : null,
          )
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
