import type { Matrix, MatrixStack } from '../../runtime/matrixProducts';
import type { CurvatureFeatures } from './curvatureFeatures';
import { ranges } from './ranges';
import { rowsOf } from './sampleTile';

// The two sides of X, the terms of a cross block in which the curvature of one sample meets the error of the other.

/** H_ip a_p of every sample for columns p from `from` on of H; S × (rows · columns). */
export function curvedActivations(
  { tile }: CurvatureFeatures,
  curvature: MatrixStack,
  m: number,
  from: number,
): Matrix {
  const { count, rows, columns, data } = curvature;
  const inputs = tile.input[m]!;
  const result = new Float64Array(data.length);
  for (let n = 0, at = 0; n < count; n++) {
    const offset = n * inputs.columns + from;
    for (let i = 0; i < rows; i++) {
      for (let p = 0; p < columns; p++, at++) result[at] = data[at]! * inputs.data[offset + p]!;
    }
  }
  return { rows: count, columns: rows * columns, data: result };
}

/** δ_i φ'_p of every sample, i over layer m, p from `from` to `to` over the layer before it. */
export function movedErrors({ tile }: CurvatureFeatures, m: number, from: number, to: number): Matrix {
  const { rows: count, columns: rows, data: errors } = tile.delta[m]!;
  const { columns: slopes, data: slope } = tile.slope[m - 1]!;
  const result = new Float64Array(count * rows * (to - from));
  for (let n = 0, at = 0; n < count; n++) {
    for (let i = 0; i < rows; i++) {
      const error = errors[n * rows + i]!;
      for (let p = from; p < to; p++, at++) result[at] = error * slope[n * slopes + p]!;
    }
  }
  return { rows: count, columns: rows * (to - from), data: result };
}

/** Columns copied at a time: as many numbers as one line of the cache holds. */
const cachedColumns = 8;

/** The columns of every matrix of a stack, each S × rows in memory of its own. */
export function separateColumns({ count, rows, columns, data }: MatrixStack): Matrix[] {
  const length = count * rows;
  const result = new Float64Array(columns * length);
  for (const [from, to] of ranges(columns, cachedColumns)) {
    for (let row = 0; row < length; row++) {
      for (let p = from; p < to; p++) result[p * length + row] = data[row * columns + p]!;
    }
  }
  return Array.from({ length: columns }, (_, p) => ({
    rows: count,
    columns: rows,
    data: result.subarray(p * length, (p + 1) * length),
  }));
}

/** a_{m−1} of every sample, without the bias's 1. */
export function activationsInto({ tile }: CurvatureFeatures, m: number): Matrix {
  return firstColumns(tile.input[m]!, tile.layers[m]!.inputs);
}

function firstColumns(matrix: Matrix, columns: number): Matrix {
  if (matrix.columns === columns) return matrix;
  const data = new Float64Array(matrix.rows * columns);
  for (let n = 0; n < matrix.rows; n++) {
    data.set(rowsOf(matrix, n, n + 1).data.subarray(0, columns), n * columns);
  }
  return { rows: matrix.rows, columns, data };
}
