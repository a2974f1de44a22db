import { scaleLinear, type ScaleLinear } from 'd3-scale';
import { formatNumber, formatQuantity } from '../report/number';
import type { Bounds, EigenvalueBound, Interval, Quantity } from '../report/report';
import { colours } from './colours';
import { chart, element, fontSize, lambda, text, textWidth, type SvgText } from './svg';
import { whiskerPath } from './whisker';

export interface BoundsChartOptions {
  readonly id: string;
  /** Pixels. */
  readonly width: number;
}

export const boundsChartHeight = 168;

const margin = 14;
const bandHeight = 16;
/** Vertical places: the caption and the ends of λ_max above the axis, those of λ_min mirrored below it. */
const places = {
  maxCaption: 14,
  maxEnds: 36,
  maxBand: 46,
  axis: 72,
  ticks: 90,
  minBand: 100,
  minEnds: 132,
  minCaption: 156,
} as const;

type Scale = ScaleLinear<number, number>;

/**
 * A number line with the band in which λ_max must lie and, below the axis so that their ends near zero never share a
 * line, the band of λ_min (math.md 2). Ends carry their values, estimates a whisker of one standard error.
 */
export function boundsChart(bounds: Bounds, options: BoundsChartOptions): string {
  const { lambdaMax, lambdaMin } = bounds;
  const scale = numberLine(bounds, options.width);
  const [start = 0, end = 0] = scale.range();
  const ticks = scale.ticks(Math.max(2, Math.floor(options.width / 110)));
  return chart(
    {
      id: options.id,
      width: options.width,
      height: boundsChartHeight,
      title: 'The bounds on one number line',
      description:
        `λ_max lies between ${formatQuantity(lambdaMax.lower)} and ${formatQuantity(lambdaMax.upper)}; ` +
        `λ_min lies between ${formatQuantity(lambdaMin.lower)} and ${formatQuantity(lambdaMin.upper)}.`,
    },
    element('line', {
      class: 'axis',
      x1: start,
      x2: end,
      y1: places.axis,
      y2: places.axis,
      stroke: colours.axis,
    }),
    ...ticks.flatMap((tick) => axisTick(tick, scale)),
    zeroMark(scale(0), places.maxBand - 4, places.axis),
    zeroMark(scale(0), places.minBand - 4, places.minBand + bandHeight + 4),
    ...band(lambdaMax, scale, {
      name: 'max',
      colour: colours.upper,
      top: places.maxBand,
      ends: places.maxEnds,
      caption: places.maxCaption,
      bound: 'upper',
    }),
    ...bounds.eigenvalues.map((eigenvalue) => eigenvalueTick(eigenvalue, scale)),
    ...(lambdaMax.blockwiseUpper === null ? [] : [blockwiseMark(lambdaMax.blockwiseUpper, scale)]),
    ...band(lambdaMin, scale, {
      name: 'min',
      colour: colours.lower,
      top: places.minBand,
      ends: places.minEnds,
      caption: places.minCaption,
      bound: 'lower',
    }),
  );
}

function numberLine(bounds: Bounds, width: number): Scale {
  const { lambdaMax, lambdaMin } = bounds;
  const numbers = [lambdaMax, lambdaMin].flatMap(({ lower, upper }) => [
    lower.value - lower.standardError,
    upper.value + upper.standardError,
  ]);
  const low = Math.min(0, ...numbers);
  const high = Math.max(0, ...numbers);
  const padding = high > low ? 0.04 * (high - low) : 1;
  return scaleLinear()
    .domain([low - padding, high + padding])
    .range([margin, Math.max(margin + 1, width - margin)]);
}

/** Zero in a band; the two marks leave the number between the bands free. */
function zeroMark(x: number, top: number, bottom: number): SvgText {
  return element('line', {
    class: 'zero',
    x1: x,
    x2: x,
    y1: top,
    y2: bottom,
    stroke: colours.faint,
    'stroke-dasharray': '2 3',
  });
}

function axisTick(tick: number, scale: Scale): SvgText[] {
  const x = scale(tick);
  return [
    element('line', { x1: x, x2: x, y1: places.axis - 3, y2: places.axis + 3, stroke: colours.axis }),
    element(
      'text',
      { x, y: places.ticks, 'text-anchor': 'middle', 'font-size': fontSize - 1, fill: colours.faint },
      text(formatNumber(tick)),
    ),
  ];
}

interface BandLook {
  readonly name: 'max' | 'min';
  readonly colour: string;
  readonly top: number;
  readonly ends: number;
  readonly caption: number;
  /** Which end is the bound that people ask for: drawn strong. */
  readonly bound: 'lower' | 'upper';
}

