import type { ElementType } from '../graph/graph';
import type { FailureError } from '../report/failure';

/** What a model wants of its samples. */
export interface InputSpec {
  readonly name: string;
  readonly type: ElementType;
  /** Dimensions of one sample (the batch dimension left out); null where any size will do. */
  readonly dims: readonly (number | null)[];
  /** The table whose rows its integers choose. */
  readonly indexes?: IndexedTable;
}

export interface IndexedTable {
  readonly rows: number;
  /** Whether another number has no row: where a row is chosen by comparison, it has one of zeros. */
  readonly isBound: boolean;
}

/** Numbers that the inputs of all samples may hold together: 2 GiB as float64. */
export const mostInputNumbers = 2 ** 28;

export interface SampleInput {
  readonly name: string;
  /** Dimensions of one sample. */
  readonly dims: readonly number[];
  /** count × product(dims), row-major, multiplied by the scale; float64 whatever the file held. */
  readonly data: Float64Array;
}

/** How the labels of one sample lie, for outputs that make several predictions of it. */
export interface LabelShape {
  /** Of one sample. */
  readonly dims: readonly number[];
  /** Whole numbers by type. */
  readonly whole: boolean;
  /** Why they are no row of targets for one prediction, or null. */
  readonly refusal: FailureError | null;
}

/** Labels as they were found; the loss decides what to make of them. */
export type Labels =
  | {
      readonly kind: 'classes';
      readonly values: Int32Array;
      /** Of all classes, where the file has words for them. */
      readonly names?: readonly string[];
    }
  /** count × width, row-major: regression targets, one-hot or soft rows, or a class for each of several predictions. */
  | {
      readonly kind: 'rows';
      readonly width: number;
      readonly values: Float64Array;
      readonly shape?: LabelShape;
      readonly names?: readonly string[];
    };

/** What a data file says that its samples weigh. */
export interface SampleWeights {
  /** Their key in the file. */
  readonly key: string;
  /** One number of at least 0 for every sample. */
  readonly values: Float64Array;
}

export interface Samples {
  /** File name as shown, or "random inputs". */
  readonly source: string;
  readonly count: number;
  readonly inputs: readonly SampleInput[];
  /** Where every sample lies in its file, or null: all of the file, in its order. */
  readonly indices: Int32Array | null;
  /** null: the file holds none. */
  readonly labels: Labels | null;
  /** What every sample weighs in the mean; absent: all the same. */
  readonly weights?: SampleWeights;
  /** Keys of arrays in the file that are nothing to the model; absent where all are something. */
  readonly unused?: readonly string[];
  /** What a reader should know of how they were chosen. */
  readonly notes?: readonly string[];
  readonly scale: number;
}
