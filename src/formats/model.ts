import type { Graph } from '../graph/graph';
import type { Loss, Training } from '../report/report';
import type { PaddingRows } from '../report/request';
import type { ExecutableModel } from '../runtime/session';

/** The parameters of a training file, by the names of their initialisers. */
export interface FileParameters {
  readonly trained: ReadonlySet<string>;
  /** Those that the file says are not trained. */
  readonly frozen: ReadonlySet<string>;
}

/** What a training file says of the training; what it does not say is absent. */
export interface TrainingSaid {
  readonly loss?: Loss;
  readonly labelSmoothing?: number;
  readonly training?: Training;
}

/** What the notes of a file depend on. */
export interface AnalysedSamples {
  /** How many. */
  readonly samples: number;
  /** λ that was asked for. */
  readonly weightDecay: number;
}

/** A graph that can be looked into and run. */
export interface RunnableModel {
  readonly graph: Graph;
  /** Which initialisers are parameters, where the file itself says so; undefined: the graph has to tell. */
  readonly parameters?: FileParameters;
  /** The rows of tables that the file says are of padding. */
  readonly paddingRows?: PaddingRows;
  /** How it was trained, where the file itself says so. */
  readonly said?: TrainingSaid;
  /** P = √v̂ + ε of Adam's state, by parameter, where the file holds it: what Adam divides the gradient by. */
  readonly preconditioner?: ReadonlyMap<string, Float64Array>;
  /** The names of the classes in the order of the outputs, where the file has them; undefined: the graph may. */
  readonly classNames?: readonly string[];
  /** Sentences for a reader of the report: on what the file does not tell of its model, or says and an analysis does not do. */
  readonly notes?: (analysed: AnalysedSamples) => readonly string[];
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
