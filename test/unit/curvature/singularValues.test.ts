import { describe, expect, it } from 'vitest';
import { singularValues } from '../../../src/curvature/singularValues';
import { SeededRandom } from '../../../src/samples/random';
import { randomSource } from '../perceptron/recognition/plainForward';

/** A = (I − 2uuᵀ) D (I − 2vvᵀ) for random unit vectors: its singular values are the diagonal, by construction. */
function withValues(values: readonly number[], rows: number, columns: number): Float64Array {
  const random = randomSource(rows + columns);
  const unit = (length: number): number[] => {
    const vector = Array.from({ length }, () => random() - 0.5);
    const norm = Math.sqrt(vector.reduce((sum, each) => sum + each * each, 0));
    return vector.map((each) => each / norm);
  };
  const [u, v] = [unit(rows), unit(columns)];
  const data = new Float64Array(rows * columns);
  const middle = values.reduce((sum, value, k) => sum + value * u[k]! * v[k]!, 0);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      const own = i === j ? (values[i] ?? 0) : 0;
      data[i * columns + j] =
        own -
        2 * u[i]! * (u[j] ?? 0) * (values[j] ?? 0) -
        2 * (values[i] ?? 0) * (v[i] ?? 0) * v[j]! +
        4 * middle * u[i]! * v[j]!;
    }
  return data;
}

const find = (data: Float64Array, rows: number, columns: number) =>
  singularValues(data, rows, columns, SeededRandom.fromSeed(0));

describe('the singular values of a weight', () => {
  it.each([
    [5, 5],
    [7, 4],
    [4, 7],
    [30, 90],
  ])('%i × %i, built from them, are all found', async (rows, columns) => {
    const built = Array.from({ length: Math.min(rows, columns) }, (_, k) => 10 / (1 + k) ** 2);
    const found = await find(withValues(built, rows, columns), rows, columns);
    expect(found?.count).toBe(built.length);
    expect(found?.values).toHaveLength(built.length);
    for (const [k, value] of built.entries()) expect(found?.values[k]).toBeCloseTo(value, 11);
  });

  it('of rank 1 are one norm and zeros', async () => {
    const data = Float64Array.from({ length: 12 }, (_, at) => (1 + Math.floor(at / 4)) * (1 + (at % 4)));
    const found = await find(data, 3, 4);
    expect(found?.values[0]).toBeCloseTo(Math.sqrt(14 * 30), 11);
    expect(Math.max(...(found?.values.slice(1) ?? []))).toBeLessThan(1e-12);
  });

  it.each([
    [340, 400],
    [700, 330],
  ])('of a larger matrix, %i × %i, are the largest, to six digits', async (rows, columns) => {
    const built = Array.from({ length: Math.min(rows, columns) }, (_, k) => 3 * 0.9 ** k);
    const found = await find(withValues(built, rows, columns), rows, columns);
    expect(found?.count).toBe(built.length);
    expect(found?.values.length).toBe(10);
    for (const [k, value] of (found?.values ?? []).entries())
      expect(Math.abs(value / built[k]! - 1)).toBeLessThan(1e-6);
  });

  it('of a larger matrix of zeros are none that could be told', async () => {
    const found = await find(new Float64Array(400 * 400), 400, 400);
    expect(found === null || found.values.every((value) => value === 0)).toBe(true);
  });
});
