import { t } from '@vscode/l10n';
import { formatNumber, formatPercent } from '../report/wording/number';
import type { PartialReport, Spectrum } from '../report/report';
import { colours } from './colours';
import { inRows, type PlacedLabel, type Scale } from './numberLine';
import { spectrumBins, type SpectrumBin } from './spectrumBins';
import { countScale, eigenvalueScale, emptyCount } from './spectrumScales';
import { spectrumMarks, type SpectrumMark } from './spectrumMarks';
import { chart, coordinate, element, fontSize, subscripted, text, textWidth, type SvgText } from './svg';

export interface SpectrumChartOptions {
  readonly id: string;
  /** Pixels. */
  readonly width: number;
}

export const spectrumChartHeight = 236;

/** What the density is drawn from. */
export type SpectrumChartNumbers = Pick<PartialReport, 'bounds' | 'sharpness' | 'method'> & {
  readonly spectrum: Spectrum;
  readonly model: { readonly parameters: number };
};

const labelHeight = 16;
const axisHeight = 38;

/**
 * How many eigenvalues lie where: one bar per bin where all are counted, else a line with a band of one standard error,
 * on a logarithmic scale where the bins differ much, as they mostly do: nearly all eigenvalues lie near zero.
 */
export function spectrumChart(known: SpectrumChartNumbers, options: SpectrumChartOptions): string {
  const { spectrum, model } = known;
  const { id, width } = options;
  const bins = spectrumBins(spectrum, model);
  const marks = spectrumMarks(known);
  const horizontal = eigenvalueScale(spectrum, marks, width);
  const labels = inRows(
    marks.map((mark) => ({ at: place(mark.value, horizontal), width: textWidth(edged(mark, horizontal)) })),
    horizontal,
  );
  const rows = Math.max(1, ...labels.map(({ row }) => row + 1));
  const top = rows * labelHeight + 8;
  const bottom = spectrumChartHeight - axisHeight;
  const vertical = countScale(bins, [bottom, top]);
  return chart(
    {
      id,
      width,
      height: spectrumChartHeight,
      title: t('How many eigenvalues lie where'),
      description: describe(bins, marks),
    },
    ...vertical.ticks.flatMap((tick) => countTick(tick, vertical.place(tick), horizontal)),
    ...(spectrum.method === 'exact'
      ? [bars(bins, horizontal, vertical.place, bottom)]
      : [
          spreadBand(bins, horizontal, vertical.place, bottom),
          line(bins, horizontal, vertical.place, bottom),
        ]),
    ...axis(horizontal, bottom, width, vertical.logarithmic),
    ...marks.map((mark, index) => drawMark(mark, index, labels, { horizontal, rows, top, bottom })),
  );
}

/** On the picture: what is farther away stands at its edge. */
function place(value: number, scale: Scale): number {
  const [start = 0, end = 0] = scale.range();
  return Math.min(end, Math.max(start, scale(value)));
}

function countTick(tick: number, y: number, horizontal: Scale): SvgText[] {
  const [start = 0, end = 0] = horizontal.range();
  return [
    element('line', {
      class: 'grid',
      x1: start,
      x2: end,
      y1: y,
      y2: y,
      stroke: colours.axis,
      'stroke-opacity': '0.35',
    }),
    element(
      'text',
      {
        x: start - 6,
        y: y + 0.35 * fontSize,
        'text-anchor': 'end',
        'font-size': fontSize - 1,
        fill: colours.faint,
      },
      text(formatNumber(tick)),
    ),
  ];
}

type Heights = (count: number) => number;

function bars(bins: readonly SpectrumBin[], horizontal: Scale, heights: Heights, bottom: number): SvgText {
  const path = bins
    .filter(({ count }) => count > 0)
    .map(({ from, to, count }) => {
      const [left, right] = [horizontal(from), horizontal(to)];
      return `M${fixed(left)} ${fixed(bottom)}V${fixed(heights(count))}H${fixed(right)}V${fixed(bottom)}Z`;
    });
  return element('path', {
    class: 'bar bar-own density',
    d: path.join(''),
    fill: colours.upper,
    stroke: colours.upper,
    'stroke-width': 0.5,
  });
}

/** The mean as steps over the bins. */
function line(bins: readonly SpectrumBin[], horizontal: Scale, heights: Heights, bottom: number): SvgText {
  const steps = bins.map(({ from, to, count }) => {
    const y = count > emptyCount ? heights(count) : bottom;
    return `V${fixed(y)}M${fixed(horizontal(from))} ${fixed(y)}H${fixed(horizontal(to))}`;
  });
  const start = `M${fixed(horizontal(bins[0]?.from ?? 0))} ${fixed(bottom)}`;
  return element('path', {
    class: 'density',
    d: `${start}${steps.join('')}V${fixed(bottom)}`,
    fill: 'none',
    stroke: colours.upper,
    'stroke-width': 1.5,
  });
}

