import type { Call } from '../call';

/** Writes an operator into the graph; gives the names of its results. */
export type Translate = (call: Call) => string | readonly string[];

/** By PyTorch's names, without the overload (the part after the last dot). */
export type OperatorTable = Readonly<Record<string, Translate>>;
