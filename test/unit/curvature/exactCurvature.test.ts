import { describe, expect, it } from 'vitest';
import type { CurvatureOptions } from '../../../src/curvature/curvatureEstimate';
import { computeExactCurvature } from '../../../src/curvature/exactCurvature';
import { FailureError } from '../../../src/report/failure';
import { SeededRandom } from '../../../src/samples/random';
import {
  blockNorms,
  blockTraces,
  eigenvaluesOf,
  frobeniusSquared,
  productsOf,
  trace,
  withSpectrum,
} from './symmetricMatrices';

const options: CurvatureOptions = {
  random: SeededRandom.fromSeed(1),
  precision: 0.01,
  confidence: 0.999,
  productError: 0,
  maxProducts: 1,
  memoryBytes: 2 ** 30,
};

describe('exact curvature', () => {
  const random = SeededRandom.fromSeed(2);
  const sizes = [5, 2, 13];
  const rows = withSpectrum(
    Array.from({ length: 20 }, (_, i) => 3 * 0.6 ** i - 0.1),
    random,
  );

  it('is that of the matrix, in every number', async () => {
    let columns = 0;
    const { moments, sharpness, spectrum, ...facts } = await computeExactCurvature(productsOf(rows, sizes), {
      ...options,
      onProgress: ({ stage, expectedProducts }) => {
        expect([stage, expectedProducts]).toEqual(['columns', 20]);
        columns++;
      },
    });
    const eigenvalues = eigenvaluesOf(rows);
    expect(columns).toBe(20);
    expect(facts).toMatchObject({ products: 20, stoppedBy: 'complete', errors: null });
    expect(moments.trace.value).toBeCloseTo(trace(rows), 12);
    expect(moments.frobeniusSquared.value).toBeCloseTo(frobeniusSquared(rows), 12);
    expect(moments.frobeniusSquared.standardError).toBe(0);
    blockNorms(rows, sizes).forEach((row, l) => {
      row.forEach((value, m) => expect(moments.blocks?.[l]?.[m]?.value).toBeCloseTo(value, 12));
      expect(moments.layers[l]?.ownCurvature?.value).toBeCloseTo(row[l]!, 12);
      const coupling = row.reduce((sum, value, m) => sum + (m === l ? 0 : value), 0);
      expect(moments.layers[l]?.coupling?.value).toBeCloseTo(coupling, 12);
    });
    blockTraces(rows, sizes).forEach((value, l) =>
      expect(moments.layers[l]?.trace.value).toBeCloseTo(value, 12),
    );
    expect(sharpness?.lambdaMax).toMatchObject({ kind: 'spectrum', confidence: 1, certified: true });
    expect(sharpness?.lambdaMax.upper).toBeCloseTo(eigenvalues.at(-1)!, 11);
    expect(sharpness?.lambdaMin.lower).toBeCloseTo(eigenvalues[0]!, 11);
    expect(sharpness?.lambdaMax.upper).toBeGreaterThan(eigenvalues.at(-1)!);
    expect(sharpness?.lambdaMax.lower).toBeLessThan(eigenvalues.at(-1)!);
    spectrum?.values?.forEach((value, i) => expect(value).toBeCloseTo(eigenvalues[19 - i]!, 12));
    expect(moments.bounds.lambdaMax.blockwiseUpper!.value).toBeGreaterThanOrEqual(eigenvalues.at(-1)!);
    expect(moments.bounds.lambdaMax.blockwiseUpper!.value).toBeLessThanOrEqual(
      moments.bounds.lambdaMax.upper.value + 1e-9,
    );
  });

  it('of a single parameter is that parameter’s', async () => {
    const { moments, sharpness } = await computeExactCurvature(productsOf([[-2]]), options);
    expect(moments.bounds.lambdaMax.upper).toEqual({ value: -2, standardError: 0 });
    expect(sharpness?.lambdaMax.upper).toBeCloseTo(-2, 11);
  });

  it('beyond the size of the spectrum has an interval that is proved or all but sure', async () => {
    const order = 1001;
    // Diagonal: its products cost nothing, and its eigenvalues are known.
    const values = Float64Array.from({ length: order }, (_, i) => 0.9 ** i - 0.01);
    const { sharpness, spectrum, products } = await computeExactCurvature(
      {
        order,
        layers: [{ from: 0, to: order }],
        float32: null,
        multiply: async (vector) => vector.map((value, i) => value * values[i]!),
      },
      options,
    );
    expect([products, spectrum]).toEqual([order, null]);
    expect(sharpness?.lambdaMax.certified).toBe(true);
    expect(sharpness!.lambdaMax.lower).toBeLessThanOrEqual(0.99);
    expect(sharpness!.lambdaMax.upper).toBeGreaterThanOrEqual(0.99);
    expect(sharpness!.lambdaMax.upper - sharpness!.lambdaMax.lower).toBeLessThan(1e-6);
  });

  /** diag(3, 2 … 2), turned so that its first eigenvector is q: a λ_max of 3 far above the rest. */
  it.each([30, 1100])('of order %d keeps λ_max where one side of the columns is wrong', async (order) => {
    const q = Float64Array.from({ length: order }, (_, i) => (i % 2 === 0 ? 1 : -1) / Math.sqrt(order));
    // The columns are off above the diagonal alone, where it raises λ_max most, and by less than is refused.
    const off = 4e-9 * (order <= 1000 ? 2 : 1e-3);
    const { sharpness } = await computeExactCurvature(
      {
        order,
        layers: [{ from: 0, to: order }],
        float32: null,
        multiply: (vector) => {
          const along = vector.reduce((sum, value, i) => sum + value * q[i]!, 0);
          const product = vector.map((value, i) => 2 * value + along * q[i]!);
          let after = 0;
          for (let i = order - 1; i >= 0; i--) {
            product[i]! += off * Math.sign(q[i]!) * after;
            after += Math.sign(q[i]!) * vector[i]!;
          }
          return Promise.resolve(product);
        },
      },
      { ...options, precision: 1e-3 },
    );
    const { lower, upper, kind } = sharpness!.lambdaMax;
    expect(kind).toBe(order <= 1000 ? 'spectrum' : 'proved');
    // The mean of both orders has an eigenvalue that is off by more than rounding.
    expect((off * (order - 1)) / 2).toBeGreaterThan(1e-11 * Math.sqrt(4 * order + 5));
    expect(lower).toBeLessThanOrEqual(3);
    expect(upper).toBeGreaterThanOrEqual(3);
    expect(upper - lower).toBeLessThan(20 * off * order);
  });

  it('is refused for a matrix that is not symmetric, and for products that are no numbers', async () => {
    const skewed = rows.map((row, i) => row.map((value, j) => (i === 4 && j === 9 ? value + 1e-3 : value)));
    await expect(computeExactCurvature(productsOf(skewed), options)).rejects.toThrow(FailureError);
    const broken = { ...productsOf(rows), multiply: async () => new Float64Array(20).fill(Number.NaN) };
    await expect(computeExactCurvature(broken, options)).rejects.toThrow(RangeError);
    const short = { ...productsOf(rows), multiply: async () => new Float64Array(19) };
    await expect(computeExactCurvature(short, options)).rejects.toThrow(RangeError);
  });

  it.each([[[5, 14]], [[20, 0]], [[]], [[5, 16]]])(
    'is refused for layers of %j of 20 parameters',
    async (given) => {
      await expect(computeExactCurvature(productsOf(rows, given), options)).rejects.toThrow(RangeError);
    },
  );

  it('ends where the time does', async () => {
    let asked = 0;
    const limited = { ...options, outOfTime: () => ++asked > 7 };
    await expect(computeExactCurvature(productsOf(rows), limited)).rejects.toThrow(
      /after 7 of the Hessian's 20 columns/,
    );
  });
});
