import type { EigenvalueInterval } from '../report/report';
import { colours } from './colours';
import type { Scale } from './numberLine';
import { element, text, type SvgText } from './svg';

/** What was found of λ_max and λ_min themselves, as marks on a number line. */

export interface MarkPlace {
  readonly name: 'max' | 'min';
  /** Prefix of the ids in the picture. */
  readonly id: string;
  readonly top: number;
  readonly bottom: number;
  /** Where the point that says "here" has its foot, and towards which side it widens: −1 upwards. */
  readonly point: { readonly foot: number; readonly side: 1 | -1 };
}

/** An interval of fewer pixels is one line. */
const narrow = 3;
const pointHeight = 6;

export function foundColour(name: 'max' | 'min'): string {
  return name === 'max' ? colours.found : colours.lower;
}

/**
 * The interval: a line where it is narrow, else a hatched box with strong ends. A point at it tells it from the bounds
 * without a colour.
 */
export function foundMark(
  { lower, upper }: EigenvalueInterval,
  scale: Scale,
  { name, id, top, bottom, point }: MarkPlace,
): SvgText {
  if (!Number.isFinite(lower) || !Number.isFinite(upper)) return text('');
  const [left, right] = [scale(lower), scale(upper)];
  const colour = foundColour(name);
  const line = (x: number): SvgText =>
    element('line', { x1: x, x2: x, y1: top, y2: bottom, stroke: colour, 'stroke-width': 2.5 });
  const middle = (left + right) / 2;
  const [foot, head] = [point.foot, point.foot + point.side * pointHeight];
  return element(
    'g',
    { class: `found found-${name}` },
    ...(right - left < narrow
      ? [line(middle)]
      : [
          element('rect', {
            class: 'found-interval',
            x: left,
            y: top,
            width: right - left,
            height: bottom - top,
            fill: `url(#${id}-found-${name})`,
          }),
          line(left),
          line(right),
        ]),
    element('path', {
      d: `M${middle.toFixed(2)} ${String(foot)}L${(middle - 5).toFixed(2)} ${String(head)}H${(middle + 5).toFixed(2)}Z`,
      fill: colour,
    }),
  );
}

/** The patterns of wide intervals. */
export function foundHatch(id: string): SvgText {
  const pattern = (name: 'max' | 'min'): SvgText =>
    element(
      'pattern',
      {
        id: `${id}-found-${name}`,
        width: 5,
        height: 5,
        patternUnits: 'userSpaceOnUse',
        patternTransform: 'rotate(45)',
      },
      element('rect', { width: 1.5, height: 5, fill: foundColour(name) }),
    );
  return element('defs', {}, pattern('max'), pattern('min'));
}

/** All eigenvalues as ticks between two heights; those that would share a pixel are drawn once. */
export function spectrumTicks(values: readonly number[], scale: Scale, top: number, bottom: number): SvgText {
  const drawn = new Set(values.map((value) => Math.round(2 * scale(value)) / 2));
  const path = Array.from(drawn, (x) => `M${String(x)} ${String(top)}V${String(bottom)}`).join('');
  return element('path', { class: 'eigenvalues', d: path, fill: 'none', stroke: colours.text });
}
