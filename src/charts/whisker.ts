import { line } from 'd3-shape';

const half = 4;

/** The path of an error bar from `low` to `high` at the height `at`, or upright at that place, with a cap at either end. */
export function whiskerPath(low: number, high: number, at: number, upright = false): string {
  const points: readonly (readonly [along: number, across: number] | null)[] = [
    [low, at - half],
    [low, at + half],
    null,
    [low, at],
    [high, at],
    null,
    [high, at - half],
    [high, at + half],
  ];
  const [x, y] = upright ? ([1, 0] as const) : ([0, 1] as const);
  const path = line<readonly [number, number] | null>()
    .defined((point) => point !== null)
    .x((point) => point?.[x] ?? 0)
    .y((point) => point?.[y] ?? 0);
  return path(points) ?? '';
}
