import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { absoluteTrace, shortfall } from '../../../src/curvature/requestedPrecision';
import { Lanczos } from '../../../src/curvature/lanczos';
import { estimateMoments } from '../../../src/curvature/momentEstimate';
import { SeededRandom } from '../../../src/samples/random';
import { productsOf, withSpectrum } from './symmetricMatrices';

async function lanczosOf(values: readonly number[], steps: number, seed: number): Promise<Lanczos> {
  const lanczos = new Lanczos(
    productsOf(withSpectrum([...values], SeededRandom.fromSeed(seed))),
    SeededRandom.fromSeed(seed + 1),
    0,
  );
  while (lanczos.steps < steps && !lanczos.ended) await lanczos.step();
  return lanczos;
}

const magnitude = (values: readonly number[]) => values.reduce((sum, value) => sum + Math.abs(value), 0);

describe('Σ|λ| by Lanczos', () => {
  it('is exact once Lanczos has gone through everything', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.integer({ min: -9, max: 9 }), { minLength: 2, maxLength: 12 }),
        fc.nat(1000),
        async (values, seed) => {
          const lanczos = await lanczosOf(values, values.length, seed);
          expect(absoluteTrace(lanczos)).toBeCloseTo(magnitude(values), 6);
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each([
    ['a few large eigenvalues and a bulk', (i: number) => (i < 5 ? 8 - i : 0.05 * Math.cos(i))],
    ['both signs, none large', (i: number) => Math.cos(1.7 * i)],
    ['none negative', (i: number) => 1 / (1 + i)],
  ])('is near the truth after 20 steps: %s', async (_, value) => {
    const values = Array.from({ length: 200 }, (__, i) => value(i));
    const found = absoluteTrace(await lanczosOf(values, 20, 3)) / magnitude(values);
    expect(found).toBeGreaterThan(0.75);
    expect(found).toBeLessThan(1.25);
  });

  it('is never below the sum of the Ritz values without their signs', async () => {
    const lanczos = await lanczosOf(
      Array.from({ length: 50 }, (_, i) => (i % 3) - 1 + i / 100),
      7,
      8,
    );
    const least = magnitude(lanczos.ritzValues().map(({ value }) => value));
    expect(absoluteTrace(lanczos)).toBeGreaterThanOrEqual(least);
  });
});

describe('what is missing of the precision', () => {
  /** One layer of 4; a sample of (trace, squared norm) for each probe. */
  const estimate = (samples: readonly (readonly [number, number])[]) =>
    estimateMoments(
      [4],
      { traces: Float64Array.of(0), rows: Float64Array.of(0), blocks: null },
      samples.map(([trace, row]) => ({
        traces: Float64Array.of(trace),
        rows: Float64Array.of(row),
        blocks: null,
      })),
    );

  it('measures the trace against the larger of its size and Σ|λ|, the norm against itself', () => {
    // Means 1 and 10; the standard error of the trace is 1, the norm and the bound's share of it exact.
    const trace = estimate([
      [0, 10],
      [2, 10],
    ]);
    expect(trace.trace).toEqual({ value: 1, standardError: 1 });
    // The bound varies less: its own error over its size is 0.06.
    // Σ|λ| is not below the norm, √10, whatever Lanczos says.
    expect(shortfall(trace, 0.5, 0.1, 2)).toBeCloseTo(20 / Math.sqrt(10), 10);
    expect(shortfall(trace, 4, 0.1, 2)).toBeCloseTo(5, 10);
    const norm = estimate([
      [1, 9],
      [1, 11],
    ]);
    expect(norm.frobeniusSquared).toEqual({ value: 10, standardError: 1 });
    expect(shortfall(norm, 1e6, 0.1, 2)).toBeCloseTo(2, 10);
  });

  it('is nothing where all is exact', () => {
    expect(shortfall(estimate([]), 0, 0.1, 2)).toBe(0);
  });
});
