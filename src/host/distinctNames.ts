import { basename } from 'node:path';

/** The end of a path that tells it from the others: its name, with as many folders before it as that takes. */
export function distinctName(path: string, others: Iterable<string>): string {
  const parts = path.split(/[\\/]/);
  const rivals = [...others].filter((other) => other !== path && basename(other) === parts.at(-1));
  for (let length = 1; length < parts.length; length++) {
    const end = parts.slice(-length).join('/');
    if (!rivals.some((other) => other.replaceAll('\\', '/').endsWith(`/${end}`))) return end;
  }
  return path;
}
