import { lstat, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, sep, win32 } from 'node:path';

/** Whether a file's name leads out of its folder, by its text alone, with the rules of both kinds of system, so that it means the same everywhere. */
export function namesOutside(name: string): boolean {
  return (
    isAbsolute(name) ||
    win32.isAbsolute(name) ||
    /^[a-z]:/i.test(name) ||
    name.includes('\0') ||
    name.split(/[\\/]/).includes('..')
  );
}

/** Whether a path lies below a folder; neither is looked up. */
export function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/**
 * Whether a name in a folder stays in it, links followed. A link that leads nowhere does not: whether there is something at
 * its other end is not to be found out.
 */
export async function staysInside(name: string, folder: string): Promise<boolean> {
  if (namesOutside(name)) return false;
  const path = join(folder, name);
  const real = await realpath(path).catch(() => null);
  if (real !== null) return isInside(real, await realpath(folder));
  for (let at = path; isInside(at, folder); at = dirname(at))
    if ((await lstat(at).catch(() => null))?.isSymbolicLink() === true) return false;
  return true;
}
