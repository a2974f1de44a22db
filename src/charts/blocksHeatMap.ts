import { t } from '@vscode/l10n';
import { scaleLog } from 'd3-scale';
import { formatPercent } from '../report/wording/number';
import type { Quantity } from '../report/report';
import { cellPaths } from './cells';
import { colours } from './colours';
import { shortNames } from './layerNames';
import { chart, element, fontSize, label, text, textWidth, type SvgText } from './svg';

export interface BlocksHeatMapOptions {
  readonly id: string;
  /** Pixels. */
  readonly width: number;
}

/** Up to this many layers each cell is its own element with its own tooltip; more are drawn together. */
export const mostSeparateCells = 24;
/** Of more layers a cell stands for several of their blocks: a pixel for each can neither be seen nor drawn in time. */
const mostCells = 128;
/** The strongest cell is filled at this opacity, so that text on it is still read in the colour of all other text. */
const fullestOpacity = 0.55;
const faintestOpacity = 0.04;
const widestMap = 380;
/** Of many layers, where a cell would else be a pixel or two. */
const widestLargeMap = 560;

/**
 * Layers × layers: the share of ‖H‖_F² in each block, coloured on a logarithmic scale (math.md 4). Shares are written
 * where they fit.
 */
export function blocksHeatMap(
  blocks: readonly (readonly Quantity[])[],
  names: readonly string[],
  options: BlocksHeatMapOptions,
): string {
  const { id, width } = options;
  const count = blocks.length;
  const total = blocks.flat().reduce((sum, block) => sum + block.value, 0);
  const share = (row: number, column: number): number =>
    total > 0 ? (blocks[row]?.[column]?.value ?? 0) / total : 0;
  const each = blocksInCell(count);
  const cells = Math.ceil(count / each);
  const strongest = strongestShares(share, count, each);
  const strength = logarithmicStrength(strongest.flat());
  const short = shortNames(names);
  const longest = Math.max(0, ...short.map((name) => textWidth(name, fontSize - 1)));
  const gutter = Math.min(longest, Math.max(0.28 * width, Math.min(120, 0.36 * width))) + 12;
  const cell = cellSize(Math.max(40, width - gutter), count);
  // Half a line of the first name stands above a row that is lower than a line.
  const top = Math.max(0, Math.ceil((fontSize - cell.height) / 2));
  const bottom = top + cell.height * count;
  const largest = largestShare(share, count);
  return chart(
    {
      id,
      width,
      height: bottom + 24,
      title: t('Share of ‖H‖² between layers'),
      description: t`${String(count)} × ${String(count)} blocks; the largest is ${names[largest.row] ?? ''} with ${names[largest.column] ?? ''}, ${formatPercent(largest.share)} of ‖H‖².`,
    },
    element(
      'g',
      { transform: `translate(${String(gutter)} ${String(top)})` },
      ...(count <= mostSeparateCells
        ? separateCells(count, cell, share, strength, names)
        : cellPaths(
            { width: (cell.width * count) / cells, height: (cell.height * count) / cells },
            [cells, cells],
            (row, column) => strength(strongest[row]?.[column] ?? 0) * fullestOpacity,
            colours.upper,
          )),
    ),
    ...short.map((name, row) => rowName({ name, whole: names[row] ?? name, row }, cell, gutter, top)),
    ...short.map((name, column) => columnName(name, column, cell, gutter, bottom)),
  );
}

/** Blocks of a cell along each side: as few as the picture has room for. */
export function blocksInCell(layers: number): number {
  return Math.ceil(layers / mostCells);
}

/** By cell, the largest share of its blocks. */
function strongestShares(
  share: (row: number, column: number) => number,
  count: number,
  each: number,
): readonly (readonly number[])[] {
  const cells = Math.ceil(count / each);
  const strongest = Array.from({ length: cells }, () => new Array<number>(cells).fill(0));
  for (let row = 0; row < count; row += 1) {
    const line = strongest[Math.floor(row / each)]!;
    for (let column = 0; column < count; column += 1) {
      const at = Math.floor(column / each);
      line[at] = Math.max(line[at]!, share(row, column));
    }
  }
  return strongest;
}

