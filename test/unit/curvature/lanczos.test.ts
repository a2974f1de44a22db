import { beforeAll, describe, expect, it } from 'vitest';
import { Lanczos } from '../../../src/curvature/lanczos';
import { FailureError } from '../../../src/report/failure';
import { Float32Vectors } from '../../../src/runtime/float32Vectors';
import { SeededRandom } from '../../../src/samples/random';
import {
  awkwardSpectra,
  eigenvaluesOf,
  productsOf,
  singleProductsOf,
  vectorsOf,
  withSpectrum,
  type Rows,
} from './symmetricMatrices';

async function run(rows: Rows, seed: number, most: number): Promise<Lanczos> {
  const lanczos = new Lanczos(productsOf(rows), SeededRandom.fromSeed(seed), 0);
  while (lanczos.steps < most && !lanczos.ended) await lanczos.step();
  return lanczos;
}

const dot = (x: ArrayLike<number>, y: ArrayLike<number>): number =>
  Array.from(x).reduce((sum, value, i) => sum + value * y[i]!, 0);
const times = (rows: Rows, x: ArrayLike<number>): number[] => rows.map((row) => dot(row, x));

describe('Lanczos', () => {
  const random = SeededRandom.fromSeed(7);
  const cases = [1, 2, 3, 12, 25].flatMap((order) =>
    Object.entries(awkwardSpectra(order, random)).map(([name, eigenvalues]) => ({
      name,
      order,
      rows: withSpectrum(eigenvalues, random),
    })),
  );

  it.each(cases)(
    'keeps an orthonormal basis and its coefficients: $name, $order',
    async ({ rows, order }) => {
      const lanczos = await run(rows, 1, order);
      const scale = Math.sqrt(rows.flat().reduce((sum, value) => sum + value * value, 0));
      const basis = await vectorsOf(lanczos.basis, lanczos.steps);
      for (const [i, x] of basis.entries()) {
        for (const [j, y] of basis.entries())
          expect(Math.abs(dot(x, y) - (i === j ? 1 : 0))).toBeLessThan(1e-13);
        // H q_i, by the coefficients and by the matrix.
        const coordinates = new Float64Array(lanczos.steps);
        coordinates[i] = 1;
        const image = await lanczos.imageOf(coordinates);
        times(rows, x).forEach((value, row) =>
          expect(Math.abs(value - image[row]!)).toBeLessThanOrEqual(1e-13 * scale),
        );
        expect(Math.abs(dot(x, times(rows, x)) - lanczos.alphas[i]!)).toBeLessThanOrEqual(1e-13 * scale);
      }
    },
  );

  it.each(cases)(
    'finds an eigenvalue within the residual of every Ritz value: $name, $order',
    async (given) => {
      const lanczos = await run(given.rows, 2, Math.ceil(given.order / 2));
      const eigenvalues = eigenvaluesOf(given.rows);
      const scale = Math.max(...eigenvalues.map(Math.abs));
      for (const { value, residual } of lanczos.ritzValues()) {
        const nearest = Math.min(...eigenvalues.map((eigenvalue) => Math.abs(eigenvalue - value)));
        expect(nearest).toBeLessThanOrEqual(residual + 1e-13 * given.order * scale);
      }
    },
  );

  it('finds all eigenvalues in as many steps as there are different ones, and ends', async () => {
    const eigenvalues = [...new Array<number>(8).fill(2), ...new Array<number>(5).fill(-1), 7, 7, 0];
    const lanczos = await run(withSpectrum(eigenvalues, random), 3, 16);
    expect(lanczos.steps).toBe(4);
    expect(lanczos.ended).toBe(true);
    const ritz = lanczos.ritzValues().map(({ value }) => value);
    [-1, 0, 2, 7].forEach((value, i) => expect(ritz[i]).toBeCloseTo(value, 10));
    await expect(lanczos.step()).rejects.toThrow(RangeError);
  });

  it('keeps its coefficients and takes no step once its vectors are let go', async () => {
    const lanczos = await run(withSpectrum([3, 2, 1, 0], random), 3, 2);
    const ritz = lanczos.ritzValues();
    lanczos.releaseBasis();
    expect([lanczos.basis.size, lanczos.ritzValues()]).toEqual([0, ritz]);
    await expect(lanczos.step()).rejects.toThrow(RangeError);
  });

  it('ends at once on the zero matrix', async () => {
    const lanczos = await run(
      [
        [0, 0],
        [0, 0],
      ],
      4,
      2,
    );
    expect([lanczos.steps, lanczos.ended, lanczos.noise]).toEqual([1, true, 0]);
  });

  it('counts what lies within the error of the products as nothing', async () => {
    const rows = withSpectrum(
      [5, 3, 1, ...new Array<number>(9).fill(0)].map((x, i) => x + 1e-7 * i),
      random,
    );
    const lanczos = new Lanczos(productsOf(rows), random, 1e-5);
    while (!lanczos.ended) await lanczos.step();
    expect(lanczos.steps).toBe(4);
  });

  it('starts from directions without preference', async () => {
    const squares = [0, 0, 0];
    for (let seed = 0; seed < 2000; seed++) {
      const lanczos = new Lanczos(
        productsOf([
          [1, 0, 0],
          [0, 1, 0],
          [0, 0, 1],
        ]),
        SeededRandom.fromSeed(seed),
        0,
      );
      const [start] = await vectorsOf(lanczos.basis, 1);
      start!.forEach((component, i) => (squares[i]! += component ** 2 / 2000));
    }
    // The variance of a squared component of a uniform direction in three dimensions is 4/45.
    squares.forEach((mean) => expect(Math.abs(mean - 1 / 3)).toBeLessThan(4 * Math.sqrt(4 / 45 / 2000)));
  });

  it('refuses a matrix that is not symmetric', async () => {
    const rows = withSpectrum([3, 2, 1, -1, -2], random).map((row, i) =>
      row.map((value, j) => (i === 0 && j === 3 ? value + 0.01 : value)),
    );
    await expect(run(rows, 5, 5)).rejects.toThrow(FailureError);
  });
});

