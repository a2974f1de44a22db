import { t } from '@vscode/l10n';
import type { DetailAnswer, LayerDetail, SingularValues, WeightMatrix } from '../report/detail';
import type { LayerReport, PartialReport } from '../report/report';
import { topSamplesAdvice } from '../report/wording/advice';
import { formatCount, formatNumber, formatPercent } from '../report/wording/number';
import { numbers } from './chartNumbers';
import { chart, factList, sentence, table, tag, type Content } from './content';
import { rowsOf, shownColumns } from './layerColumns';
import type { Section } from './section';
import { sections } from './sections';
import { singularValuesChart, singularValuesHeight } from './singularValuesChart';
import { sampleList, withPictures } from './topSamples';
import { weightHeatMap, weightHeatMapHeight } from './weightHeatMap';

/** A card of the page of a layer or sample. */
export type DetailCard = Pick<Section, 'id' | 'title' | 'term'> & { readonly content: readonly Content[] };

const pageWidth = 960;
/** Of a longer table no row is a stop of its own for Tab. */
const mostStops = 24;

/**
 * Everything about one layer, in the order in which it is read.
 * @param answer what the report does not hold; null: it has not come yet
 */
export function layerCards(known: PartialReport, index: number, answer: DetailAnswer | null): DetailCard[] {
  const rows = rowsOf(known);
  const row = rows[index];
  if (row === undefined) return [];
  const { name } = row.layer;
  const facts = shownColumns(rows).map((column) => ({
    name: column.head,
    value: column.text(row),
    term: column.column,
  }));
  const ofReport = sections.flatMap(({ id, title, term, content }) => {
    const own = content(known, false).flatMap((each) =>
      typeof each === 'string' || each.kind !== 'choice' ? [] : each.layers,
    );
    const shown = own.find((each) => each.index === index)?.content ?? [];
    return shown.length === 0 ? [] : [{ id: `layer-${id}`, title, term, content: shown }];
  });
  return [
    { id: 'layer-facts', title: t('In the report'), term: null, content: [factList(facts)] },
    ...ofFile(name, answer),
    ...ofReport,
    ...samplesOf(known, row.layer),
    ...blocksOf(known, index),
  ];
}

function ofFile(name: string, answer: DetailAnswer | null): DetailCard[] {
  const weightCard = (content: readonly Content[]): DetailCard => ({
    id: 'layer-weight',
    title: t('The weight'),
    term: 'layerWeight',
    content,
  });
  const missing = missingContent(answer, 200);
  if (missing !== null) return [weightCard(missing)];
  if (answer?.ok !== true || answer.detail.kind !== 'layer') return [];
  const { detail } = answer;
  const { weight, singularValues } = detail;
  const singular: DetailCard = {
    id: 'layer-singular',
    title: t('Singular values of the weight'),
    term: 'singularValues',
    content: singularContent(name, detail),
  };
  const { rows, columns } = weight;
  const isVector = singularValues === null && Math.min(rows, columns) === 1;
  return [
    weightCard([
      sentence(weightWords(weight)),
      chart({ height: weightHeatMapHeight(weight, pageWidth), pageWidth }, (options) =>
        weightHeatMap(weight, { ...options, layer: name }),
      ),
      tag('div', { class: 'scroller' }, tensorTable(detail)),
    ]),
    ...(isVector ? [] : [singular]),
  ];
}

function weightWords({ rows, columns, ofOutputs, cell: [tall, wide] }: WeightMatrix): string {
  const sizes = t`${formatCount(rows)} × ${formatCount(columns)} numbers`;
  const lies = ofOutputs ? t('a row for each output') : t('as they lie in the file');
  const reduced =
    tall * wide === 1
      ? ''
      : t` Each cell stands for ${tall} × ${wide} of them and shows the one furthest from 0.`;
  return `${sizes}, ${lies}.${reduced}`;
}

