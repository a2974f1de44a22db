import type { Graph } from '../graph/graph';

/** A model file that was read. Nothing above `formats` looks at `format` but to show it. */
export interface Model {
  /** Absolute path. */
  readonly file: string;
  readonly sha256: string;
  readonly format: string;
  readonly producer: string | null;
  readonly graph: Graph;
  /**
   * The file as a model that onnxruntime runs, with the named tensors as its only outputs and the first dimension of
   * every input free; nodes that no asked output needs are left out.
   */
  readonly executable: (outputs: readonly string[]) => ExecutableModel;
}

export interface ExecutableModel {
  /** An ONNX ModelProto. */
  readonly bytes: Uint8Array;
  /** Files that the model refers to, by the path it names, read already. */
  readonly externalData: readonly { readonly path: string; readonly data: Uint8Array }[];
}
