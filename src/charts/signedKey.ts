import { colours } from './colours';
import { element, fontSize, text, textWidth, type SvgText } from './svg';

const smallFont = fontSize - 1;
const side = 10;
const values = [-1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 1];

/** The key of a picture whose cells are of either sign: orange for negative ones, blue for positive ones. */
export function signedKey({
  width,
  top,
  ends: [least, most],
  opacity,
}: {
  readonly width: number;
  readonly top: number;
  /** What is written at either end. */
  readonly ends: readonly [string, string];
  /** Of a cell from 0 to 1. */
  readonly opacity: (strength: number) => number;
}): SvgText[] {
  const start = Math.max(textWidth(least, smallFont) + 6, (width - values.length * side) / 2);
  const end = (x: number, anchor: string, content: string): SvgText =>
    element(
      'text',
      { x, y: top + 9, 'text-anchor': anchor, 'font-size': smallFont, fill: colours.faint },
      text(content),
    );
  return [
    end(start - 6, 'end', least),
    ...values.map((value, place) =>
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
    end(start + values.length * side + 6, 'start', most),
  ];
}
