import { scaleLog } from 'd3-scale';
import { colours, inPalette } from '../src/charts/colours';
import { chart, element, text, type SvgText } from '../src/charts/svg';

/** Seconds of one closed form where one number of the problem is `at`. */
export interface Growth {
  readonly at: number;
  readonly seconds: number;
  readonly multiplyAdds: number;
}

const [width, height] = [760, 320];
const margin = { top: 34, right: 16, bottom: 44, left: 58 };
const radius = 3;

/** Seconds by samples (left) and by width (right), all axes logarithmic. */
export function growthPlot(bySamples: readonly Growth[], byWidth: readonly Growth[]): string {
  const seconds = [...bySamples, ...byWidth].map((point) => point.seconds);
  const extent: [number, number] = [
    10 ** Math.floor(Math.log10(Math.min(...seconds))),
    10 ** Math.ceil(Math.log10(Math.max(...seconds))),
  ];
  const half = width / 2;
  const svg = chart(
    {
      id: 'growth',
      width,
      height,
      title: 'How the closed form grows',
      description: `${described('samples', bySamples)} ${described('hidden units', byWidth)}`,
    },
    element('rect', { width, height, fill: colours.background }),
    panel(bySamples, extent, 0, half, '64-16-10: seconds by samples', 'samples'),
    panel(byWidth, extent, half, half, '64-w-10, 1,000 samples: seconds by w', 'hidden units w'),
  );
  return `${inPalette(svg, 'light')}\n`;
}

function described(what: string, points: readonly Growth[]): string {
  return `${points.map(({ at, seconds }) => `${at} ${what}: ${seconds.toPrecision(2)} s`).join(', ')}.`;
}

function panel(
  points: readonly Growth[],
  extent: [number, number],
  left: number,
  panelWidth: number,
  title: string,
  axis: string,
): SvgText {
  const [start, end] = [left + margin.left, left + panelWidth - margin.right];
  const [top, bottom] = [margin.top, height - margin.bottom];
  const places = points.map(({ at }) => at);
  const x = scaleLog([Math.min(...places), Math.max(...places)], [start, end]);
  const y = scaleLog(extent, [bottom, top]);
  const decades = y.ticks().filter((value) => Number.isInteger(Math.log10(value)));
  return element(
    'g',
    { fill: colours.text },
    element(
      'text',
      { x: (start + end) / 2, y: 18, 'text-anchor': 'middle', 'font-weight': 'bold' },
      text(title),
    ),
    ...decades.flatMap((value) => [
      element('line', {
        x1: start,
        x2: end,
        y1: y(value),
        y2: y(value),
        stroke: colours.axis,
        'stroke-opacity': '0.4',
      }),
      element('text', { x: start - 8, y: y(value) + 4, 'text-anchor': 'end' }, text(`${value} s`)),
    ]),
    ...places.map((at) =>
      element('text', { x: x(at), y: bottom + 18, 'text-anchor': 'middle' }, text(at.toLocaleString('en'))),
    ),
    element(
      'text',
      { x: (start + end) / 2, y: bottom + 36, 'text-anchor': 'middle', fill: colours.faint },
      text(axis),
    ),
    element('polyline', {
      points: points.map(({ at, seconds }) => `${x(at).toFixed(1)},${y(seconds).toFixed(1)}`).join(' '),
      fill: 'none',
      stroke: colours.upper,
      'stroke-width': 2,
    }),
    ...points.map(({ at, seconds }) =>
      element('circle', { cx: x(at), cy: y(seconds), r: radius, fill: colours.upper }),
    ),
  );
}