/** 0 for the smallest share shown to 1 for the largest; at most six powers of ten below the largest. */
function logarithmicStrength(shares: readonly number[]): (share: number) => number {
  const positive = shares.filter((share) => share > 0);
  const largest = Math.max(...positive, 1e-300);
  const smallest = Math.max(Math.min(...positive, largest), largest * 1e-6);
  if (smallest === largest) return (share) => (share > 0 ? 1 : 0);
  const scale = scaleLog().domain([smallest, largest]).range([0.08, 1]).clamp(true);
  return (share) => (share > 0 ? scale(share) : 0);
}

function largestShare(
  share: (row: number, column: number) => number,
  count: number,
): { row: number; column: number; share: number } {
  let best = { row: 0, column: 0, share: count > 0 ? share(0, 0) : 0 };
  for (let row = 0; row < count; row += 1) {
    for (let column = 0; column < count; column += 1) {
      if (share(row, column) > best.share) best = { row, column, share: share(row, column) };
    }
  }
  return best;
}

function separateCells(
  count: number,
  cell: CellSize,
  share: (row: number, column: number) => number,
  strength: (share: number) => number,
  names: readonly string[],
): SvgText[] {
  const { width, height } = cell;
  const gap = height > 20 ? 2 : 1;
  const places = Array.from({ length: count * count }, (_, place) => [
    Math.floor(place / count),
    place % count,
  ]);
  return places.map(([row = 0, column = 0]) => {
    const value = share(row, column);
    const written = formatPercent(value);
    const fits = height > 18 && textWidth(written, fontSize - 1) + 4 <= width - gap;
    return element(
      'g',
      { class: 'cell', 'data-layer': row === column ? String(row) : `${String(row)} ${String(column)}` },
      element('title', {}, text(t`${names[row] ?? ''} × ${names[column] ?? ''}: ${written} of ‖H‖²`)),
      element('rect', {
        class: 'cells',
        x: column * width + gap / 2,
        y: row * height + gap / 2,
        width: width - gap,
        height: height - gap,
        rx: height > 20 ? 2 : 0,
        fill: colours.upper,
        'fill-opacity': Math.max(faintestOpacity, strength(value) * fullestOpacity),
      }),
      ...(fits
        ? [
            element(
              'text',
              {
                x: (column + 0.5) * width,
                y: (row + 0.5) * height + 0.35 * fontSize,
                'text-anchor': 'middle',
                'font-size': fontSize - 1,
                fill: colours.text,
              },
              text(written),
            ),
          ]
        : []),
    );
  });
}

interface CellSize {
  readonly width: number;
  readonly height: number;
}

/** Few layers: wide, low cells, room for a number. Many: squares. */
function cellSize(room: number, count: number): CellSize {
  const width = Math.min(room, count > mostSeparateCells ? widestLargeMap : widestMap) / count;
  return { width, height: Math.min(width, 46) };
}

const smallFont = fontSize - 1;

/** With many layers only every so many-th row is named. */
function rowName(
  { name, whole, row }: { readonly name: string; readonly whole: string; readonly row: number },
  cell: CellSize,
  gutter: number,
  top: number,
): SvgText {
  if (row % Math.ceil(14 / cell.height) !== 0) return text('');
  return label(
    name,
    {
      class: 'name',
      'data-layer': String(row),
      x: gutter - 8,
      y: top + (row + 0.5) * cell.height + 0.35 * smallFont,
      'text-anchor': 'end',
      'font-size': smallFont,
      fill: colours.faint,
    },
    gutter - 12,
    whole,
  );
}

/** A column's name, or its number where the name would be cut to a few letters. */
function columnName(name: string, column: number, cell: CellSize, gutter: number, bottom: number): SvgText {
  const step = Math.ceil(28 / cell.width);
  if (column % step !== 0) return text('');
  const room = cell.width * step - 6;
  const content = textWidth(name, smallFont) <= room || room > 60 ? name : String(column);
  return label(
    content,
    {
      class: 'name',
      'data-layer': String(column),
      x: gutter + (column + 0.5) * cell.width,
      y: bottom + 16,
      'text-anchor': 'middle',
      'font-size': smallFont,
      fill: colours.faint,
    },
    room,
  );
}
