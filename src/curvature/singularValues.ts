import { Matrix, SVD } from 'ml-matrix';
import type { SingularValues } from '../report/detail';
import { Lanczos } from './lanczos';
import type { SymmetricProducts } from './products';
import type { RandomSource } from './randomVectors';

/** Multiply-adds of a whole decomposition, rows × columns × the smaller of both: about a second. */
const mostWhole = 2 ** 25;
/** Numbers of a matrix that is multiplied with at all: seconds for all steps. */
const mostNumbers = 2 ** 26;
/** Steps of Lanczos for a larger one, the largest values that are told of it, and their relative error. */
const steps = 80;
const mostLargest = 10;
const precision = 1e-6;

/**
 * The singular values of a row-major matrix: all of them where it is small, else the largest, as roots of eigenvalues of
 * AᵀA (or AAᵀ) that Lanczos found to a millionth. Null where it is larger still, or Lanczos found none.
 */
export async function singularValues(
  data: Float64Array,
  rows: number,
  columns: number,
  random: RandomSource,
): Promise<SingularValues | null> {
  const count = Math.min(rows, columns);
  if (rows * columns * count <= mostWhole) {
    const lines = Array.from({ length: rows }, (_, row) => data.subarray(row * columns, (row + 1) * columns));
    const { diagonal } = new SVD(new Matrix(lines), {
      computeLeftSingularVectors: false,
      computeRightSingularVectors: false,
      autoTranspose: true,
    });
    return { values: diagonal.slice(0, count).toSorted((one, other) => other - one), count };
  }
  if (data.length > mostNumbers) return null;
  const lanczos = new Lanczos(squareOf(data, rows, columns), random, 0);
  while (lanczos.steps < steps && !lanczos.ended) await lanczos.step();
  const largest = lanczos.ritzValues().toReversed().slice(0, mostLargest);
  const unsure = largest.findIndex(({ value, residual }) => residual > 2 * precision * value);
  const found = unsure === -1 ? largest : largest.slice(0, unsure);
  lanczos.releaseBasis();
  return found.length === 0 ? null : { values: found.map(({ value }) => Math.sqrt(value)), count };
}

/** Products with AᵀA, or AAᵀ where that is smaller. */
function squareOf(data: Float64Array, rows: number, columns: number): SymmetricProducts {
  const forth = (vector: Float64Array): Float64Array => {
    const result = new Float64Array(rows);
    for (let row = 0, at = 0; row < rows; row++) {
      let sum = 0;
      for (let column = 0; column < columns; column++) sum += data[at++]! * vector[column]!;
      result[row] = sum;
    }
    return result;
  };
  const back = (vector: Float64Array): Float64Array => {
    const result = new Float64Array(columns);
    for (let row = 0, at = 0; row < rows; row++) {
      const weight = vector[row]!;
      for (let column = 0; column < columns; column++) result[column]! += data[at++]! * weight;
    }
    return result;
  };
  const order = Math.min(rows, columns);
  return {
    order,
    layers: [{ from: 0, to: order }],
    float32: null,
    multiply: (vector) => Promise.resolve(columns <= rows ? back(forth(vector)) : forth(back(vector))),
  };
}
