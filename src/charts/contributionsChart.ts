import { t } from '@vscode/l10n';
import { formatPercent, formatQuantity } from '../report/wording/number';
import type { LayerReport } from '../report/report';
import { colours } from './colours';
import { baseline, keyEntry, layerRow, layerRows, zeroLine, type LayerRows } from './layerRows';
import { chart, element, text, textWidth, type SvgText } from './svg';
import { whiskerPath } from './whisker';

export interface ContributionsChartOptions {
  readonly id: string;
  /** Pixels. */
  readonly width: number;
  /** Standard errors in half an error bar: Student's quantile; 0 where all is exact. */
  readonly errorBar: number;
}

/** So many layers are drawn; with more, those of the largest contributions, and the table has them all. */
export const mostContributionBars = 32;

/**
 * One bar per layer, c_l long, negative to the left of zero (math.md 4). The solid part of a bar is the layer's own
 * share of its row of ‖H‖_F², B_ll / Σ_m B_lm, the hatched one that of its coupling with other layers: the trace's part
 * of c_l is not split, so the two parts say in which proportion the row is made up, not a sum of their own.
 */
export function contributionsChart(
  layers: readonly LayerReport[],
  upperBound: number,
  options: ContributionsChartOptions,
): string {
  const { id, width, errorBar } = options;
  const drawn = drawnLayers(layers);
  const values = drawn.map(({ layer }) => valueText(layer, upperBound));
  const valueWidth = Math.max(0, ...values.map(({ value, share }) => textWidth(`${value}  ${share}`))) + 14;
  const ends = drawn.flatMap(({ layer }) => {
    const { value, standardError } = layer.contribution;
    return [value - errorBar * standardError, value + errorBar * standardError];
  });
  const chosen = drawn.map(({ layer }) => layer);
  const rows = layerRows(chosen, [Math.min(0, ...ends), Math.max(0, ...ends)], width, valueWidth);
  const split = drawn.some(({ layer }) => ownShare(layer) !== null);
  const omitted = layers.length - drawn.length;
  const footer = 6 + (split ? 24 : 0) + (omitted > 0 ? 20 : 0);
  return chart(
    {
      id,
      width,
      height: rows.height + footer,
      title: t('Contribution of each layer to the upper bound'),
      description: drawn
        .map(({ layer }, row) => `${layer.name}: ${values[row]?.value ?? ''} ${values[row]?.share ?? ''}`)
        .join('; '),
    },
    element('defs', {}, hatch(id)),
    zeroLine(rows),
    ...drawn.map(({ layer, index }, row) =>
      layerRow(rows, layer, {
        row,
        index,
        width,
        marks: [
          ...bar(layer, rows, row, options),
          ...valueLabel(layer, rows, row, errorBar, values[row] ?? { value: '', share: '' }),
        ],
      }),
    ),
    ...(split ? key(rows, id, width) : []),
    ...(omitted > 0 ? [omission(omitted, rows.height + footer - 8, width)] : []),
  );
}

interface DrawnLayer {
  readonly layer: LayerReport;
  readonly index: number;
}

function drawnLayers(layers: readonly LayerReport[]): DrawnLayer[] {
  const all = layers.map((layer, index) => ({ layer, index }));
  if (all.length <= mostContributionBars) return all;
  const size = ({ layer }: DrawnLayer): number => Math.abs(layer.contribution.value);
  return all
    .toSorted((one, other) => size(other) - size(one))
    .slice(0, mostContributionBars)
    .toSorted((one, other) => one.index - other.index);
}

/** B_ll / Σ_m B_lm, or null where the blocks were not computed. */
export function ownShare(layer: LayerReport): number | null {
  const { ownCurvature, coupling } = layer;
  if (ownCurvature === null || coupling === null) return null;
  const row = ownCurvature.value + coupling.value;
  return row > 0 ? Math.min(1, Math.max(0, ownCurvature.value / row)) : null;
}

