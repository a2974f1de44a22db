import { colours } from './colours';
import { cellPaths } from './cells';
import { chart, element, fontSize, text } from './svg';

export interface GramHeatMapOptions {
  readonly id: string;
  /** Pixels; the picture is a square of this side above its key. */
  readonly width: number;
  readonly layer: string;
}

const keyHeight = 26;

/** Cosines between the layer's inputs of a few samples in the order of their classes: blue alike, orange opposed. */
export function gramHeatMap(gram: readonly (readonly number[])[], options: GramHeatMapOptions): string {
  const { id, width, layer } = options;
  const count = gram.length;
  const cosine = (row: number, column: number): number => gram[row]?.[column] ?? 0;
  const cell = { width: width / count, height: width / count };
  const off = gram.flatMap((row, index) => row.filter((_, column) => column !== index).map(Math.abs));
  const mean = off.length === 0 ? 0 : off.reduce((sum, value) => sum + value, 0) / off.length;
  return chart(
    {
      id,
      width,
      height: width + keyHeight,
      title: `Cosines between the inputs of ${layer}`,
      description: `${String(count)} samples in the order of their classes; mean absolute cosine of different samples ${mean.toFixed(2)}.`,
    },
    element('rect', {
      class: 'frame',
      x: 0.5,
      y: 0.5,
      width: width - 1,
      height: width - 1,
      fill: 'none',
      stroke: colours.axis,
      'stroke-opacity': '0.4',
    }),
    ...cellPaths(cell, count, (row, column) => opacity(cosine(row, column)), colours.upper),
    ...cellPaths(cell, count, (row, column) => opacity(-cosine(row, column)), colours.negative),
    ...key(width),
  );
}

/** Squared, since images have large cosines throughout: what differs between them would not be seen otherwise. */
function opacity(cosine: number): number {
  return Math.max(0, cosine) ** 2;
}

/** From opposed over orthogonal (nothing) to alike. */
function key(width: number): ReturnType<typeof element>[] {
  const top = width + 8;
  const cells = [-1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 1];
  const side = 10;
  const start = (width - cells.length * side) / 2;
  const end = (x: number, anchor: string, content: string): ReturnType<typeof element> =>
    element(
      'text',
      { x, y: top + 9, 'text-anchor': anchor, 'font-size': fontSize - 1, fill: colours.faint },
      text(content),
    );
  return [
    end(start - 6, 'end', '-1'),
    ...cells.map((value, place) =>
      element('rect', {
        class: 'cells',
        x: start + place * side,
        y: top,
        width: side,
        height: side,
        fill: value < 0 ? colours.negative : colours.upper,
        'fill-opacity': String(opacity(Math.abs(value))),
      }),
    ),
    end(start + cells.length * side + 6, 'start', '1'),
  ];
}
