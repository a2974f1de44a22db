import { formatCount, formatNumber, formatPercent } from '../report/number';
import type { Report, TopSample } from '../report/report';
import { blocksHeatMap, mostSeparateCells } from './blocksHeatMap';
import { contributionsChart } from './contributionsChart';
import { elasticityChart } from './elasticityChart';
import { blocksNotAsked } from './explanations';
import { gramHeatMap } from './gramHeatMap';
import { html, words, type HtmlText } from './html';
import { rowsOf, shownColumns } from './layerColumns';
import { layerSizes } from './layerRows';
import { card, drawn } from './reportPageCard';
import { pictureDescription, samplePicture } from './samplePicture';
import { unitsChart } from './unitsChart';

/** Pixels that charts are drawn for; narrower pages shrink them. */
const unitsWidth = 290;
const gramWidth = 220;
const pictureSide = 56;
/** So many layers get charts of their units and samples: those that contribute most. */
const mostLayerCharts = 6;

export function layerSections(report: Report): HtmlText[] {
  const { layers, blocks, bounds, estimate } = report;
  const upper = bounds.lambdaMax.upper.value;
  const names = layers.map(({ name }) => name);
  const many = layers.length > mostSeparateCells;
  const stacked = many || blocks === null;
  const contributions = contributionsChart(layers, upper, {
    id: 'contributions',
    width: stacked ? 920 : 560,
    errorBar: estimate?.studentQuantile ?? 0,
  });
  return [
    html(
      'div',
      { class: stacked ? 'grid stacked' : 'grid wide' },
      card('Contribution of each layer to the upper bound', 'contributions', drawn(contributions)),
      card(
        'Share of ‖H‖² between layers',
        'blocks',
        blocks === null
          ? html('p', {}, words(blocksNotAsked))
          : drawn(blocksHeatMap(blocks, names, { id: 'blocks', width: many ? 720 : 380 })),
      ),
    ),
    layerTable(report),
  ];
}

function layerTable(report: Report): HtmlText {
  const rows = rowsOf(report);
  const shown = shownColumns(rows);
  const head = ['layer', ...shown.map((column) => column.head)];
  const body = rows.map((row) =>
    html(
      'tr',
      {},
      html('th', { scope: 'row' }, words(`${row.layer.name} ${row.layer.kind} ${layerSizes(row.layer)}`)),
      ...shown.map(({ text }) => html('td', {}, words(text(row)))),
    ),
  );
  return html(
    'section',
    { class: 'card' },
    html('h2', {}, words('All layers')),
    html(
      'div',
      { class: 'scroller' },
      html(
        'table',
        {},
        html(
          'thead',
          {},
          html('tr', {}, ...head.map((caption) => html('th', { scope: 'col' }, words(caption)))),
        ),
        html('tbody', {}, ...body),
      ),
    ),
  );
}

/** The layers by contribution, the largest first. */
function heaviest({ layers }: Report): number[] {
  return [...layers.keys()].sort(
    (one, other) => (layers[other]?.contribution.value ?? 0) - (layers[one]?.contribution.value ?? 0),
  );
}

/** The first layers that have something to draw, in the order of the forward pass. */
function charted<T>(report: Report, of: (index: number) => T | null): readonly T[] {
  const withNumbers = heaviest(report).filter((index) => of(index) !== null);
  return withNumbers
    .slice(0, mostLayerCharts)
    .sort((one, other) => one - other)
    .flatMap((index) => of(index) ?? []);
}

export function driverSections(report: Report): HtmlText[] {
  return [...weights(report), ...widths(report), ...alignment(report)];
}

/** Charts of several layers side by side. */
function figures(charts: readonly { readonly title: string; readonly chart: string }[]): HtmlText {
  return html(
    'div',
    { class: 'figures' },
    ...charts.map(({ title, chart }) =>
      html('figure', {}, drawn(chart), html('figcaption', {}, words(title))),
    ),
  );
}

function weights({ layers }: Report): HtmlText[] {
  const chart = elasticityChart(layers, { id: 'elasticity', width: 560 });
  return chart === null ? [] : [card('What drives it: weights', 'elasticity', drawn(chart))];
}

function widths(report: Report): HtmlText[] {
  const charts = charted(report, (index) => {
    const layer = report.layers[index];
    if (layer === undefined || layer.units === null || layer.units.length === 0) return null;
    const chart = unitsChart(layer.units, { id: `units-${index}`, width: unitsWidth, layer: layer.name });
    const title = `${formatCount(layer.units.length)} hidden units fed by ${layer.name}`;
    return { title, chart };
  });
  if (charts.length === 0) return [];
  return [card('What drives it: widths', 'units', figures(charts))];
}

function alignment(report: Report): HtmlText[] {
  const { orthogonality } = report;
  if (orthogonality === null) return [];
  const { classes, crossSampleShare, layers } = orthogonality;
  const ordered = classes === null ? '' : ', ordered by class';
  const charts = charted(report, (index) => {
    const layer = layers[index];
    const name = report.layers[index]?.name ?? '';
    if (layer === undefined || layer.gram === null) return null;
    const chart = gramHeatMap(layer.gram, { id: `gram-${index}`, width: gramWidth, layer: name, classes });
    const title = `Cosines between the inputs of ${name} of ${layer.gram.length} samples${ordered}; cross-sample share of its part ${formatPercent(layer.crossSampleShare)}`;
    return { title, chart };
  });
  return [
    card(
      'What drives it: samples',
      'orthogonality',
      html(
        'p',
        {},
        html('strong', {}, words(formatPercent(crossSampleShare))),
        words(' of ‖H‖² comes from pairs of different samples: 0 % if no two samples acted together.'),
      ),
      ...(charts.length === 0 ? [] : [figures(charts)]),
    ),
  ];
}

export function samplesSection({ topSamples }: Report): HtmlText[] {
  if (topSamples === null || topSamples.length === 0) return [];
  const list = html('ul', { class: 'sample-list' }, ...topSamples.map(sampleItem));
  return [card('Samples that contribute most to ‖H‖²', 'topSamples', list)];
}

function sampleItem(sample: TopSample): HtmlText {
  const { index, label, predicted, loss, share, picture } = sample;
  const wrong = label !== null && predicted !== null && label !== predicted;
  return html(
    'li',
    {},
    ...(picture === null
      ? []
      : [samplePicture(picture, { side: pictureSide, description: pictureDescription(sample) })]),
    html(
      'div',
      {},
      html('strong', {}, words(formatPercent(share))),
      html(
        'span',
        {},
        words(`#${formatCount(index)}${label === null ? '' : `, label ${formatNumber(label)}`}`),
      ),
      ...(wrong ? [html('span', { class: 'wrong' }, words(`predicted ${formatNumber(predicted)}`))] : []),
      html('span', { class: 'faint' }, words(`loss ${formatNumber(loss)}`)),
    ),
  );
}
