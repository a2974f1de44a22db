import { t } from '@vscode/l10n';
import { scaleLinear } from 'd3-scale';
import { formatNumber, formatPercent } from '../report/wording/number';
import type { Slice } from '../report/report';
import { colours } from './colours';
import type { Scale } from './numberLine';
import { chart, coordinate, element, text, textWidth, type SvgText } from './svg';

/** What the directions are called. */
export const sliceNames: Readonly<Record<Slice['direction'], string>> = {
  sharpest: t('sharpest direction'),
  gradient: t('along the gradient'),
  random: t('random direction'),
};

/** Pixels of one direction. */
const sliceHeight = 168;
const titleHeight = 26;
const axisHeight = 24;
const keyHeight = 24;
const keyRow = 18;
const keySize = 11;
const leastWidth = 220;
const between = 18;
const dotRadius = 2.5;

/** A loss that rises beyond this many times what the parabola reaches leaves the picture at its top. */
const mostAbove = 3;

/** Pixels of the chart of so many directions in this width. */
export function slicesChartHeight(count: number, width: number): number {
  return (
    Math.ceil(count / columnsIn(count, width)) * sliceHeight + keyHeight + (keyWraps(width) ? keyRow : 0)
  );
}

function columnsIn(count: number, width: number): number {
  return Math.max(1, Math.min(count, Math.floor((width + between) / (leastWidth + between))));
}

/** The loss along each direction: what was measured as a line with points, the parabola of the analysis dashed; one scale for all. */
export function slicesChart(
  slices: readonly Slice[],
  { id, width }: { readonly id: string; readonly width: number },
): string {
  const columns = columnsIn(slices.length, width);
  const ownWidth = (width - between * (columns - 1)) / columns;
  const [low, high] = lossRange(slices);
  const height = slicesChartHeight(slices.length, width);
  return chart(
    {
      id,
      width,
      height,
      title: t('The loss where the weights move along a direction'),
      description: slices.map(describeSlice).join('; '),
    },
    ...slices.map((slice, at) => {
      const x = (at % columns) * (ownWidth + between);
      const y = Math.floor(at / columns) * sliceHeight;
      const marks = drawSlice(slice, { id: `${id}-${slice.direction}`, width: ownWidth, low, high });
      return element('g', { transform: `translate(${coordinate(x)} ${y})` }, ...marks);
    }),
    ...key(height - 8, keyWraps(width)),
  );
}

/** "sharpest direction: 0.0466 at −1 %, 0.0138 at 0 %, 0.0466 at 1 %" of the ends and the middle. */
function describeSlice({ direction, step, loss }: Slice): string {
  const told = [0, Math.floor(step.length / 2), step.length - 1].map((at) => {
    const value = loss[at] ?? null;
    return t`${value === null ? t('no number') : formatNumber(value)} at ${formatPercent(step[at] ?? 0)}`;
  });
  return `${sliceNames[direction]}: ${told.join(', ')}`;
}

/** From the least loss to what is worth showing. */
function lossRange(slices: readonly Slice[]): readonly [number, number] {
  const measured = slices.flatMap(({ loss }) => loss.filter((value) => value !== null));
  const predicted = slices.flatMap(({ parabola }) => parabola);
  const low = Math.min(...measured, ...predicted);
  const reach = Math.max(...predicted) - low;
  const high = Math.min(Math.max(...measured, ...predicted), low + mostAbove * reach);
  return high > low ? [low, high] : [low, low + (Math.abs(low) || 1)];
}

interface Frame {
  readonly id: string;
  readonly width: number;
  readonly low: number;
  readonly high: number;
}

function drawSlice({ direction, step, loss, parabola }: Slice, { id, width, low, high }: Frame): SvgText[] {
  const bottom = sliceHeight - axisHeight - 8;
  const vertical: Scale = scaleLinear().domain([low, high]).range([bottom, titleHeight]);
  const ticks = vertical.ticks(3);
  const left = Math.max(...ticks.map((tick) => textWidth(formatNumber(tick), 11))) + 8;
  const [first = 0, last = 1] = [step[0], step.at(-1)];
  const horizontal: Scale = scaleLinear()
    .domain([first, last])
    .range([left, width - 6]);
  const clip = `${id}-clip`;
  const path = (values: readonly (number | null)[]): string =>
    values
      .map((value, at) => {
        if (value === null) return '';
        const start = at === 0 || (values[at - 1] ?? null) === null;
        return `${start ? 'M' : 'L'}${coordinate(horizontal(step[at] ?? 0))} ${coordinate(vertical(value))}`;
      })
      .join('');
  return [
    element('text', { x: left, y: 14, fill: colours.text, 'font-weight': 600 }, text(sliceNames[direction])),
    element(
      'clipPath',
      { id: clip },
      element('rect', { x: left, y: titleHeight - 4, width: width - left, height: bottom - titleHeight + 8 }),
    ),
    ...ticks.flatMap((tick) => [
      element('line', {
        class: 'grid',
        x1: left,
        x2: width - 6,
        y1: vertical(tick),
        y2: vertical(tick),
        stroke: colours.axis,
        'stroke-opacity': 0.35,
      }),
      element(
        'text',
        { x: left - 6, y: vertical(tick) + 4, 'text-anchor': 'end', 'font-size': 11, fill: colours.faint },
        text(formatNumber(tick)),
      ),
    ]),
    ...[first, 0, last].map((tick) =>
      element(
        'text',
        {
          x: horizontal(tick),
          y: bottom + 18,
          'text-anchor': tick === first ? 'start' : tick === last ? 'end' : 'middle',
          'font-size': 11,
          fill: colours.faint,
        },
        text(tick > 0 ? `+${formatPercent(tick)}` : formatPercent(tick)),
      ),
    ),
    element(
      'g',
      { 'clip-path': `url(#${clip})` },
      element('path', {
        class: 'parabola',
        d: path(parabola),
        fill: 'none',
        stroke: colours.found,
        'stroke-width': 2,
        'stroke-dasharray': '5 4',
      }),
      element('path', {
        class: 'measured',
        d: path(loss),
        fill: 'none',
        stroke: colours.upper,
        'stroke-width': 1.5,
      }),
      ...loss.flatMap((value, at) =>
        value === null
          ? []
          : [
              element('circle', {
                class: 'measured-point',
                cx: horizontal(step[at] ?? 0),
                cy: vertical(value),
                r: dotRadius,
                fill: colours.upper,
              }),
            ],
      ),
    ),
  ];
}

/** Left of the second entry, where it stands beside the first. */
const secondEntry = 130;
const predictedWords = t('predicted by slope and curvature; across: % of ‖θ‖');

/** Whether the second entry needs a row of its own. */
function keyWraps(width: number): boolean {
  return secondEntry + 30 + textWidth(predictedWords, keySize) > width;
}

function key(y: number, wraps: boolean): SvgText[] {
  const entry = (x: number, at: number, dashed: boolean, content: string): SvgText[] => [
    element('line', {
      x1: x,
      x2: x + 24,
      y1: at - 4,
      y2: at - 4,
      stroke: dashed ? colours.found : colours.upper,
      'stroke-width': 2,
      ...(dashed && { 'stroke-dasharray': '5 4' }),
    }),
    element('text', { x: x + 30, y: at, 'font-size': keySize, fill: colours.faint }, text(content)),
  ];
  return [
    ...entry(0, wraps ? y - keyRow : y, false, t('measured loss')),
    ...entry(wraps ? 0 : secondEntry, y, true, predictedWords),
  ];
}
