import { sizeOf } from '../graph/static/value';

/** What the outputs are compared with: one row of numbers for every sample, or several. */
export interface Targets {
  /** Samples. */
  readonly count: number;
  /** Number of outputs C of a row. */
  readonly width: number;
  /** Row after row, those of a sample together: one-hot or soft class rows, 0/1 rows, or regression targets. */
  readonly values: Float64Array;
  /**
   * As many numbers: what the loss of every single output is multiplied by, for losses that take each by itself; without
   * it 1. Those of a cross-entropy are in its rows.
   */
  readonly factors?: Float64Array;
  /** Where samples have several rows; without it one each, all of one weight. */
  readonly rows?: WeightedRows;
}

/** How the numbers of an output make several rows of each sample: one for every token or pixel that a loss is put on. */
export interface OutputRows {
  /** The axis of the output along which a row lies; the samples are axis 0. */
  readonly classAxis: number;
  readonly perSample: number;
}

/** Rows with their weights in the mean. */
export interface WeightedRows extends OutputRows {
  /** samples × perSample: ω_n, which sum to 1; 0 for a row that is left out. */
  readonly weights: Float64Array;
}

/** Rows that a loss is put on in one sample. */
export function rowsPerSample({ rows }: Targets): number {
  return rows?.perSample ?? 1;
}

/** ω_n of the rows of `size` samples from one on; 0 for those beyond the last sample. */
export function rowWeights(targets: Targets, from: number, size: number): Float64Array {
  const { rows, count } = targets;
  const perSample = rowsPerSample(targets);
  const weights = new Float64Array(size * perSample);
  const end = Math.min(from + size, count);
  if (rows === undefined) weights.fill(1 / count, 0, end - from);
  else weights.set(rows.weights.subarray(from * perSample, end * perSample));
  return weights;
}

/** What the loss of every single number weighs: ω_n times its factors; ω_n alone where there are none. */
export function numberWeights(targets: Targets, from: number, size: number): Float64Array {
  const { factors, width } = targets;
  const weights = rowWeights(targets, from, size);
  if (factors === undefined) return weights;
  const first = from * rowsPerSample(targets) * width;
  return Float64Array.from({ length: weights.length * width }, (_, at) => {
    return weights[Math.floor(at / width)]! * (factors[first + at] ?? 0);
  });
}

/** The numbers of a row-major tensor in the order of its rows along an axis. */
export function inRows(values: Float64Array, dims: readonly number[], classAxis: number): Float64Array {
  const width = dims[classAxis] ?? 1;
  const inner = sizeOf(dims.slice(classAxis + 1));
  if (inner === 1) return values;
  const rows = new Float64Array(values.length);
  for (let outer = 0; outer < values.length; outer += width * inner)
    for (let c = 0; c < width; c++)
      for (let i = 0; i < inner; i++) rows[outer + i * width + c] = values[outer + c * inner + i]!;
  return rows;
}
