import { coordinate } from './svg';

const half = 4;

/** The path of an error bar from `low` to `high` at the height `at`, or upright at that place, with a cap at either end. */
export function whiskerPath(low: number, high: number, at: number, upright = false): string {
  const point = (along: number, across: number): string =>
    (upright ? [across, along] : [along, across]).map(coordinate).join(',');
  const stroke = (...points: readonly string[]): string => `M${points.join('L')}`;
  const cap = (along: number): string => stroke(point(along, at - half), point(along, at + half));
  return cap(low) + stroke(point(low, at), point(high, at)) + cap(high);
}