function tensorTable({ tensors }: LayerDetail): Content {
  const rows = tensors.map(({ name, shape, norm, mean, least, greatest, zeros }) => [
    name,
    shape.length === 0 ? t('a number') : shape.join(' × '),
    ...[norm, mean, least, greatest].map(formatNumber),
    formatCount(zeros),
  ]);
  const head = [t('tensor'), t('shape'), t('norm'), t('mean'), t('least'), t('greatest'), t('zeros')];
  return table({}, head, rows, t('The tensors of the layer'));
}

function singularContent(name: string, { singularValues, tensors }: LayerDetail): Content[] {
  if (singularValues === null)
    return [sentence(t('This weight is too large for its singular values to be found here.'))];
  const { values, count } = singularValues;
  const rows = values.map((value, at) => [`σ${at + 1}`, formatNumber(value)]);
  return [
    sentence(singularWords(singularValues, tensors[0]?.norm ?? 0)),
    chart({ height: singularValuesHeight, pageWidth }, (options) =>
      singularValuesChart({ values, count }, { ...options, layer: name }),
    ),
    numbers('layer-singular', t('The singular values'), [t('singular value'), t('value')], () => rows),
  ];
}

function singularWords({ values, count }: SingularValues, norm: number): string {
  const [largest = 0] = values;
  const smallest = values.at(-1) ?? 0;
  if (largest === 0) return t('All are 0.');
  const rank = t`‖W‖²/σ1² = ${formatNumber((norm / largest) ** 2)} of at most ${formatCount(count)}.`;
  if (values.length < count)
    return t`The ${formatCount(values.length)} largest of ${formatCount(count)}: the weight is too large for all of them. ${rank}`;
  const condition = smallest > 0 ? t` σ1 is ${formatNumber(largest / smallest)} times the smallest.` : '';
  return `${rank}${condition}`;
}

/** Its row of the block matrix. */
function blocksOf({ blocks, layers }: PartialReport, index: number): DetailCard[] {
  const own = blocks?.[index];
  if (!blocks || own === undefined || layers === undefined) return [];
  const all = blocks.flat().reduce((sum, { value }) => sum + value, 0);
  if (!(all > 0)) return [];
  const shares = layers.map(({ name }, layer) => ({
    layer,
    name: layer === index ? t`${name} (itself)` : name,
    share: (own[layer]?.value ?? 0) / all,
  }));
  return [
    {
      id: 'layer-blocks',
      title: t('Its row of the blocks'),
      term: 'layerBlocks',
      content: [layerShares(shares, t('share of ‖H‖²'), t('Its blocks with all layers'))],
    },
  ];
}

function samplesOf(known: PartialReport, { sharpestSamples = [] }: LayerReport): DetailCard[] {
  if (sharpestSamples.length === 0) return [];
  const samples = withPictures(sharpestSamples, known);
  return [
    {
      id: 'layer-samples',
      title: t('Samples that carry its sharpest direction'),
      term: 'layerSamples',
      content: [sampleList(samples), sentence(topSamplesAdvice(samples))],
    },
  ];
}

/** The page's sentence in the place of what was not told; null: it is told. */
export function missingContent(answer: DetailAnswer | null, height: number): readonly Content[] | null {
  if (answer === null) return [{ kind: 'place', height }];
  return answer.ok ? null : [sentence(answer.refusal)];
}

/** Shares by layer, each row of which opens its layer. */
export function layerShares(
  shares: readonly { readonly layer: number; readonly name: string; readonly share: number }[],
  head: string,
  caption: string,
): Content {
  const heads = [t('layer'), head].map((each) => tag('th', { scope: 'col' }, each));
  const rows = shares.map(({ layer, name, share }) =>
    tag(
      'tr',
      { 'data-layer': layer, tabindex: shares.length > mostStops ? -1 : 0 },
      tag('th', { scope: 'row' }, name),
      tag('td', {}, formatPercent(share)),
    ),
  );
  return tag(
    'div',
    { class: 'scroller tall', tabindex: 0, role: 'region', 'aria-label': caption },
    tag(
      'table',
      { class: 'bins' },
      tag('caption', { class: 'hidden' }, caption),
      tag('thead', {}, tag('tr', {}, ...heads)),
      tag('tbody', {}, ...rows),
    ),
  );
}
