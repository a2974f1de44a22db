import { describe, expect, it } from 'vitest';
import { certifySharpness } from '../../../src/curvature/certifySharpness';
import type { Certificate, CurvatureOptions } from '../../../src/curvature/curvatureEstimate';
import { computeExactCurvature } from '../../../src/curvature/exactCurvature';
import { Float32Vectors } from '../../../src/runtime/float32Vectors';
import { SeededRandom } from '../../../src/samples/random';
import { productsOf, singleProductsOf, withSpectrum } from './symmetricMatrices';

/** Spectra that are hard to read, each from its own draws. */
const spectra: Readonly<Record<string, (random: SeededRandom) => number[]>> = {
  decaying: () => Array.from({ length: 60 }, (_, i) => 5 * 0.7 ** i - 0.01),
  'a cluster at the top': (random) =>
    Array.from({ length: 60 }, (_, i) => (i < 5 ? 3 + 1e-6 * random.normal() : random.normal())),
  'equal pairs': () => Array.from({ length: 60 }, (_, i) => 4 * 0.8 ** Math.floor(i / 2)),
  'both signs': (random) =>
    Array.from(
      { length: 60 },
      (_, i) => (i % 2 === 0 ? 1 : -30) * Math.exp(-0.2 * i + 0.1 * random.normal()),
    ),
  'all negative': () => Array.from({ length: 60 }, (_, i) => -1 - i),
  'one far above': () => [1000, ...Array.from({ length: 59 }, (_, i) => Math.cos(i))],
  'mostly zeros': () => Array.from({ length: 60 }, (_, i) => (i < 4 ? 4 - i : 0)),
};

const count = 8;

function optionsOf(seed: number, facts: Partial<CurvatureOptions> = {}): CurvatureOptions {
  return {
    random: SeededRandom.fromSeed(seed),
    precision: 0.01,
    confidence: 0.999,
    productError: 0,
    maxProducts: 200,
    memoryBytes: 2 ** 30,
    top: { count, asked: true },
    ...facts,
  };
}

function momentsOf(eigenvalues: readonly number[]) {
  const trace = eigenvalues.reduce((sum, value) => sum + value, 0);
  const frobeniusSquared = eigenvalues.reduce((sum, value) => sum + value * value, 0);
  return { trace, frobeniusSquared, order: eigenvalues.length };
}

function requireHolds({ top }: Pick<Certificate, 'top'>, eigenvalues: readonly number[]): void {
  const sorted = eigenvalues.toSorted((a, b) => b - a);
  const rounding = 1e-9 * Math.max(...sorted.map(Math.abs));
  top.forEach(({ k, lower, upper }, at) => {
    expect(k).toBe(at + 1);
    expect(lower).toBeLessThanOrEqual(sorted[at]! + rounding);
    expect(upper).toBeGreaterThanOrEqual(sorted[at]! - rounding);
  });
}

describe('the largest eigenvalues', () => {
  it.each(Object.entries(spectra))('lie between their ends: %s', async (_, spectrum) => {
    let told = 0;
    for (let seed = 0; seed < 12; seed++) {
      const eigenvalues = spectrum(SeededRandom.fromSeed(100 + seed));
      const rows = withSpectrum(eigenvalues, SeededRandom.fromSeed(200 + seed));
      for (const moments of [null, momentsOf(eigenvalues)]) {
        for (const asked of [true, false]) {
          const found = await certifySharpness(
            productsOf(rows),
            moments,
            optionsOf(seed, { top: { count, asked } }),
          );
          requireHolds(found, eigenvalues);
          told += found.top.length;
        }
      }
    }
    expect(told).toBeGreaterThan(0);
  });

  it('are all narrow where products are left, as many as were asked for', async () => {
    const eigenvalues = spectra['decaying']!(SeededRandom.fromSeed(1));
    const rows = withSpectrum(eigenvalues, SeededRandom.fromSeed(2));
    for (const moments of [null, momentsOf(eigenvalues)]) {
      const { top, products } = await certifySharpness(productsOf(rows), moments, optionsOf(1));
      expect(top).toHaveLength(count);
      for (const { lower, upper } of top) expect(upper - lower).toBeLessThanOrEqual(0.01 * lower);
      expect(products).toBeLessThan(60);
    }
  });

  it('take no more products than λ_max where nobody asked for them', async () => {
    const rows = withSpectrum(spectra['both signs']!(SeededRandom.fromSeed(1)), SeededRandom.fromSeed(2));
    const { top: _, ...none } = optionsOf(1);
    const alone = await certifySharpness(productsOf(rows), null, none);
    const both = await certifySharpness(
      productsOf(rows),
      null,
      optionsOf(1, { top: { count, asked: false } }),
    );
    expect(alone.top).toEqual([]);
    expect(both.products).toBeLessThanOrEqual(2 * alone.products);
    expect(both.top.length).toBeGreaterThan(0);
  });

  it('are those of the whole spectrum where that is computed, with the shares of each eigenvector', async () => {
    const eigenvalues = spectra['equal pairs']!(SeededRandom.fromSeed(1));
    const rows = withSpectrum([7, ...eigenvalues], SeededRandom.fromSeed(2));
    const { top } = await computeExactCurvature(productsOf(rows, [20, 41]), optionsOf(1));
    requireHolds({ top }, [7, ...eigenvalues]);
    expect(top).toHaveLength(count);
    expect(top[0]!.shares!.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    // Of a pair of equal ones neither has an eigenvector of its own.
    expect(top[1]!.shares).toBeNull();
    const lanczos = await certifySharpness(productsOf(rows, [20, 41]), null, optionsOf(1));
    lanczos.top[0]!.shares!.forEach((share, l) => expect(share).toBeCloseTo(top[0]!.shares![l]!, 6));
  });

  it('hold for products of float32, too', async () => {
    const kernels = await Float32Vectors.open(1);
    try {
      for (const spectrum of Object.values(spectra)) {
        const eigenvalues = spectrum(SeededRandom.fromSeed(5));
        const rows = withSpectrum(eigenvalues, SeededRandom.fromSeed(6));
        const options = optionsOf(3, { productError: 2e-6 });
        const found = await certifySharpness(singleProductsOf(rows, kernels), null, options);
        const size = 1e-5 * Math.max(...eigenvalues.map(Math.abs));
        const sorted = eigenvalues.toSorted((a, b) => b - a);
        found.top.forEach(({ lower, upper }, at) => {
          expect(lower - size).toBeLessThanOrEqual(sorted[at]!);
          expect(upper + size).toBeGreaterThanOrEqual(sorted[at]!);
        });
      }
    } finally {
      await kernels.release();
    }
  });
});
