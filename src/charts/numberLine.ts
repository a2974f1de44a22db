import { scaleLinear, type ScaleLinear } from 'd3-scale';
import { textWidth } from './svg';

/** Places on a horizontal number line, and of the labels along it. */

export type Scale = ScaleLinear<number, number>;

/** Numbers nearer than this are one: between denormal numbers there is no room for ticks. */
export const leastRange = 1e-290;

/** Pixels on either side of the line. */
export const lineMargin = 14;

/** A line of `width` pixels that holds zero and all `numbers`; those that are not finite are left out. */
export function numberLine(numbers: readonly number[], width: number): Scale {
  const finite = numbers.filter(Number.isFinite);
  const low = Math.min(0, ...finite);
  const high = Math.max(0, ...finite);
  const padding = high - low > leastRange ? 0.04 * (high - low) : 1;
  return scaleLinear()
    .domain([low - padding, high + padding])
    .range([lineMargin, Math.max(lineMargin + 1, width - lineMargin)]);
}

/** The nearest place to `centre` at which a text of that half width stays on the picture. */
export function inside(centre: number, half: number, scale: Scale): number {
  const [start = 0, end = 0] = scale.range();
  const least = start - lineMargin + half;
  const most = end + lineMargin - half;
  return least > most ? (start + end) / 2 : Math.min(most, Math.max(least, centre));
}

/** Centres of two labels near their ends, moved apart where they would overlap. */
export function apart(
  lower: { readonly at: number; readonly content: string },
  upper: { readonly at: number; readonly content: string },
  scale: Scale,
): [number, number] {
  const gap = 10;
  const [lowerWidth, upperWidth] = [textWidth(lower.content), textWidth(upper.content)];
  const needed = (lowerWidth + upperWidth) / 2 + gap;
  const left = inside(lower.at, lowerWidth / 2, scale);
  const right = inside(upper.at, upperWidth / 2, scale);
  if (right - left >= needed) return [left, right];
  const middle = inside((left + right) / 2, (lowerWidth + upperWidth + gap) / 2, scale);
  return [middle - (upperWidth + gap) / 2, middle + (lowerWidth + gap) / 2];
}

export interface PlacedLabel {
  readonly at: number;
  readonly width: number;
  /** Where its middle is. */
  readonly centre: number;
  /** Counted from 0, the row nearest to what it labels. */
  readonly row: number;
}

/** Puts every label into the first row where it touches no other, its middle as near as may be to its place. */
export function inRows(
  labels: readonly { readonly at: number; readonly width: number }[],
  scale: Scale,
): PlacedLabel[] {
  const gap = 12;
  const rows: [left: number, right: number][][] = [];
  return labels.map(({ at, width }) => {
    const centre = inside(at, width / 2, scale);
    const [left, right] = [centre - width / 2 - gap / 2, centre + width / 2 + gap / 2];
    const free = rows.findIndex((taken) => taken.every(([from, to]) => right <= from || left >= to));
    const row = free === -1 ? rows.length : free;
    (rows[row] ??= []).push([left, right]);
    return { at, width, centre, row };
  });
}