function band(interval: Interval, scale: Scale, look: BandLook): SvgText[] {
  const lower = scale(interval.lower.value);
  const upper = scale(interval.upper.value);
  const strong = interval[look.bound];
  const caption = look.name === 'max' ? ' lies in this band' : ' lies in this one';
  const lowerText = `≥ ${formatQuantity(interval.lower)}`;
  const upperText = `≤ ${formatQuantity(interval.upper)}`;
  const [lowerLabel, upperLabel] = apart(lower, upper, textWidth(lowerText), textWidth(upperText), scale);
  const half = textWidth(`λ___${caption}`) / 2;
  return [
    element('rect', {
      class: `band band-${look.name}`,
      x: lower,
      y: look.top,
      width: Math.max(1, upper - lower),
      height: bandHeight,
      fill: look.colour,
      'fill-opacity': '0.28',
    }),
    endMark(scale(strong.value), look),
    whisker(strong, scale, look.top + bandHeight / 2),
    endLabel(lowerText, lowerLabel, look, look.bound === 'lower'),
    endLabel(upperText, upperLabel, look, look.bound === 'upper'),
    element(
      'text',
      {
        x: inside((lower + upper) / 2, half, scale),
        y: look.caption,
        'text-anchor': 'middle',
        fill: colours.faint,
      },
      lambda(look.name, caption),
    ),
  ];
}

function endMark(x: number, look: BandLook): SvgText {
  return element('line', {
    class: 'bound',
    x1: x,
    x2: x,
    y1: look.top - 4,
    y2: look.top + bandHeight + 4,
    stroke: look.colour,
    'stroke-width': 2.5,
  });
}

function endLabel(content: string, x: number, look: BandLook, strong: boolean): SvgText {
  return element(
    'text',
    {
      class: 'end',
      x,
      y: look.ends,
      'text-anchor': 'middle',
      'font-weight': strong ? 600 : undefined,
      fill: strong ? colours.text : colours.faint,
    },
    text(content),
  );
}

/** One standard error to either side; nothing where the number is exact. */
function whisker(quantity: Quantity, scale: Scale, y: number): SvgText {
  const { value, standardError } = quantity;
  if (standardError === 0) return text('');
  return element('path', {
    class: 'whisker',
    d: whiskerPath(scale(value - standardError), scale(value + standardError), y),
    fill: 'none',
    stroke: colours.text,
  });
}

/** Where the k-th largest eigenvalue ends at the latest: a short tick at the foot of the band of λ_max. */
function eigenvalueTick({ k, upper }: EigenvalueBound, scale: Scale): SvgText {
  const x = scale(upper.value);
  return element(
    'g',
    { class: 'eigenvalue' },
    element('title', {}, text(`λ_${String(k)} ≤ ${formatQuantity(upper)}`)),
    element('line', {
      x1: x,
      x2: x,
      y1: places.maxBand + bandHeight - 6,
      y2: places.maxBand + bandHeight,
      stroke: colours.upper,
      'stroke-width': 1.5,
    }),
  );
}

function blockwiseMark(quantity: Quantity, scale: Scale): SvgText {
  const x = scale(quantity.value);
  return element(
    'g',
    { class: 'blockwise' },
    element('title', {}, text(`Upper bound from the blocks: ${formatQuantity(quantity)}`)),
    element('line', {
      x1: x,
      x2: x,
      y1: places.maxBand,
      y2: places.maxBand + bandHeight,
      stroke: colours.blockwise,
      'stroke-width': 2,
      'stroke-dasharray': '3 2',
    }),
  );
}

/** The nearest place to `centre` at which a text of that half width stays on the number line. */
function inside(centre: number, half: number, scale: Scale): number {
  const [start = 0, end = 0] = scale.range();
  const least = start - margin + half;
  const most = end + margin - half;
  return least > most ? (start + end) / 2 : Math.min(most, Math.max(least, centre));
}

/** Centres of two labels near their ends, moved apart where they would overlap. */
function apart(
  lower: number,
  upper: number,
  lowerWidth: number,
  upperWidth: number,
  scale: Scale,
): [number, number] {
  const gap = 10;
  const needed = (lowerWidth + upperWidth) / 2 + gap;
  const left = inside(lower, lowerWidth / 2, scale);
  const right = inside(upper, upperWidth / 2, scale);
  if (right - left >= needed) return [left, right];
  const middle = inside((left + right) / 2, (lowerWidth + upperWidth + gap) / 2, scale);
  return [middle - (upperWidth + gap) / 2, middle + (lowerWidth + gap) / 2];
}
