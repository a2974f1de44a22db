/** [0, length) in ranges of at most `step`, at least 1. */
export function ranges(length: number, step: number): [number, number][] {
  const result: [number, number][] = [];
  const size = Math.max(1, step);
  for (let from = 0; from < length; from += size) result.push([from, Math.min(length, from + size)]);
  return result;
}
