import type { SampleSource } from '../report/request';
import type { Fingerprints } from './fingerprint';

/** What the last report of a model was made from. */
export interface Run {
  readonly source: SampleSource;
  readonly fingerprints: Fingerprints;
}

/** `vscode.Memento`, as far as it is needed. */
export interface Store {
  get(key: string): unknown;
  update(key: string, value: unknown): Thenable<void>;
}

const key = 'runs';
const keptRuns = 50;

/**
 * Remembers, beyond a reload of the window, which samples a model was analysed with and how its files looked then, so
 * that a restored panel can say whether it is out of date and can run again. The oldest are forgotten.
 */
export class RunMemory {
  private readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  recall(model: string): Run | null {
    return this.runs().find(([file]) => file === model)?.[1] ?? null;
  }

  async remember(model: string, run: Run): Promise<void> {
    const others = this.runs().filter(([file]) => file !== model);
    await this.store.update(key, [[model, run], ...others].slice(0, keptRuns));
  }

  private runs(): readonly (readonly [string, Run])[] {
    const stored = this.store.get(key);
    // Only this class writes under the key.
    return Array.isArray(stored) ? (stored as [string, Run][]) : [];
  }
}
