import { t } from '@vscode/l10n';
import { scaleLinear } from 'd3-scale';
import type { Comparison } from '../comparison/schema';
import { formatNumber } from '../report/wording/number';
import { axisHeight, checkpointAxis, gridLines, tickRoom } from './checkpointAxis';
import { colours, seriesColours } from './colours';
import { shortNames } from './layerNames';
import { keyEntry } from './layerRows';
import { chart, element, text, textWidth, type SvgText } from './svg';

const plotHeight = 190;
const top = 10;
const keyRow = 20;
const widestBar = 60;

interface Series {
  readonly name: string;
  readonly colour: string;
  /** One for each row; null: not there. */
  readonly values: readonly (number | null)[];
}

/** The layers that are drawn by themselves, and all others as one. */
function seriesOf({ layers, rows }: Comparison): Series[] {
  const names = shortNames(layers.map(({ name }) => name));
  const all = layers.map(({ name, contributions }, at) => ({
    name: names[at] ?? name,
    at,
    values: contributions.map((each) => each?.value ?? null),
  }));
  const size = ({ values }: (typeof all)[number]): number =>
    Math.max(0, ...values.map((value) => Math.abs(value ?? 0)));
  const most = all.length <= seriesColours.length ? all.length : seriesColours.length - 1;
  const drawn = all.toSorted((one, other) => size(other) - size(one)).slice(0, most);
  const others = all.filter((layer) => !drawn.includes(layer));
  const sum = rows.map((_, row) => {
    const there = others.flatMap(({ values }) => values[row] ?? []);
    return there.length === 0 ? null : there.reduce((whole, value) => whole + value, 0);
  });
  return [
    ...drawn.toSorted((one, other) => one.at - other.at),
    ...(others.length === 0 ? [] : [{ name: t`${others.length} other layers`, values: sum }]),
  ].map(({ name, values }, at) => ({ name, values, colour: seriesColours[at] ?? colours.axis }));
}

/** Pixels of the chart in this width. */
export function layersOverChartHeight(comparison: Comparison, width: number): number {
  return plotHeight + keyLines(seriesOf(comparison), width).length * keyRow + 6;
}

/** A stack of bars for each row: what every layer contributes to the upper bound, negative parts below zero. */
export function layersOverChart(
  comparison: Comparison,
  { id, width }: { readonly id: string; readonly width: number },
): string {
  const { rows } = comparison;
  const series = seriesOf(comparison);
  const stacks = rows.map((_, row) => stackOf(series, row));
  const ends = stacks.flatMap((stack) => stack.flatMap(({ from, to }) => [from, to]));
  const [low, high] = [Math.min(0, ...ends), Math.max(0, ...ends)];
  const bottom = plotHeight - axisHeight;
  const scale = scaleLinear()
    .domain([low, high > low ? high : low + 1])
    .nice(4)
    .range([bottom, top]);
  const ticks = scale.ticks(4).map((tick) => ({ y: scale(tick), label: formatNumber(tick) }));
  const axis = checkpointAxis(rows, tickRoom(ticks.map(({ label }) => label)), width - 6);
  const nearest = Math.min(...rows.map((_, row) => (row === 0 ? Infinity : axis.at(row) - axis.at(row - 1))));
  const barWidth = Math.max(1, Math.min(widestBar, 0.7 * Math.min(axis.step, nearest)));
  return chart(
    {
      id,
      width,
      height: layersOverChartHeight(comparison, width),
      title: t('Contributions of the layers to the upper bound over the models'),
      description: rows
        .map(
          ({ name }, row) =>
            `${name}: ${(stacks[row] ?? []).map(({ told }) => told).join(', ') || t('not known')}`,
        )
        .join('; '),
    },
    ...gridLines(ticks, axis),
    ...stacks.flatMap((stack, row) =>
      stack.map(({ from, to, colour, told }) =>
        element(
          'rect',
          {
            class: 'bar',
            x: axis.at(row) - barWidth / 2,
            y: Math.min(scale(from), scale(to)),
            width: barWidth,
            height: Math.abs(scale(to) - scale(from)),
            fill: colour,
            stroke: colours.background,
            'stroke-width': 0.5,
          },
          element('title', {}, text(`${rows[row]?.name ?? ''}, ${told}`)),
        ),
      ),
    ),
    element('line', {
      class: 'axis',
      x1: axis.left,
      x2: axis.right,
      y1: scale(0),
      y2: scale(0),
      stroke: colours.axis,
    }),
    ...axis.names(plotHeight - 6),
    ...keyLines(series, width).flatMap((line, at) => keyOf(line, plotHeight + (at + 1) * keyRow, width)),
  );
}

interface Part {
  readonly from: number;
  readonly to: number;
  readonly colour: string;
  readonly told: string;
}

function stackOf(series: readonly Series[], row: number): Part[] {
  let [above, below] = [0, 0];
  return series.flatMap(({ name, colour, values }) => {
    const value = values[row] ?? null;
    if (value === null) return [];
    const from = value < 0 ? below : above;
    const to = from + value;
    if (value < 0) below = to;
    else above = to;
    return [{ from, to, colour, told: `${name} ${formatNumber(value)}` }];
  });
}

type Key = readonly { readonly series: Series; readonly x: number }[];

/** The key in as many lines as it needs. */
function keyLines(series: readonly Series[], width: number): Key[] {
  const lines: { series: Series; x: number }[][] = [];
  let x = Infinity;
  for (const each of series) {
    const needed = Math.min(width, 16 + textWidth(each.name) + 18);
    if (x + needed > width) {
      lines.push([]);
      x = 0;
    }
    lines.at(-1)?.push({ series: each, x });
    x += needed;
  }
  return lines;
}

function keyOf(line: Key, y: number, width: number): SvgText[] {
  return line.map(({ series: { name, colour }, x }) =>
    keyEntry(element('rect', { x, y: y - 10, width: 10, height: 10, fill: colour }), name, x, y, width - x),
  );
}
