import { t } from '@vscode/l10n';
import { formatNumber, formatPercent } from '../report/wording/number';
import type { Plane } from '../report/report';
import { cellPaths } from './cells';
import { colours } from './colours';
import { sliceNames } from './slicesChart';
import { chart, element, text } from './svg';

const widest = 340;
const left = 64;
const axisHeight = 40;
const fullestOpacity = 0.85;

/** Pixels of the height in this width. */
export function planeHeight(width: number): number {
  return Math.min(widest, width - left) + axisHeight;
}

/** The loss over two directions, stronger where it is higher, on a logarithmic scale above the least; the weights are in the middle. */
export function planeHeatMap(
  plane: Plane,
  { id, width }: { readonly id: string; readonly width: number },
): string {
  const { step, loss, second } = plane;
  const side = Math.min(widest, Math.max(60, width - left));
  const known = loss.flat().filter((value) => value !== null);
  const [least, most] = [Math.min(...known), Math.max(...known)];
  const reach = Math.log1p(most - least) || 1;
  const cell = side / step.length;
  const last = step.at(-1) ?? 0;
  const middle = left + side / 2;
  const note = (x: number, y: number, anchor: string, content: string) =>
    element('text', { x, y, 'text-anchor': anchor, 'font-size': 11, fill: colours.faint }, text(content));
  return chart(
    {
      id,
      width,
      height: side + axisHeight,
      title: t('The loss over two directions'),
      description: t`Sharpest direction across, ${sliceNames[second]} up, each to ${formatPercent(last)} of the size of the weights: the loss lies between ${formatNumber(least)} and ${formatNumber(most)}.`,
    },
    element(
      'g',
      { transform: `translate(${left} 0)` },
      ...cellPaths(
        { width: cell, height: cell },
        [step.length, step.length],
        // The first row is drawn at the top, where the second direction's largest distance is.
        (row, column) => {
          const value = loss[step.length - 1 - row]?.[column] ?? null;
          return value === null ? fullestOpacity : (Math.log1p(value - least) / reach) * fullestOpacity;
        },
        colours.upper,
      ),
      element('rect', { x: 0, y: 0, width: side, height: side, fill: 'none', stroke: colours.axis }),
      element('circle', {
        cx: side / 2,
        cy: side / 2,
        r: 3.5,
        fill: colours.found,
        stroke: colours.background,
      }),
    ),
    note(left - 6, 10, 'end', `+${formatPercent(last)}`),
    note(left - 6, side, 'end', `−${formatPercent(last)}`),
    note(left, side + 14, 'start', `−${formatPercent(last)}`),
    note(left + side, side + 14, 'end', `+${formatPercent(last)}`),
    note(middle, side + 14, 'middle', sliceNames.sharpest),
    note(left, side + 32, 'start', t`up: ${sliceNames[second]}; stronger colour: higher loss`),
  );
}
