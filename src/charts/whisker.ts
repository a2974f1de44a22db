import { line } from 'd3-shape';

const half = 4;

/** The path of an error bar from `low` to `high` at the height `y`, with a cap at either end. */
export function whiskerPath(low: number, high: number, y: number): string {
  const points: readonly (readonly [number, number] | null)[] = [
    [low, y - half],
    [low, y + half],
    null,
    [low, y],
    [high, y],
    null,
    [high, y - half],
    [high, y + half],
  ];
  const path = line<readonly [number, number] | null>()
    .defined((point) => point !== null)
    .x((point) => point?.[0] ?? 0)
    .y((point) => point?.[1] ?? 0);
  return path(points) ?? '';
}
