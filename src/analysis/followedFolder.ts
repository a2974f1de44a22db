import { stat } from 'node:fs/promises';
import { checkpointsOf } from './comparedFiles';

/** A folder that is watched is looked at so often. */
export const lookMilliseconds = 2000;

/**
 * Which checkpoints of a folder are new, or were written anew, since they were last taken. It is looked at and not listened
 * to: network drives tell nothing.
 */
export class FollowedFolder {
  private readonly taken = new Map<string, string>();
  private before = new Map<string, string>();

  constructor(private readonly folder: string) {}

  /** Takes these as they are now. */
  async take(paths: readonly string[]): Promise<void> {
    for (const path of paths) this.taken.set(path, await stampOf(path));
  }

  /** The checkpoints to take that have not changed since the last look: one that is still being written does. */
  async look(): Promise<string[]> {
    const now = new Map<string, string>();
    // A folder that is away for a moment comes back.
    for (const path of await checkpointsOf(this.folder).catch(() => [])) now.set(path, await stampOf(path));
    const ready = [...now].filter(
      ([path, stamp]) => this.before.get(path) === stamp && this.taken.get(path) !== stamp,
    );
    this.before = now;
    for (const [path, stamp] of ready) this.taken.set(path, stamp);
    return ready.map(([path]) => path);
  }
}

async function stampOf(path: string): Promise<string> {
  const facts = await stat(path).catch(() => null);
  return facts === null ? 'absent' : `${String(facts.mtimeMs)} ${String(facts.size)} ${String(facts.ino)}`;
}
