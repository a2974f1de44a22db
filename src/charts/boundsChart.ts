import { t } from '@vscode/l10n';
import { formatEstimate, formatNumber, formatQuantity } from '../report/wording/number';
import type { Bounds, EigenvalueBound, PartialReport, Quantity } from '../report/report';
import { isEstimate, shownUpperBound } from '../report/wording/sharpnessText';
import { band, bandHeight, foundText } from './boundsBand';
import { colours } from './colours';
import { foundHatch, spectrumTicks } from './foundMarks';
import { numberLine, type Scale } from './numberLine';
import { chart, element, fontSize, text, type SvgText } from './svg';

export interface BoundsChartOptions {
  readonly id: string;
  /** Pixels. */
  readonly width: number;
}

export const boundsChartHeight = 172;

/** Vertical places: the caption and the ends of λ_max above the axis, those of λ_min mirrored below it. */
const places = {
  maxCaption: 14,
  maxEnds: 36,
  maxBand: 46,
  axis: 72,
  ticks: 90,
  minBand: 100,
  minEnds: 136,
  minCaption: 160,
} as const;

/** What the number line is drawn from. */
export type BoundsChartNumbers = Pick<
  PartialReport,
  'eigenvalues' | 'estimate' | 'method' | 'sharpness' | 'spectrum'
> & {
  readonly bounds: Bounds;
};

/**
 * A number line with the band in which λ_max must lie and, below the axis so that their ends near zero never share a
 * line, the band of λ_min (math.md 2). Ends carry their values, estimates the whisker of a 95 % interval; what was
 * found of λ_max and λ_min is marked in its band, and all eigenvalues are ticks on the axis where they are known.
 */
export function boundsChart(known: BoundsChartNumbers, options: BoundsChartOptions): string {
  const { bounds, eigenvalues, estimate, sharpness, spectrum } = known;
  const intervals = estimate?.intervals.bounds;
  const lambdaMax = { ...bounds.lambdaMax, upper: shownUpperBound(bounds, sharpness) };
  const { lambdaMin } = bounds;
  const { id, width } = options;
  const scale = numberLine(extremes(known), width);
  const [start = 0, end = 0] = scale.range();
  const ticks = scale.ticks(Math.max(2, Math.floor(width / 110)));
  const estimated = isEstimate(lambdaMax.upper, known.method);
  const values = spectrum?.values ?? null;
  return chart(
    {
      id,
      width,
      height: boundsChartHeight,
      title: t('The bounds on one number line'),
      description: describe(known),
    },
    foundHatch(id),
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
    ...(values === null ? [] : [spectrumTicks(values, scale, places.axis - 7, places.axis)]),
    ...band(lambdaMax, scale, {
      name: 'max',
      colour: colours.upper,
      top: places.maxBand,
      ends: places.maxEnds,
      caption: places.maxCaption,
      bound: 'upper',
      estimated,
      found: sharpness?.lambdaMax ?? null,
      whisker: intervals?.lambdaMax.upper ?? null,
      id,
    }),
    // Bounds on the next eigenvalues, until these are known themselves.
    ...(eigenvalues ? [] : bounds.eigenvalues.map((eigenvalue) => eigenvalueTick(eigenvalue, scale))),
    ...(lambdaMax.blockwiseUpper === null ? [] : [blockwiseMark(lambdaMax.blockwiseUpper, scale)]),
    ...band(lambdaMin, scale, {
      name: 'min',
      colour: colours.lower,
      top: places.minBand,
      ends: places.minEnds,
      caption: places.minCaption,
      bound: 'lower',
      estimated,
      found: sharpness?.lambdaMin ?? null,
      whisker: intervals?.lambdaMin.lower ?? null,
      id,
    }),
  );
}

/** Every number that must have a place on the line. */
function extremes({ bounds, estimate, sharpness }: BoundsChartNumbers): number[] {
  const { lambdaMax, lambdaMin } = bounds;
  const intervals = estimate?.intervals.bounds;
  const ranges = [
    { lower: lambdaMax.lower.value, upper: lambdaMax.upper.value },
    { lower: lambdaMin.lower.value, upper: lambdaMin.upper.value },
    ...(intervals === undefined ? [] : [intervals.lambdaMax.upper, intervals.lambdaMin.lower]),
    ...(sharpness === undefined ? [] : [sharpness.lambdaMax, sharpness.lambdaMin]),
  ];
  return ranges.flatMap(({ lower, upper }) => [lower, upper]);
}

/** The picture in words. */
function describe({ bounds, estimate, sharpness, method }: BoundsChartNumbers): string {
  const { lambdaMin } = bounds;
  const upper = shownUpperBound(bounds, sharpness);
  const shown = formatEstimate(upper, estimate?.intervals.bounds.lambdaMax.upper);
  const verb = isEstimate(upper, method) ? t('is estimated to lie') : t('lies');
  return [
    ...(sharpness === undefined
      ? []
      : [t`λ_max ${foundText(sharpness.lambdaMax)}`, t`λ_min ${foundText(sharpness.lambdaMin)}`]),
    t`λ_max ${verb} between ${formatQuantity(bounds.lambdaMax.lower)} and ${shown}` +
      t` by trace and norm; λ_min ${verb} between ${formatQuantity(lambdaMin.lower)} and ${formatQuantity(lambdaMin.upper)}.`,
  ].join('; ');
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
    element('title', {}, text(t`Upper bound from the blocks: ${formatQuantity(quantity)}`)),
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
