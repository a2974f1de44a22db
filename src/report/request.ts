import type { Loss, PartialReport } from './report';

/** Where the samples come from. */
export type SampleSource =
  | {
      readonly kind: 'file';
      readonly path: string;
      /** Keys of the inputs in the file, by graph input name; the key '' stands for the only graph input. */
      readonly inputs: Readonly<Record<string, string>>;
      /** Key of the labels in the file, or null: found by name. */
      readonly labels: string | null;
    }
  | { readonly kind: 'random'; readonly count: number };

/** Everything that an analysis depends on. Structured-clonable: it crosses to the worker. */
export interface AnalysisRequest {
  readonly model: string;
  readonly samples: SampleSource;
  /** Multiplies the inputs. */
  readonly scale: number;
  /** At most this many samples, a seeded draw; null: all. */
  readonly limit: number | null;
  /** The graph output to put the loss on; null: the one that looks like logits. */
  readonly output: string | null;
  readonly loss: Loss | 'auto';
  readonly seed: number;
  /** Threads for matrix products; null: as many as the machine has cores. */
  readonly threads: number | null;
  /** Bytes that the working set may take. */
  readonly memoryBudget: number;
}

export const defaultMemoryBudget = 2 * 1024 ** 3;

/** A stage of the work, as a person would name it, with what is known so far. */
export interface Progress {
  readonly stage: string;
  /** 0 to 1 over the whole analysis, or null where it cannot be told. */
  readonly fraction: number | null;
  readonly remainingSeconds: number | null;
  readonly report: PartialReport;
}
