import { t } from '@vscode/l10n';
import { scaleLinear, scaleLog } from 'd3-scale';
import { comparedNumbers, comparedText } from '../comparison/numbers';
import type { Compared, Comparison, NumberName } from '../comparison/schema';
import { formatNumber } from '../report/wording/number';
import { axisHeight, checkpointAxis, gridLines, tickRoom, type CheckpointAxis } from './checkpointAxis';
import { colours } from './colours';
import { chart, coordinate, element, subscripted, text, textWidth, type SvgText } from './svg';
import { whiskerPath } from './whisker';

/** Pixels. */
export const checkpointsChartHeight = 190;
const top = 12;
const dotRadius = 3;
/** From this ratio on numbers of one sign are told apart only on a logarithmic scale. */
const logarithmicFrom = 30;
/** 95 % in standard errors, for the band of the samples' own error. */
const bandErrors = 1.96;

interface Vertical {
  readonly y: (value: number) => number;
  readonly ticks: readonly { readonly y: number; readonly label: string }[];
}

/**
 * One number over the rows: a line through what is known, its ends as a whisker where it is an interval, the samples' own
 * error as a grey bar, the edge of the optimiser dashed, and a cross where a row failed.
 */
export function checkpointsChart(
  { rows }: Comparison,
  name: NumberName,
  { id, width }: { readonly id: string; readonly width: number },
): string {
  const height = checkpointsChartHeight;
  const bottom = height - axisHeight;
  const points = rows.map(({ numbers }) => numbers?.[name] ?? null);
  const edges =
    name === 'lambdaMax' ? rows.map(({ edge }) => (edge?.of === 'hessian' ? edge.lambdaMax : null)) : [];
  const vertical = verticalScale(name, points, edges, bottom);
  const axis = checkpointAxis(rows, tickRoom(vertical.ticks.map(({ label }) => label)), width - 6);
  const told = rows.map(
    (row, at) => `${row.name}: ${row.failure === null ? comparedText(name, points[at] ?? null) : 'failed'}`,
  );
  return chart(
    {
      id,
      width,
      height,
      title: t`${comparedNumbers[name].head} over the models`,
      description: told.join('; '),
    },
    ...gridLines(vertical.ticks, axis),
    ...edgeLine(edges, axis, vertical),
    element('path', {
      class: 'curve',
      d: curve(points, axis, vertical),
      fill: 'none',
      stroke: colours.upper,
      'stroke-width': 1.5,
    }),
    ...points.flatMap((point, row) =>
      point === null
        ? rows[row]?.failure === null
          ? []
          : [cross(axis.at(row), bottom - 6, told[row] ?? '')]
        : marks(point, axis.at(row), vertical, told[row] ?? ''),
    ),
    ...axis.names(height - 6),
  );
}

function verticalScale(
  name: NumberName,
  points: readonly (Compared | null)[],
  edges: readonly (number | null)[],
  bottom: number,
): Vertical {
  const known = points.filter((point) => point !== null);
  const spread = known.flatMap(({ lower, upper, samplingError }) => {
    const error = bandErrors * (samplingError ?? 0);
    return [lower - error, upper + error];
  });
  const middles = [...known.map(({ value }) => value), ...edges.filter((edge) => edge !== null)];
  const [least, most] = [Math.min(...middles), Math.max(...middles)];
  const label = (value: number): string =>
    name === 'accuracy' ? comparedNumbers.accuracy.format(value) : formatNumber(value);
  if (middles.length > 0 && least > 0 && most / least >= logarithmicFrom) {
    const scale = scaleLog()
      .domain([least / 1.3, most * 1.3])
      .range([bottom, top]);
    const powers = scale.ticks().filter((tick) => Number.isInteger(Math.round(1e9 * Math.log10(tick)) / 1e9));
    const ticks = powers.length >= 2 ? powers : scale.ticks(3);
    const low = least / 1.3;
    // A bar that reaches zero or below leaves the picture at its bottom.
    const y = (value: number): number => scale(Math.max(low, value));
    return { y, ticks: ticks.map((tick) => ({ y: scale(tick), label: label(tick) })) };
  }
  // Accuracies differ little and far from zero.
  const zero = name === 'accuracy' ? [] : [0];
  const low = Math.min(...zero, ...middles, ...spread);
  const high = Math.min(name === 'accuracy' ? 1 : Infinity, Math.max(...zero, ...middles, ...spread));
  const [from, to] = Number.isFinite(low) && high > low ? [low, high] : [0, 1];
  const nice = scaleLinear().domain([from, to]).nice(4);
  const [start = from, end = to] = nice.domain();
  const ends = [start, name === 'accuracy' ? Math.min(1, end) : end] as const;
  const scale = scaleLinear().domain(ends).range([bottom, top]);
  return {
    y: (value) => scale(Math.min(ends[1], value)),
    ticks: scale.ticks(4).map((tick) => ({ y: scale(tick), label: label(tick) })),
  };
}