describe('Lanczos with products in float32', () => {
  const random = SeededRandom.fromSeed(17);
  let kernels: Float32Vectors;
  beforeAll(async () => {
    kernels = await Float32Vectors.open(1);
  });
  const cases = [1, 2, 12, 60].flatMap((order) =>
    Object.entries(awkwardSpectra(order, random)).map(([name, eigenvalues]) => ({
      name,
      order,
      rows: withSpectrum(eigenvalues, random),
    })),
  );

  // Errors of sums of 60 rounded terms, about.
  const productError = 60 * 2 ** -24;

  it.each(cases)('is that of float64 to within the noise: $name, $order', async ({ rows, order }) => {
    const lanczos = new Lanczos(singleProductsOf(rows, kernels), random, productError);
    while (lanczos.steps < Math.min(order, 20) && !lanczos.ended) await lanczos.step();
    const spectrum = eigenvaluesOf(rows);
    const vectors = await vectorsOf(lanczos.basis, lanczos.steps);
    for (const [i, x] of vectors.entries()) {
      for (const [j, y] of vectors.entries())
        expect(Math.abs(dot(x, y) - (i === j ? 1 : 0))).toBeLessThan(2e-6);
      const coordinates = new Float64Array(lanczos.steps);
      coordinates[i] = 1;
      const image = await lanczos.imageOf(coordinates);
      const error = times(rows, x).map((value, row) => value - image[row]!);
      expect(Math.sqrt(dot(error, error))).toBeLessThanOrEqual(lanczos.noise);
    }
    for (const { value, residual } of lanczos.ritzValues()) {
      const nearest = Math.min(...spectrum.map((eigenvalue) => Math.abs(eigenvalue - value)));
      expect(nearest).toBeLessThanOrEqual(residual + lanczos.noise);
    }
  });

  it('refuses a product that is no number', async () => {
    const products = singleProductsOf(withSpectrum([4, 3, 2, 1], random), kernels);
    for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const float32 = {
        kernels,
        multiply: async (_: Float32Array, into: Float32Array) => void into.fill(wrong),
      };
      const lanczos = new Lanczos({ ...products, float32 }, random, productError);
      await expect(lanczos.step()).rejects.toThrow(RangeError);
    }
  });
});
