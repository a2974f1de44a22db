/** Names up to this long are shown whole. */
const longEnough = 20;

/**
 * Names as charts and tables show them. Where some are long, the parts between dots or slashes that all names begin or
 * end with are left out: "encoder.layers.3.linear.weight" among its like is "…3". Each keeps at least one part, and the
 * names stay distinct.
 */
export function shortNames(names: readonly string[]): string[] {
  if (names.length < 2 || names.every((name) => name.length <= longEnough)) return [...names];
  const split = names.map((name) => name.split(/(?<=[./])|(?=[./])/).filter((part) => part !== ''));
  const shortest = Math.min(...split.map((parts) => parts.length));
  const [first = []] = split;
  const sameAt = (place: number): boolean => split.every((parts) => parts.at(place) === first.at(place));
  let before = 0;
  while (before < shortest - 1 && sameAt(before)) before += 1;
  let after = 0;
  while (after < shortest - 1 - before && sameAt(-1 - after)) after += 1;
  if (before + after === 0) return [...names];
  return split.map((parts) => {
    const kept = parts
      .slice(before, parts.length - after)
      .join('')
      .replace(/^[./]|[./]$/g, '');
    return `${before > 0 ? '…' : ''}${kept}${after > 0 ? '…' : ''}`;
  });
}