/** Through neighbours that are both known. */
function curve(points: readonly (Compared | null)[], axis: CheckpointAxis, { y }: Vertical): string {
  return points
    .map((point, row) => {
      if (point === null) return '';
      const start = row === 0 || (points[row - 1] ?? null) === null;
      return `${start ? 'M' : 'L'}${coordinate(axis.at(row))} ${coordinate(y(point.value))}`;
    })
    .join('');
}

function marks(
  { value, lower, upper, samplingError }: Compared,
  x: number,
  { y }: Vertical,
  told: string,
): SvgText[] {
  const error = bandErrors * (samplingError ?? 0);
  return [
    ...(error === 0
      ? []
      : [
          element('line', {
            class: 'sampling',
            x1: x,
            x2: x,
            y1: y(lower - error),
            y2: y(upper + error),
            stroke: colours.axis,
            'stroke-width': 4,
          }),
        ]),
    ...(upper - lower > 0 && Math.abs(y(lower) - y(upper)) > 2 * dotRadius
      ? [
          element('path', {
            class: 'whisker',
            d: whiskerPath(y(lower), y(upper), x, true),
            fill: 'none',
            stroke: colours.text,
          }),
        ]
      : []),
    element(
      'circle',
      { class: 'checkpoint', cx: x, cy: y(value), r: dotRadius, fill: colours.upper },
      element('title', {}, text(told)),
    ),
  ];
}

function cross(x: number, y: number, told: string): SvgText {
  const d = `M${coordinate(x - 4)} ${y - 4}l8 8m0 -8l-8 8`;
  return element(
    'path',
    { class: 'failed', d, fill: 'none', stroke: colours.negative, 'stroke-width': 2 },
    element('title', {}, text(told)),
  );
}

/** The edge of each row, with its name at the last. */
function edgeLine(edges: readonly (number | null)[], axis: CheckpointAxis, { y }: Vertical): SvgText[] {
  const known = edges.flatMap((edge, row) => (edge === null ? [] : [{ edge, row }]));
  const [first, last] = [known[0], known.at(-1)];
  if (first === undefined || last === undefined) return [];
  const path = [
    `M${coordinate(axis.left)} ${coordinate(y(first.edge))}`,
    ...known.map(({ edge, row }) => `L${coordinate(axis.at(row))} ${coordinate(y(edge))}`),
    `L${coordinate(axis.right)} ${coordinate(y(last.edge))}`,
  ];
  const words = t`edge of stability: λ_max ${formatNumber(last.edge)}`;
  const below = y(last.edge) < top + 14;
  return [
    element('path', {
      class: 'edge',
      d: path.join(''),
      fill: 'none',
      stroke: colours.found,
      'stroke-width': 2,
      'stroke-dasharray': '5 4',
    }),
    element(
      'text',
      {
        x: Math.max(axis.left + textWidth(words, 11), axis.right),
        y: y(last.edge) + (below ? 14 : -6),
        'text-anchor': 'end',
        'font-size': 11,
        fill: colours.text,
        stroke: colours.background,
        'stroke-width': 3,
        'paint-order': 'stroke',
      },
      ...subscripted(words),
    ),
  ];
}
