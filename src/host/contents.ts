import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, parse } from 'node:path';
import type { SampleSource } from '../report/request';

/** The bytes of a file, by their hash, and what tells without reading it that they are still the same. */
export interface Content {
  /** Size, times and inode when the hash was taken. */
  readonly facts: string;
  /** null: there was no file that can be read. */
  readonly sha256: string | null;
}

/** By path. */
export type Contents = Readonly<Record<string, Content>>;

/** Small enough to leave the editor its turns between two pieces. */
const pieceBytes = 512 * 1024;
/** More companions than a person would put beside one file are not looked at. */
const mostCompanions = 50;

/** The contents of files; a file whose size, times and inode are those that are `known` is not read again. */
export async function contentsOf(paths: readonly string[], known: Contents = {}): Promise<Contents> {
  const found: Record<string, Content> = {};
  // One after the other: they come from one disk.
  for (const path of paths) {
    // Taken before the file is read: a change while it is being read counts.
    const facts = await factsOf(path);
    const before = known[path];
    found[path] = before?.facts === facts ? before : { facts, sha256: await hashOf(path) };
  }
  return found;
}

/** The files whose bytes are not what they were, and all contents as they are now. */
export async function compareContents(
  before: Contents,
): Promise<{ readonly changed: readonly string[]; readonly now: Contents }> {
  const paths = Object.keys(before);
  const now = await contentsOf(paths, before);
  return { changed: paths.filter((path) => now[path]?.sha256 !== before[path]?.sha256), now };
}

/**
 * The files that a report depends on, beside the settings: model and samples, each with what lies beside it and is read
 * with it: weights in `model.onnx.data`, labels in `y.npy`.
 */
export async function filesRead(model: string, source: SampleSource): Promise<readonly string[]> {
  const weights = await beside(model, (name) => name.startsWith(basename(model)));
  if (source.kind === 'random') return [model, ...weights];
  const { path, labels } = source;
  const isNpy = parse(path).ext === '.npy';
  const labelled = isNpy ? await beside(path, (name) => /^(?!\.).*(y|label|target).*\.npy$/i.test(name)) : [];
  const elsewhere = labels !== null && isAbsolute(labels) ? [labels] : [];
  return [...new Set([model, ...weights, path, ...labelled, ...elsewhere])];
}

async function beside(path: string, belongs: (name: string) => boolean): Promise<readonly string[]> {
  const folder = dirname(path);
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => belongs(name) && name !== basename(path))
    .sort()
    .slice(0, mostCompanions)
    .map((name) => join(folder, name));
}

async function factsOf(path: string): Promise<string> {
  try {
    const { mtimeNs, ctimeNs, size, ino } = await stat(path, { bigint: true });
    return [size, mtimeNs, ctimeNs, ino].join(' ');
  } catch {
    return 'absent';
  }
}

async function hashOf(path: string): Promise<string | null> {
  const hash = createHash('sha256');
  try {
    for await (const piece of createReadStream(path, { highWaterMark: pieceBytes }))
      hash.update(piece as Buffer);
  } catch {
    return null;
  }
  return hash.digest('hex');
}
