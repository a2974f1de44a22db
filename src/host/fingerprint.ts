import { stat } from 'node:fs/promises';
import type { SampleSource } from '../report/request';

/** What tells cheaply whether files are still those that were read: a line of time and size for each path. */
export type Fingerprints = Readonly<Record<string, string>>;

export async function fingerprintsOf(paths: readonly string[]): Promise<Fingerprints> {
  return Object.fromEntries(
    await Promise.all(paths.map(async (path) => [path, await fingerprintOf(path)] as const)),
  );
}

/** Whether every file is now as it was. */
export async function isUnchanged(before: Fingerprints): Promise<boolean> {
  const now = await fingerprintsOf(Object.keys(before));
  return Object.entries(before).every(([path, fingerprint]) => now[path] === fingerprint);
}

/** The files that a report depends on. */
export function filesRead(model: string, source: SampleSource): readonly string[] {
  return source.kind === 'file' ? [model, source.path] : [model];
}

async function fingerprintOf(path: string): Promise<string> {
  try {
    const { mtimeMs, size, ino } = await stat(path);
    return `${String(mtimeMs)} ${String(size)} ${String(ino)}`;
  } catch {
    return 'absent';
  }
}
