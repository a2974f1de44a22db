/** `wanted`, lengthened until it is none of the names that are taken. */
export function freshName(wanted: string, taken: ReadonlySet<string>): string {
  let name = wanted;
  while (taken.has(name)) name += '_';
  return name;
}
