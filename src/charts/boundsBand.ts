import { t } from '@vscode/l10n';
import { formatQuantity } from '../report/wording/number';
import type { EigenvalueInterval, Interval, Range } from '../report/report';
import { certaintyText, commonValue, intervalText } from '../report/wording/sharpnessText';
import { colours } from './colours';
import { foundColour, foundMark } from './foundMarks';
import { apart, inside, type Scale } from './numberLine';
import { element, lambda, text, textWidth, type SvgText } from './svg';
import { whiskerPath } from './whisker';

export const bandHeight = 16;

/** "= 26.52, from the whole spectrum". */
export function foundText(interval: EigenvalueInterval): string {
  const value = commonValue(interval);
  return `${value === null ? intervalText(interval) : `= ${value}`}, ${certaintyText(interval)}`;
}

export interface BandLook {
  readonly name: 'max' | 'min';
  readonly id: string;
  readonly colour: string;
  readonly top: number;
  readonly ends: number;
  readonly caption: number;
  /** Which end is the bound that people ask for: drawn strong. */
  readonly bound: 'lower' | 'upper';
  readonly estimated: boolean;
  readonly found: EigenvalueInterval | null;
  /** The 95 % interval of the strong end; null where it is exact. */
  readonly whisker: Range | null;
}

/** The band in which an eigenvalue must lie, its ends with their values, and what was found of it. */
export function band(interval: Interval, scale: Scale, look: BandLook): SvgText[] {
  const lower = scale(interval.lower.value);
  const upper = scale(interval.upper.value);
  const strong = interval[look.bound];
  const lowerText = `${look.estimated ? '≈' : '≥'} ${formatQuantity(interval.lower)}`;
  const upperText = `${look.estimated ? '≈' : '≤'} ${formatQuantity(interval.upper)}`;
  const [lowerLabel, upperLabel] = apart(
    { at: lower, content: lowerText },
    { at: upper, content: upperText },
    scale,
  );
  return [
    element('rect', {
      class: `band band-${look.name}`,
      x: lower,
      y: look.top,
      width: Math.max(1, upper - lower),
      height: bandHeight,
      fill: look.colour,
      'fill-opacity': '0.28',
      stroke: look.colour,
    }),
    endMark(scale(strong.value), look),
    ...(look.whisker === null ? [] : [whisker(look.whisker, scale, look.top + bandHeight / 2)]),
    ...(look.found === null ? [] : [found(look.found, scale, look)]),
    endLabel(lowerText, lowerLabel, look, look.bound === 'lower'),
    endLabel(upperText, upperLabel, look, look.bound === 'upper'),
    caption((lower + upper) / 2, scale, look),
  ];
}

function found(interval: EigenvalueInterval, scale: Scale, { name, id, top }: BandLook): SvgText {
  const bottom = top + bandHeight;
  return foundMark(interval, scale, {
    name,
    id,
    top: top - 1,
    bottom: bottom + 1,
    point: name === 'max' ? { foot: top - 1, side: -1 } : { foot: bottom + 1, side: 1 },
  });
}

/** What was found, beside its mark; else what the band is. */
function caption(middle: number, scale: Scale, { name, found, estimated, caption: y }: BandLook): SvgText {
  const band = estimated
    ? t(' by the estimated bounds')
    : name === 'max'
      ? t(' lies in this band')
      : t(' lies in this one');
  const content = found === null ? band : ` ${foundText(found)}`;
  const centre = found === null ? middle : scale((found.lower + found.upper) / 2);
  return element(
    'text',
    {
      class: found === null ? 'caption' : 'caption found-caption',
      x: inside(Number.isFinite(centre) ? centre : middle, textWidth(`▼ λ___${content}`) / 2, scale),
      y,
      'text-anchor': 'middle',
      'font-weight': found === null ? undefined : 600,
      fill: found === null ? colours.faint : colours.text,
    },
    ...(found === null ? [] : [pointer(name)]),
    lambda(name, content),
  );
}

/** Ties the words to the mark in the band. */
function pointer(name: 'max' | 'min'): SvgText {
  return element('tspan', { fill: foundColour(name) }, text(name === 'max' ? '▼ ' : '▲ '));
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

function whisker({ lower, upper }: Range, scale: Scale, y: number): SvgText {
  return element('path', {
    class: 'whisker',
    d: whiskerPath(scale(lower), scale(upper), y),
    fill: 'none',
    stroke: colours.text,
  });
}
