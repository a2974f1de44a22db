import type { Remembered } from './comparisonSession';

/** The part of an editor's storage that is used. */
interface Storage {
  readonly get: <Value>(key: string, otherwise: Value) => Value;
  readonly update: (key: string, value: unknown) => PromiseLike<void>;
}

const storageKey = 'comparisons';
const most = 50;

type Entry = readonly [compared: string, said: Remembered];

/** What was said of the comparisons of this workspace, by what they compare; of many, the latest. */
export class ComparisonMemory {
  constructor(private readonly storage: Storage) {}

  recall(files: readonly string[]): Remembered {
    const found = this.entries.find(([compared]) => compared === nameOf(files));
    return found?.[1] ?? { training: null, source: null };
  }

  async keep(files: readonly string[], said: Remembered): Promise<void> {
    const name = nameOf(files);
    const others = this.entries.filter(([compared]) => compared !== name);
    await this.storage.update(storageKey, [[name, said], ...others].slice(0, most));
  }

  private get entries(): readonly Entry[] {
    return this.storage.get<readonly Entry[]>(storageKey, []);
  }
}

function nameOf(files: readonly string[]): string {
  return [...files].sort().join('\n');
}
