/** How rows are named and ordered. */

/** "epoch=12", "step-4000", "ckpt_3": the last of them in a name counts. */
const placeInName = /(?:epoch|step|iter(?:ation)?|ckpt|checkpoint|ep)[-_=. ]?(\d+)/gi;

/** The epoch or step in a name; null where it has none. */
export function placeIn(name: string): number | null {
  const found = [...name.matchAll(placeInName)].at(-1)?.[1];
  return found === undefined ? null : Number(found);
}

const collator = new Intl.Collator('en', { numeric: true });

/** By the epoch in the names where every one has it, else in natural order: epoch 2 before epoch 10. */
export function inOrder<Row extends { readonly name: string; readonly place: number | null }>(
  rows: readonly Row[],
): Row[] {
  const placed = rows.every(({ place }) => place !== null);
  return rows.toSorted(
    (one, other) =>
      (placed ? (one.place ?? 0) - (other.place ?? 0) : 0) || collator.compare(one.name, other.name),
  );
}

/** What a saved report is called beside its model. */
const reportEnding = /\.sharpness-report\.json$/i;

/** The shortest ends of paths that tell them apart: the file's name, or as many folders before it as all need. */
export function shortPaths(paths: readonly string[]): string[] {
  const parts = paths.map((path) =>
    path
      .replace(reportEnding, '')
      .split(/[/\\]/)
      .filter((part) => part !== ''),
  );
  const longest = Math.max(1, ...parts.map(({ length }) => length));
  for (let kept = 1; kept < longest; kept += 1) {
    const names = parts.map((each) => each.slice(-kept).join('/'));
    if (new Set(names).size === new Set(paths).size) return names;
  }
  return parts.map((each) => each.join('/'));
}

/** So many of `all`, evenly spaced, the first and the last among them; all where there are no more. */
export function evenlySpaced<Item>(all: readonly Item[], most: number): Item[] {
  if (all.length <= most) return [...all];
  return Array.from({ length: most }, (_, k) => Math.round((k * (all.length - 1)) / (most - 1))).flatMap(
    (at) => all.slice(at, at + 1),
  );
}
