import { scaleLinear, type ScaleLinear } from 'd3-scale';
import type { LayerReport } from '../report/report';
import { colours } from './colours';
import { shortNames } from './layerNames';
import { element, fitText, fontSize, label, text, textWidth, type SvgText } from './svg';

/** Rows of one bar per layer around a common zero: what the contributions and the elasticities share. */
export interface LayerRows {
  /** Values to horizontal places. */
  readonly scale: ScaleLinear<number, number>;
  readonly rowHeight: number;
  readonly barHeight: number;
  readonly height: number;
  /** Middle of a row. */
  readonly middle: (row: number) => number;
  /** Whether there is room for the layers' sizes beside their names. */
  readonly showsSizes: boolean;
  readonly nameWidth: number;
  /** Names as they are written. */
  readonly names: readonly string[];
}

const gap = 12;
/** Keeps names off the edge of a row that is marked. */
const inset = 4;

/** Up to so many rows are tall. */
const mostTallRows = 8;
/** Pixels. */
const tallRow = 38;
const flatRow = 22;

/** Pixels of so many rows. */
export function rowsHeight(count: number): number {
  return (count <= mostTallRows ? tallRow : flatRow) * count;
}

/** "64 → 32". */
export function layerSizes(layer: LayerReport): string {
  return `${String(layer.inputs)} → ${String(layer.outputs)}`;
}

/**
 * Places rows for `layers` in `width` pixels: names (and sizes where there is room), bars from `extremes[0]` to
 * `extremes[1]` with zero among them, and `valueWidth` pixels on the right for what is written after a bar.
 */
export function layerRows(
  layers: readonly LayerReport[],
  extremes: readonly [number, number],
  width: number,
  valueWidth: number,
): LayerRows {
  const few = layers.length <= mostTallRows;
  const rowHeight = few ? tallRow : flatRow;
  const names = shortNames(layers.map((layer) => layer.name));
  const longest = Math.max(0, ...names.map((name) => textWidth(name)));
  // Narrow cards give names up to 140 pixels: a name cut in its middle may read like another.
  const nameWidth = Math.min(longest, Math.max(60, Math.min(140, 0.42 * width), 0.24 * width));
  const sizesWidth = Math.max(0, ...layers.map((layer) => textWidth(layerSizes(layer))));
  const showsSizes = width - nameWidth - sizesWidth - valueWidth > 0.4 * width;
  const start = inset + nameWidth + gap + (showsSizes ? sizesWidth + gap : 0);
  const low = Math.min(0, extremes[0]);
  const high = Math.max(0, extremes[1]);
  return {
    scale: scaleLinear()
      .domain([low, high > low ? high : low + 1])
      .range([start, Math.max(start + 20, width - valueWidth)]),
    rowHeight,
    barHeight: few ? 20 : 13,
    height: rowsHeight(layers.length),
    middle: (row) => rowHeight * (row + 0.5),
    showsSizes,
    nameWidth,
    names,
  };
}

/** Where text stands so that its middle is at `y`. */
export function baseline(y: number): number {
  return y + 0.35 * fontSize;
}

/** A layer's row: its name, sizes and `marks`; `data-layer` ties it to everything else that shows the layer. */
export function layerRow(
  rows: LayerRows,
  layer: LayerReport,
  {
    row,
    index,
    width,
    marks,
  }: {
    readonly row: number;
    readonly index: number;
    readonly width: number;
    readonly marks: readonly SvgText[];
  },
): SvgText {
  const y = baseline(rows.middle(row));
  const sizes = element(
    'text',
    { x: inset + rows.nameWidth + gap, y, fill: colours.faint },
    text(layerSizes(layer)),
  );
  return element(
    'g',
    { class: 'row', 'data-layer': String(index) },
    element('rect', {
      class: 'hit',
      x: 0,
      y: rows.rowHeight * row + 1,
      width,
      height: rows.rowHeight - 2,
      fill: 'transparent',
    }),
    label(rows.names[row] ?? layer.name, { x: inset, y, fill: colours.text }, rows.nameWidth, layer.name),
    ...(rows.showsSizes ? [sizes] : []),
    ...marks,
  );
}

/** The zero line through all rows. */
export function zeroLine(rows: LayerRows): SvgText {
  const x = rows.scale(0);
  return element('line', { class: 'axis', x1: x, x2: x, y1: 0, y2: rows.height, stroke: colours.axis });
}

/** A key entry's text beside its swatch; `fittedText` keeps it inside narrow cards. */
export function keyEntry(swatch: SvgText, content: string, x: number, y: number, room: number): SvgText {
  return element(
    'g',
    { class: 'key' },
    swatch,
    element('text', { x: x + 16, y, fill: colours.faint }, text(fitText(content, room - 16))),
  );
}
