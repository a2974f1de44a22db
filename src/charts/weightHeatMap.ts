import { t } from '@vscode/l10n';
import type { WeightMatrix } from '../report/detail';
import { formatCount, formatNumber } from '../report/wording/number';
import { cellPaths } from './cells';
import { colours } from './colours';
import { signedKey } from './signedKey';
import { chart, element } from './svg';

const widestCell = 14;
const tallest = 420;
const keyHeight = 26;
const narrowest = 200;

/** Pixels of the height in this width. */
export function weightHeatMapHeight({ values }: WeightMatrix, width: number): number {
  return cellOf(values, width).height * values.length + keyHeight;
}

/** A weight as cells: blue above 0, orange below, stronger where it is further from 0. */
export function weightHeatMap(
  weight: WeightMatrix,
  { id, width, layer }: { readonly id: string; readonly width: number; readonly layer: string },
): string {
  const { values, rows, columns } = weight;
  const size = [values.length, values[0]?.length ?? 0] as const;
  const cell = cellOf(values, width);
  const [right, bottom] = [cell.width * size[1], cell.height * size[0]];
  const most = Math.max(...values.flat().map(Math.abs)) || 1;
  const part = (row: number, column: number): number => (values[row]?.[column] ?? 0) / most;
  const end = formatNumber(most);
  return chart(
    {
      id,
      width,
      height: bottom + keyHeight,
      title: t`The weight of ${layer}`,
      description: t`${formatCount(rows)} × ${formatCount(columns)} numbers, none further from 0 than ${end}.`,
    },
    element('rect', {
      class: 'frame',
      x: 0.5,
      y: 0.5,
      width: right - 1,
      height: bottom - 1,
      fill: 'none',
      stroke: colours.axis,
      'stroke-opacity': '0.4',
    }),
    ...cellPaths(cell, size, part, colours.upper),
    ...cellPaths(cell, size, (row, column) => -part(row, column), colours.negative),
    ...signedKey({
      width: Math.max(right, narrowest),
      top: bottom + 8,
      ends: [`-${end}`, end],
      opacity: (strength) => strength,
    }),
  );
}

/** Squares where there is room for them. */
function cellOf(values: WeightMatrix['values'], width: number): { width: number; height: number } {
  const columns = values[0]?.length ?? 1;
  const wide = Math.min(widestCell, width / columns);
  const tall = Math.min(widestCell, tallest / values.length);
  const square = Math.min(wide, tall);
  // A single row would be a line.
  return { width: wide, height: values.length < 4 ? tall : square };
}
