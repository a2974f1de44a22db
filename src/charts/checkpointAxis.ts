import { scaleLinear } from 'd3-scale';
import type { ComparisonRow } from '../comparison/schema';
import { formatNumber } from '../report/wording/number';
import { colours } from './colours';
import type { Scale } from './numberLine';
import { element, fitText, text, textWidth, type SvgText } from './svg';

/** The horizontal axis that the charts of a comparison share: a place for every row, by its epoch where all have one. */
export interface CheckpointAxis {
  readonly at: (row: number) => number;
  /** Pixels that belong to a row. */
  readonly step: number;
  readonly left: number;
  readonly right: number;
  /** The names below `y`, as many as there is room for. */
  readonly names: (y: number) => SvgText[];
}

const fontSize = 11;
/** Pixels below the chart. */
export const axisHeight = 24;
const gap = 10;
const longestName = 110;

/** The axis of a chart from `left` to `right`, of which every row keeps half a step to either end. */
export function checkpointAxis(rows: readonly ComparisonRow[], left: number, right: number): CheckpointAxis {
  const step = (right - left) / Math.max(1, rows.length);
  const places = placesOf(rows);
  const scale: Scale = scaleLinear()
    .domain([places[0] ?? 0, places.at(-1) ?? 1])
    .range([left + step / 2, right - step / 2]);
  const at = (row: number): number => (rows.length === 1 ? (left + right) / 2 : scale(places[row] ?? row));
  return { at, step, left, right, names: (y) => namesAlong(rows, { at, left, right, y }) };
}

/** By their epochs where these grow from row to row, else one beside the other. */
function placesOf(rows: readonly ComparisonRow[]): number[] {
  const places = rows.flatMap(({ place }) => (place === null ? [] : [place]));
  const grow = places.every((place, at) => at === 0 || place > (places[at - 1] ?? 0));
  return places.length === rows.length && grow ? places : rows.map((_, at) => at);
}

function namesAlong(
  rows: readonly ComparisonRow[],
  { at, left, right, y }: { at: (row: number) => number; left: number; right: number; y: number },
): SvgText[] {
  const placed = rows.every(({ place }) => place !== null);
  const labels = rows.map(({ name, place }) =>
    placed ? formatNumber(place ?? 0) : fitText(name, longestName, fontSize),
  );
  const widths = labels.map((each) => textWidth(each, fontSize));
  const span = (row: number): readonly [number, number] => {
    const half = (widths[row] ?? 0) / 2;
    const centre = Math.min(right - half, Math.max(left + half, at(row)));
    return [centre - half, centre + half];
  };
  const taken: (readonly [number, number])[] = [];
  // The ends first, so that they are always there.
  for (const row of new Set([0, rows.length - 1, ...rows.keys()])) {
    const [from, to] = span(row);
    if (taken.every(([left, right]) => to + gap <= left || from >= right + gap)) taken.push([from, to]);
    else labels[row] = '';
  }
  return labels.flatMap((label, row) => {
    if (label === '') return [];
    const [from, to] = span(row);
    return [
      element(
        'text',
        { x: (from + to) / 2, y, 'text-anchor': 'middle', 'font-size': fontSize, fill: colours.faint },
        ...(label === rows[row]?.name ? [] : [element('title', {}, text(rows[row]?.name ?? ''))]),
        text(label),
      ),
    ];
  });
}

/** Ticks of a vertical scale with their lines, from the axis's left to its right. */
export function gridLines(
  ticks: readonly { readonly y: number; readonly label: string }[],
  { left, right }: Pick<CheckpointAxis, 'left' | 'right'>,
): SvgText[] {
  return ticks.flatMap(({ y, label }) => [
    element('line', {
      class: 'grid',
      x1: left,
      x2: right,
      y1: y,
      y2: y,
      stroke: colours.axis,
      'stroke-opacity': 0.35,
    }),
    element(
      'text',
      { x: left - 6, y: y + 4, 'text-anchor': 'end', 'font-size': fontSize, fill: colours.faint },
      text(label),
    ),
  ]);
}

/** Pixels that the labels of ticks take. */
export function tickRoom(labels: readonly string[]): number {
  return Math.max(0, ...labels.map((each) => textWidth(each, fontSize))) + 8;
}