function spreadBand(
  bins: readonly SpectrumBin[],
  horizontal: Scale,
  heights: Heights,
  bottom: number,
): SvgText {
  const parts = bins
    .filter(({ count }) => count > emptyCount)
    .map(({ from, to, count, standardError }) => {
      const [high, low] = [heights(count + standardError), Math.min(bottom, heights(count - standardError))];
      return `M${fixed(horizontal(from))} ${fixed(low)}V${fixed(high)}H${fixed(horizontal(to))}V${fixed(low)}Z`;
    });
  return element('path', {
    class: 'spread',
    d: parts.join(''),
    fill: colours.upper,
    'fill-opacity': '0.3',
    stroke: colours.upper,
    'stroke-width': 0.75,
    'stroke-dasharray': '2 1.5',
  });
}

function axis(horizontal: Scale, bottom: number, width: number, logarithmic: boolean): SvgText[] {
  const [start = 0, end = 0] = horizontal.range();
  const ticks = horizontal.ticks(Math.max(2, Math.floor(width / 110)));
  const unit = logarithmic
    ? t('eigenvalues in each bin, on a logarithmic scale')
    : t('eigenvalues in each bin');
  return [
    element('line', { class: 'axis', x1: start, x2: end, y1: bottom, y2: bottom, stroke: colours.axis }),
    ...ticks.map((tick) =>
      element(
        'text',
        {
          x: horizontal(tick),
          y: bottom + 15,
          'text-anchor': 'middle',
          'font-size': fontSize - 1,
          fill: colours.faint,
        },
        text(formatNumber(tick)),
      ),
    ),
    element(
      'text',
      { class: 'caption', x: start, y: bottom + 33, 'font-size': fontSize - 1, fill: colours.faint },
      text(unit),
    ),
  ];
}

interface MarkFrame {
  readonly horizontal: Scale;
  readonly rows: number;
  readonly top: number;
  readonly bottom: number;
}

/** A line through the picture up to its label; where other labels are on its way it is interrupted. */
function drawMark(
  mark: SpectrumMark,
  index: number,
  labels: readonly PlacedLabel[],
  { horizontal, rows, top, bottom }: MarkFrame,
): SvgText {
  const x = place(mark.value, horizontal);
  const { centre = x, row = 0 } = labels[index] ?? {};
  const baseline = (of: number): number => labelHeight * (rows - of) - 4;
  const free = Array.from({ length: row }, (_, below) => below).filter((below) =>
    labels.every((other) => other.row !== below || Math.abs(other.centre - x) > other.width / 2 + 3),
  );
  const path = [
    `M${fixed(x)} ${fixed(bottom)}V${fixed(top - 6)}`,
    ...free.map((below) => `M${fixed(x)} ${fixed(baseline(below) + 2)}V${fixed(baseline(below + 1) + 4)}`),
  ];
  return element(
    'g',
    { class: `mark mark-${mark.name}` },
    ...(isBeyond(mark.value, horizontal)
      ? []
      : [
          element('path', {
            d: path.join(''),
            fill: 'none',
            stroke: mark.colour,
            'stroke-width': mark.dashes === undefined ? 2 : 1.5,
            'stroke-dasharray': mark.dashes,
          }),
        ]),
    element(
      'text',
      { class: 'mark-label', x: centre, y: baseline(row), 'text-anchor': 'middle', fill: colours.text },
      ...subscripted(edged(mark, horizontal)),
    ),
  );
}

/** Whether a number lies outside the picture: its label then stands at the edge, without a line. */
function isBeyond(value: number, scale: Scale): boolean {
  const [low = 0, high = 0] = scale.domain();
  return value < low || value > high;
}

/** The label; an arrow says that its number lies beyond the edge. */
function edged({ value, label }: SpectrumMark, scale: Scale): string {
  const [low = 0, high = 0] = scale.domain();
  if (value > high) return `${label} →`;
  return value < low ? `← ${label}` : label;
}

function fixed(value: number): string {
  return String(coordinate(value));
}

/** The picture in words; the numbers are in the table below it. */
function describe(bins: readonly SpectrumBin[], marks: readonly SpectrumMark[]): string {
  const total = bins.reduce((sum, { count }) => sum + count, 0);
  const fullest = bins.reduce((one, other) => (other.count > one.count ? other : one));
  const share = total > 0 ? formatPercent(fullest.count / total) : '0 %';
  return [
    t`${share} of the eigenvalues lie between ${formatNumber(fullest.from)} and ${formatNumber(fullest.to)}`,
    ...marks.map(({ label }) => label),
  ].join('; ');
}
