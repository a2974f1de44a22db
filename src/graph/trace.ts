import type { TracedTensor } from '../runtime/session';

/** What every tensor of a graph was in one run. */
export type Trace = ReadonlyMap<string, TracedTensor>;
