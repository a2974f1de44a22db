import { isOnlyRun, type ComparedRow } from './row';
import type { SampleChanges } from './schema';

/** An analysed model, and one that was only run and is held against it: as a float model and its quantised twin. */
export interface Twins {
  readonly float: ComparedRow;
  readonly twin: ComparedRow;
}

/** What is known of twins, sample by sample, by the paths of both; or why nothing is. */
export interface ComparedTwins {
  readonly float: string;
  readonly twin: string;
  readonly found: Omit<SampleChanges, 'from' | 'to'> | { readonly fault: string };
}

/** Each row that was only run, with the analysed one whose path is most like its own; none where no row was analysed. */
export function twinsOf(rows: readonly ComparedRow[]): Twins[] {
  const floats = rows.filter(({ row }) => row.numbers !== null && !isOnlyRun(row));
  return rows
    .filter(({ row }) => isOnlyRun(row))
    .flatMap((twin) => {
      const [float] = floats.toSorted(
        (one, other) =>
          unlikeness(one.path, twin.path) - unlikeness(other.path, twin.path) ||
          (one.path < other.path ? -1 : 1),
      );
      return float === undefined ? [] : [{ float, twin }];
    });
}

/** Characters of both that are part of no common beginning or end. */
function unlikeness(one: string, other: string): number {
  const most = Math.min(one.length, other.length);
  let start = 0;
  while (start < most && one[start] === other[start]) start += 1;
  let end = 0;
  while (end < most - start && one.at(-1 - end) === other.at(-1 - end)) end += 1;
  return one.length + other.length - 2 * (start + end);
}
