import { t } from '@vscode/l10n';
import { scaleLinear } from 'd3-scale';
import type { SingularValues } from '../report/detail';
import { formatCount, formatNumber } from '../report/wording/number';
import { colours } from './colours';
import { chart, coordinate, element, text } from './svg';

export const singularValuesHeight = 150;
const barsHeight = 122;

/** The singular values, the largest first, from 0 up. */
export function singularValuesChart(
  { values, count }: SingularValues,
  { id, width, layer }: { readonly id: string; readonly width: number; readonly layer: string },
): string {
  const [largest = 0] = values;
  const smallest = values.at(-1) ?? 0;
  const place = scaleLinear().domain([0, values.length]).range([0, width]);
  const y = scaleLinear()
    .domain([0, largest || 1])
    .range([barsHeight, 2]);
  const gap = width / values.length > 4 ? 1 : 0;
  const bars = values
    .map((value, at) => {
      const [left, right] = [coordinate(place(at)), coordinate(place(at + 1) - gap)];
      return `M${String(left)} ${String(barsHeight)}V${String(coordinate(y(value)))}H${String(right)}V${String(barsHeight)}Z`;
    })
    .join('');
  const note = (x: number, anchor: string, content: string) =>
    element('text', { x, y: barsHeight + 18, 'text-anchor': anchor, fill: colours.faint }, text(content));
  return chart(
    {
      id,
      width,
      height: singularValuesHeight,
      title: t`Singular values of the weight of ${layer}`,
      description: t`${formatCount(values.length)} of ${formatCount(count)}, from ${formatNumber(largest)} down to ${formatNumber(smallest)}.`,
    },
    element('path', { class: 'bar', d: bars, fill: colours.upper }),
    element('line', { x1: 0, x2: width, y1: barsHeight, y2: barsHeight, stroke: colours.axis }),
    note(0, 'start', `σ1 = ${formatNumber(largest)}`),
    note(width, 'end', `σ${String(values.length)} = ${formatNumber(smallest)}`),
  );
}
