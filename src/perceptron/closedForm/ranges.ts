/** From the first up to, and not including, the second. */
export type Range = readonly [number, number];

/** [0, length) in ranges of at most `step`, at least 1. */
export function ranges(length: number, step: number): Range[] {
  const result: Range[] = [];
  const size = Math.max(1, step);
  for (let from = 0; from < length; from += size) result.push([from, Math.min(length, from + size)]);
  return result;
}