function valueText(layer: LayerReport, upperBound: number): { value: string; share: string } {
  const { contribution } = layer;
  return {
    value: formatQuantity(contribution),
    share: upperBound > 0 ? formatPercent(contribution.value / upperBound) : '',
  };
}

function bar(
  layer: LayerReport,
  rows: LayerRows,
  row: number,
  { id, errorBar }: ContributionsChartOptions,
): SvgText[] {
  const { value } = layer.contribution;
  const half = errorBar * layer.contribution.standardError;
  const zero = rows.scale(0);
  const end = rows.scale(value);
  const own = ownShare(layer) ?? 1;
  const split = zero + (end - zero) * own;
  const y = rows.middle(row) - rows.barHeight / 2;
  const colour = value < 0 ? colours.negative : colours.upper;
  const part = (from: number, to: number, name: string, fill: string): SvgText =>
    element('rect', {
      class: `bar bar-${name}`,
      x: Math.min(from, to),
      y,
      width: Math.abs(to - from),
      height: rows.barHeight,
      fill,
      stroke: colour,
      'stroke-width': 1,
    });
  const middle = rows.middle(row);
  const error: SvgText[] =
    half === 0
      ? []
      : [
          element('path', {
            class: 'whisker',
            d: whiskerPath(rows.scale(value - half), rows.scale(value + half), middle),
            fill: 'none',
            stroke: colours.text,
          }),
        ];
  return [
    ...(own > 0 ? [part(zero, split, 'own', colour)] : []),
    ...(own < 1
      ? [part(split, end, 'coupling', `url(#${id}-hatch-${value < 0 ? 'negative' : 'upper'})`)]
      : []),
    ...error,
  ];
}

function valueLabel(
  layer: LayerReport,
  rows: LayerRows,
  row: number,
  errorBar: number,
  { value, share }: { value: string; share: string },
): SvgText[] {
  const { contribution } = layer;
  const end = rows.scale(Math.max(0, contribution.value + errorBar * contribution.standardError));
  const y = baseline(rows.middle(row));
  return [
    element(
      'text',
      { class: 'value', x: end + 8, y, fill: colours.text },
      element('tspan', { 'font-weight': 600 }, text(value)),
      ...(share === '' ? [] : [element('tspan', { dx: 6, fill: colours.faint }, text(share))]),
    ),
  ];
}

function hatch(id: string): SvgText {
  const pattern = (name: 'upper' | 'negative'): string =>
    element(
      'pattern',
      {
        id: `${id}-hatch-${name}`,
        width: 6,
        height: 6,
        patternUnits: 'userSpaceOnUse',
        patternTransform: 'rotate(45)',
      },
      element('rect', {
        class: 'hatch-ground',
        width: 6,
        height: 6,
        fill: colours[name],
        'fill-opacity': '0.2',
      }),
      element('rect', { width: 2, height: 6, fill: colours[name] }),
    );
  return (pattern('upper') + pattern('negative')) as SvgText;
}

function key(rows: LayerRows, id: string, width: number): SvgText[] {
  const y = rows.height + 20;
  const swatch = (x: number, name: string, fill: string): SvgText =>
    element('rect', {
      class: `bar bar-${name}`,
      x,
      y: y - 10,
      width: 10,
      height: 10,
      fill,
      stroke: colours.upper,
    });
  const second = 16 + textWidth(t('own curvature')) + 18;
  const start = Math.min(rows.scale.range()[0] ?? 0, Math.max(0, width - second - 190));
  return [
    keyEntry(swatch(start, 'own', colours.upper), t('own curvature'), start, y, width),
    keyEntry(
      swatch(start + second, 'coupling', `url(#${id}-hatch-upper)`),
      width - start - second < 200 ? 'coupling' : t('coupling with other layers'),
      start + second,
      y,
      width - start - second,
    ),
  ];
}

function omission(omitted: number, y: number, width: number): SvgText {
  return element(
    'text',
    { x: width, y, 'text-anchor': 'end', fill: colours.faint },
    text(t`${String(omitted)} smaller in the table`),
  );
}
