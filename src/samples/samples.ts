import type { ElementType } from '../graph/graph';
import type { FailureError } from '../report/failure';
import type { PictureLayout } from './pictures/pictureLayout';

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
  /** How pictures lie in it, 0 to 255 times the scale until they are normalised; absent: it holds none. */
  readonly pictures?: PictureLayout;
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
  /** How the pixels of pictures were normalised; absent where there are none, or they were not. */
  readonly normalisation?: string;
}

/** Some of the samples, in ascending order. */
export function rowsOfSamples(samples: Samples, kept: Int32Array): Samples {
  const { labels, count, inputs, indices, weights } = samples;
  const widthOf = (values: ArrayLike<number>): number => values.length / count;
  return {
    ...samples,
    count: kept.length,
    indices: kept.map((n) => indices?.[n] ?? n),
    inputs: inputs.map((input) => ({ ...input, data: rowsAt(input.data, widthOf(input.data), kept) })),
    labels:
      labels === null || labels.kind === 'rows'
        ? labels && { ...labels, values: rowsAt(labels.values, labels.width, kept) }
        : { ...labels, values: kept.map((n) => labels.values[n]!) },
    ...(weights !== undefined && { weights: { ...weights, values: rowsAt(weights.values, 1, kept) } }),
  };
}

/** Some rows of a table, in ascending order. */
export function rowsAt(values: Float64Array, width: number, kept: Int32Array): Float64Array {
  if (kept.length * width === values.length) return values;
  const rows = new Float64Array(kept.length * width);
  for (const [at, n] of kept.entries()) rows.set(values.subarray(n * width, (n + 1) * width), at * width);
  return rows;
}
