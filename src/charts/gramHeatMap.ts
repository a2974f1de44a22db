import { t } from '@vscode/l10n';
import { colours } from './colours';
import { cellPaths } from './cells';
import { signedKey } from './signedKey';
import { chart, coordinate, element, fontSize, text, textWidth, type SvgText } from './svg';

export interface GramHeatMapOptions {
  readonly id: string;
  /** Pixels; the picture is a square above its key, beside the names of the classes. */
  readonly width: number;
  readonly layer: string;
  /** The class of each row, in runs of equal ones; null: no labels at the axis. */
  readonly classes: readonly number[] | null;
}

const keyHeight = 26;
const smallFont = fontSize - 1;

/** Cosines between the layer's inputs of a few samples in the order of their classes: blue alike, orange opposed. */
export function gramHeatMap(gram: readonly (readonly number[])[], options: GramHeatMapOptions): string {
  const { id, layer } = options;
  const count = gram.length;
  const size = [count, count] as const;
  const cosine = (row: number, column: number): number => gram[row]?.[column] ?? 0;
  const runs = runsOf(options.classes ?? []);
  const longest = Math.max(0, ...runs.map(({ name }) => textWidth(name, smallFont)));
  const gutter = runs.length === 0 ? 0 : longest + 8;
  const width = Math.max(1, options.width - gutter);
  const cell = { width: width / count, height: width / count };
  const off = gram.flatMap((row, index) => row.filter((_, column) => column !== index).map(Math.abs));
  const mean = off.length === 0 ? 0 : off.reduce((sum, value) => sum + value, 0) / off.length;
  return chart(
    {
      id,
      width: options.width,
      height: width + keyHeight,
      title: t`Cosines between the inputs of ${layer}`,
      description: t`${String(count)} samples in the order of their classes; mean absolute cosine of different samples ${mean.toFixed(2)}.`,
    },
    ...classNames(runs, cell.height, gutter),
    element(
      'g',
      { transform: `translate(${String(coordinate(gutter))} 0)` },
      element('rect', {
        class: 'frame',
        x: 0.5,
        y: 0.5,
        width: width - 1,
        height: width - 1,
        fill: 'none',
        stroke: colours.axis,
      }),
      ...cellPaths(cell, size, (row, column) => opacity(cosine(row, column)), colours.upper),
      ...cellPaths(cell, size, (row, column) => opacity(-cosine(row, column)), colours.negative),
      ...signedKey({ width, top: width + 8, ends: ['-1', '1'], opacity }),
    ),
  );
}

interface ClassRun {
  readonly name: string;
  /** Rows from this one up to, but not with, that. */
  readonly from: number;
  readonly to: number;
}

function runsOf(classes: readonly number[]): ClassRun[] {
  const starts = classes.flatMap((value, row) => (value === classes[row - 1] ? [] : [row]));
  return starts.map((from, place) => ({
    name: String(classes[from] ?? ''),
    from,
    to: starts[place + 1] ?? classes.length,
  }));
}

/** Each class at the middle of its rows; where the rows are too thin for all, those that find room. */
function classNames(runs: readonly ClassRun[], cell: number, gutter: number): SvgText[] {
  let free = -Infinity;
  return runs.flatMap(({ name, from, to }) => {
    const middle = ((from + to) / 2) * cell;
    if (middle < free) return [];
    free = middle + smallFont;
    return [
      element(
        'text',
        {
          class: 'class-name',
          x: gutter - 6,
          y: middle + 0.35 * smallFont,
          'text-anchor': 'end',
          'font-size': smallFont,
          fill: colours.faint,
        },
        text(name),
      ),
    ];
  });
}

/** Squared, since images have large cosines throughout: what differs between them would not be seen otherwise. */
function opacity(cosine: number): number {
  return Math.max(0, cosine) ** 2;
}
