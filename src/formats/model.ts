import type { Graph } from '../graph/graph';
import type { ExecutableModel } from '../runtime/session';

/** The parameters of a training file, by the names of their initialisers. */
export interface FileParameters {
  readonly trained: ReadonlySet<string>;
  /** Those that the file says are not trained. */
  readonly frozen: ReadonlySet<string>;
}

/** A graph that can be looked into and run. */
export interface RunnableModel {
  readonly graph: Graph;
  /** Which initialisers are parameters, where the file itself says so; undefined: the graph has to tell. */
  readonly parameters?: FileParameters;
  /** Sentences on what the file does not tell of its model, for a reader of the report. */
  readonly notes?: readonly string[];
  /**
   * The file as a model that onnxruntime runs, with the named tensors as its only outputs and the first dimension of
   * every input free; nodes that no asked output needs are left out.
   */
  readonly executable: (outputs: readonly string[]) => ExecutableModel;
}

/** A model file that was read. Nothing above `formats` looks at `format` but to show it. */
export interface Model extends RunnableModel {
  /** Absolute path. */
  readonly file: string;
  readonly sha256: string;
  readonly format: string;
  readonly producer: string | null;
}
