import { elasticityChart } from '../src/charts/elasticityChart';
import { gramHeatMap } from '../src/charts/gramHeatMap';
import { unitsChart, unitsChartHeight } from '../src/charts/unitsChart';
import { formatCount, formatPercent } from '../src/report/number';
import type { LayerReport, Orthogonality } from '../src/report/report';
import { card } from './card';
import { chartBox } from './chartBox';
import { element } from './dom';
import type { Section, View } from './view';

/** What drives the bound: weights, widths, samples. A card is there when its numbers are. */
export const drivers: Section = {
  id: 'drivers',
  inputs: ({ known, state, settings }) => {
    const { layers, orthogonality } = known;
    return [state.phase === 'choosing-samples', layers, orthogonality, settings.layer];
  },
  draw: (view) => {
    const { layers, orthogonality } = view.known;
    if (view.state.phase === 'choosing-samples' || layers === undefined) return [];
    return [
      weights(layers),
      widths(layers, view),
      orthogonality === undefined || orthogonality === null ? null : alignment(layers, orthogonality, view),
    ];
  },
};

function weights(layers: readonly LayerReport[]): HTMLElement | null {
  const known = layers.filter(({ elasticity }) => elasticity !== null);
  if (known.length === 0) return null;
  return card(
    'What drives it: weights',
    'elasticity',
    'driver',
    element('p', { class: 'sentence' }, 'Scaling a layer’s weight by +1 % changes the bound by'),
    chartBox(
      known.length > 8 ? 22 * known.length : 38 * known.length,
      (width) => elasticityChart(layers, { id: 'elasticity-chart', width }) ?? '',
    ),
  );
}

function widths(layers: readonly LayerReport[], view: View): HTMLElement | null {
  const choices = layers.flatMap((layer, index) =>
    layer.units === null || layer.units.length === 0 ? [] : [{ name: layer.name, index, units: layer.units }],
  );
  const chosen = choices.find(({ index }) => index === view.settings.layer) ?? choices[0];
  if (chosen === undefined) return null;
  const { units, name, index } = chosen;
  const largest = units.toSorted((one, other) => other - one).slice(0, 3);
  const carried = formatPercent(largest.reduce((sum, share) => sum + share, 0));
  return card(
    'What drives it: widths',
    'units',
    'driver',
    layerChoice('units-layer', choices, index, view),
    element(
      'p',
      { class: 'sentence', 'data-layer': index },
      `${formatCount(units.length)} hidden units fed by ${name}; the largest ${largest.length} carry ${carried} of ‖H‖².`,
    ),
    chartBox(unitsChartHeight, (width) => unitsChart(units, { id: 'units-chart', width, layer: name })),
  );
}

function alignment(layers: readonly LayerReport[], orthogonality: Orthogonality, view: View): HTMLElement {
  const choices = orthogonality.layers.flatMap(({ gram, crossSampleShare }, index) =>
    gram === null ? [] : [{ name: layers[index]?.name ?? String(index), index, gram, crossSampleShare }],
  );
  const chosen = choices.find(({ index }) => index === view.settings.layer) ?? choices[0];
  return card(
    'What drives it: samples',
    'orthogonality',
    'driver',
    element(
      'p',
      { class: 'sentence' },
      element('strong', {}, formatPercent(orthogonality.crossSampleShare)),
      ' of ‖H‖² comes from pairs of different samples: 0 % if no two samples acted together.',
    ),
    ...(chosen === undefined
      ? []
      : [
          layerChoice('gram-layer', choices, chosen.index, view),
          chartBox(
            170,
            (width) =>
              gramHeatMap(chosen.gram, {
                id: 'gram-chart',
                width,
                layer: chosen.name,
                classes: orthogonality.classes,
              }),
            220,
          ),
          element(
            'p',
            { class: 'sentence', 'data-layer': chosen.index },
            `Cosines between the inputs of ${chosen.name} of ${chosen.gram.length} samples${orthogonality.classes === null ? '' : ', ordered by class'}; cross-sample share of its part ${formatPercent(chosen.crossSampleShare)}.`,
          ),
        ]),
  );
}

/** Chooses the layer of the cards that show one; nothing where there is no choice. */
function layerChoice(
  id: string,
  choices: readonly { readonly name: string; readonly index: number }[],
  chosen: number,
  view: View,
): HTMLElement | null {
  if (choices.length < 2) return null;
  const dropdown = element(
    'vscode-dropdown',
    { id, 'aria-label': 'Layer' },
    ...choices.map(({ name, index }) =>
      element('vscode-option', { value: index, selected: index === chosen }, name),
    ),
  );
  dropdown.addEventListener('change', () => {
    const value = 'value' in dropdown ? Number(dropdown.value) : NaN;
    if (choices.some(({ index }) => index === value)) view.change({ layer: value });
  });
  return dropdown;
}
