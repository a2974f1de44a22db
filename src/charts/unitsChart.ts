import { t } from '@vscode/l10n';
import { scaleBand, scaleLinear } from 'd3-scale';
import { formatPercent } from '../report/wording/number';
import { colours } from './colours';
import { chart, element, text } from './svg';

export interface UnitsChartOptions {
  readonly id: string;
  /** Pixels. */
  readonly width: number;
  /** The layer whose units or inputs these are. */
  readonly layer: string;
  /** What each of them is. */
  readonly each: keyof typeof unitNames;
}

/** What is told apart within a layer. */
export const unitNames = { 'hidden unit': t('hidden unit'), input: t('input'), output: t('output') };

export const unitsChartHeight = 128;
const barsHeight = 100;
/** So many bars are drawn: the largest. */
const mostUnits = 128;
const emphasised = 3;

/** The share of each of a layer’s units or inputs, largest first, the first three emphasised. */
export function unitsChart(units: readonly number[], options: UnitsChartOptions): string {
  const { id, width, layer, each } = options;
  const word = each === 'hidden unit' ? t('unit') : unitNames[each];
  const sorted = units
    .map((share, unit) => ({ share, unit }))
    .toSorted((one, other) => other.share - one.share);
  const drawn = sorted.slice(0, mostUnits);
  const largest = drawn[0]?.share ?? 0;
  const place = scaleBand<number>()
    .domain(drawn.map((_, rank) => rank))
    .range([0, width])
    .paddingInner(drawn.length > 64 ? 0.1 : 0.2);
  const height = scaleLinear()
    .domain([0, largest > 0 ? largest : 1])
    .range([0, barsHeight]);
  const bar = Math.min(place.bandwidth(), 40);
  const omitted = units.length - drawn.length;
  return chart(
    {
      id,
      width,
      height: unitsChartHeight,
      title: t`Share of each ${unitNames[each]} of ${layer}`,
      description: drawn
        .slice(0, 10)
        .map(({ share, unit }) => `${word} ${String(unit)}: ${formatPercent(share)}`)
        .join('; '),
    },
    ...drawn.map(({ share, unit }, rank) =>
      element(
        'rect',
        {
          class: 'bar bar-unit',
          x: place(rank) ?? 0,
          y: barsHeight + 2 - height(share),
          width: bar,
          height: height(share),
          fill: colours.upper,
          stroke: colours.upper,
          'stroke-width': 0,
          'fill-opacity': rank < emphasised ? '1' : '0.75',
        },
        element('title', {}, text(`${word} ${String(unit)}: ${formatPercent(share)}`)),
      ),
    ),
    element('line', {
      class: 'axis',
      x1: 0,
      x2: width,
      y1: barsHeight + 2,
      y2: barsHeight + 2,
      stroke: colours.axis,
    }),
    element(
      'text',
      { x: 0, y: barsHeight + 20, fill: colours.faint },
      text(t`largest: ${word} no. ${String(drawn[0]?.unit ?? 0)} from 0, ${formatPercent(largest)}`),
    ),
    ...(omitted > 0
      ? [
          element(
            'text',
            { x: width, y: barsHeight + 20, 'text-anchor': 'end', fill: colours.faint },
            text(t`${String(omitted)} smaller ones not drawn`),
          ),
        ]
      : []),
  );
}
