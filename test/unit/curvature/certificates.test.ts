import { describe, expect, it } from 'vitest';
import { negate, probabilisticUpper, provedUpper } from '../../../src/curvature/certificates';
import { ExtremeEigenvalues } from '../../../src/curvature/extremes';
import { Lanczos, type LanczosCoefficients } from '../../../src/curvature/lanczos';
import type { Float32Products } from '../../../src/curvature/products';
import type { EigenvalueInterval } from '../../../src/report/report';
import { Float32Vectors } from '../../../src/runtime/float32Vectors';
import { SeededRandom } from '../../../src/samples/random';
import {
  awkwardSpectra,
  eigenvaluesOf,
  frobeniusSquared,
  momentsOf,
  productsOf,
  withSpectrum,
} from './symmetricMatrices';

const diagonal = (values: readonly number[]): number[][] =>
  values.map((value, i) => values.map((_, j) => (i === j ? value : 0)));

/** 99 % of binomial counts of so many trials lie at or below this. */
function binomialLimit(trials: number, probability: number): number {
  let [term, sum, count] = [(1 - probability) ** trials, 0, 0];
  for (;;) {
    sum += term;
    if (sum >= 0.99) return count;
    term *= ((trials - count) / (count + 1)) * (probability / (1 - probability));
    count++;
  }
}

describe('the proved bound', () => {
  it('holds after every number of steps, for matrices of every awkward shape', async () => {
    const random = SeededRandom.fromSeed(11);
    let checked = 0;
    for (let round = 0; round < 12; round++) {
      for (const order of [1, 2, 3, 4, 7, 12]) {
        for (const eigenvalues of Object.values(awkwardSpectra(order, random))) {
          const rows = withSpectrum(eigenvalues, random);
          const spectrum = eigenvaluesOf(rows);
          const moments = momentsOf(rows);
          const mirrored = { ...moments, trace: -moments.trace };
          const rounding = 1e-12 * Math.sqrt(frobeniusSquared(rows));
          const lanczos = new Lanczos(productsOf(rows), random, 0);
          do {
            await lanczos.step();
            const upper = provedUpper(lanczos, lanczos.steps, moments) + rounding;
            const lower = -provedUpper(negate(lanczos), lanczos.steps, mirrored) - rounding;
            expect(upper).toBeGreaterThanOrEqual(spectrum.at(-1)!);
            expect(lower).toBeLessThanOrEqual(spectrum[0]!);
            checked++;
          } while (!lanczos.ended);
        }
      }
    }
    expect(checked).toBeGreaterThan(2000);
  });

  it('is attained by [[0, 1], [1, 1]] from e_1, where adding the residual to separate bounds would be wrong', () => {
    // Q = e_1: θ_1 = 0, R = HQ − QT = e_2. The form max(θ_1 + ‖R‖, bound of the rest) gives max(1, 1) = 1.
    const run: LanczosCoefficients = { matrixOrder: 2, alphas: [0], betas: [1], noise: 0, ended: false };
    const largest = (1 + Math.sqrt(5)) / 2;
    const upper = provedUpper(run, 1, { trace: 1, frobeniusSquared: 3, order: 2 });
    expect(upper).toBeGreaterThanOrEqual(largest - 1e-15);
    expect(upper).toBeCloseTo(largest, 12);
  });

  it('takes both off-diagonal elements from the squared norm, and the slack from all of it', () => {
    // Eigenvalues all but equal: what is left of the norm is rounding.
    const eigenvalues = Array.from({ length: 50 }, (_, i) => 1 + (i === 0 ? 1e-9 : 0));
    const rows = diagonal(eigenvalues);
    const moments = momentsOf(rows);
    const weight = 1 / Math.sqrt(50);
    // From the even direction: α = mean, β = the standard deviation.
    const mean = moments.trace / 50;
    const beta = Math.sqrt(eigenvalues.reduce((sum, value) => sum + ((value - mean) * weight) ** 2, 0));
    const run: LanczosCoefficients = {
      matrixOrder: 50,
      alphas: [mean],
      betas: [beta],
      noise: 0,
      ended: false,
    };
    const upper = provedUpper(run, 1, moments);
    expect(upper).toBeGreaterThanOrEqual(1 + 1e-9);
    expect(upper).toBeLessThan(1 + 1e-5);
  });

  it('holds for products that are noisier than float64, as those of small differences of large numbers', async () => {
    const random = SeededRandom.fromSeed(13);
    const options = { precision: 0.01, confidence: 1, productError: 0 };
    for (let round = 0; round < 300; round++) {
      const order = 2 + random.below(8);
      const rows = withSpectrum(
        Array.from({ length: order }, (_, i) => 10 ** -i * random.normal()),
        random,
      );
      const spectrum = eigenvaluesOf(rows);
      const norm = Math.sqrt(frobeniusSquared(rows));
      const noisy = rows.map((row) => row.map((value) => value + 1e-10 * norm * random.normal()));
      const lanczos = new Lanczos(productsOf(noisy), random, 0);
      const extremes = new ExtremeEigenvalues({ ...options, exactMoments: momentsOf(rows) });
      while (!lanczos.ended) {
        await lanczos.step();
        const found = extremes.after(lanczos);
        if (found === null) continue;
        // The noise has a symmetric part, too, which makes another matrix of it: by the norm of that at most.
        const other = 1e-10 * norm * 3 * order;
        expect(found.lambdaMax.upper).toBeGreaterThanOrEqual(spectrum.at(-1)! - other);
        expect(found.lambdaMin.lower).toBeLessThanOrEqual(spectrum[0]! + other);
      }
    }
  });

  it('needs no moments once the basis is complete', async () => {
    const random = SeededRandom.fromSeed(5);
    const lanczos = new Lanczos(productsOf(diagonal([3, -1, 2])), random, 0);
    while (!lanczos.ended) await lanczos.step();
    const options = { precision: 1e-6, confidence: 0.999, productError: 0, exactMoments: null };
    const found = new ExtremeEigenvalues(options).after(lanczos);
    expect(found?.lambdaMax).toMatchObject({ kind: 'proved', confidence: 1, certified: true, steps: 3 });
    expect(found?.lambdaMax.upper).toBeCloseTo(3, 10);
    expect(found?.lambdaMin.lower).toBeCloseTo(-1, 10);
  });
});

describe('the probabilistic bound', () => {
  // Both ends and every number of steps at once, at an ε that can be counted.
  const few = [
    ['normal', 0.1, 4],
    ['clustered top', 0.1, 3],
    ['decaying', 0.1, 5],
    ['large negative', 0.1, 4],
    ['rank one', 0.1, 2],
    ['pairs', 0.5, 3],
  ] as const;

  async function countFailures(
    name: string,
    epsilon: number,
    steps: number,
    productError: number,
    float32: (eigenvalues: readonly number[]) => Float32Products | null,
  ): Promise<void> {
    const eigenvalues = awkwardSpectra(40, SeededRandom.fromSeed(3))[name]!;
    const products = {
      order: 40,
      layers: [{ from: 0, to: 40 }],
      float32: float32(eigenvalues),
      multiply: async (vector: Float64Array) => vector.map((value, i) => value * eigenvalues[i]!),
    };
    const [largest, smallest] = [Math.max(...eigenvalues), Math.min(...eigenvalues)];
    const runs = 500;
    let failures = 0;
    for (let seed = 0; seed < runs; seed++) {
      const lanczos = new Lanczos(products, SeededRandom.fromSeed(seed), productError);
      const extremes = new ExtremeEigenvalues({
        precision: 0.01,
        confidence: 1 - epsilon,
        productError,
        exactMoments: null,
      });
      let holds = true;
      while (lanczos.steps < steps && !lanczos.ended) {
        await lanczos.step();
        const found = extremes.after(lanczos);
        // One step is too few to know the noise of the products.
        expect(found === null).toBe(lanczos.steps === 1 && !lanczos.ended);
        if (found === null) continue;
        if (found.lambdaMax.upper < largest || found.lambdaMin.lower > smallest) holds = false;
        expect(found.lambdaMax.lower).toBeLessThanOrEqual(largest);
        expect(found.lambdaMin.upper).toBeGreaterThanOrEqual(smallest);
      }
      if (!holds) failures++;
    }
    expect(failures).toBeLessThanOrEqual(binomialLimit(runs, epsilon));
  }

  it.each(few)('fails no more often than promised: %s, ε = %f', (name, epsilon, steps) =>
    countFailures(name, epsilon, steps, 0, () => null),
  );

  it.each(few)('and no more often with products in float32: %s, ε = %f', async (name, epsilon, steps) => {
    const kernels = await Float32Vectors.open(1);
    await countFailures(name, epsilon, steps + 2, 2 ** -23, (eigenvalues) => ({
      kernels,
      multiply: async (vector, into) => into.set(vector.map((value, i) => value * eigenvalues[i]!)),
    }));
    await kernels.release();
  });

  it('is no vacuous one: it does fail where little is promised', async () => {
    let failures = 0;
    for (let seed = 0; seed < 300; seed++) {
      const lanczos = new Lanczos(
        productsOf(diagonal([1, ...new Array<number>(29).fill(0)])),
        SeededRandom.fromSeed(seed),
        0,
      );
      await lanczos.step();
      // P(|γ| < δ) is close to ε; with one step and one eigenvalue that differs, the bound fails in nearly all of them.
      if (probabilisticUpper(lanczos, 1, 0.5) < 1) failures++;
    }
    expect(failures).toBeGreaterThan(20);
    expect(failures).toBeLessThanOrEqual(binomialLimit(300, 0.5));
  });

  it('is where the Lanczos polynomial, by its recurrence, reaches 1/δ', async () => {
    const random = SeededRandom.fromSeed(21);
    const rows = withSpectrum(
      Array.from({ length: 15 }, () => random.normal()),
      random,
    );
    const lanczos = new Lanczos(productsOf(rows), random, 0);
    for (let steps = 1; steps <= 8; steps++) {
      await lanczos.step();
      const t = probabilisticUpper(lanczos, steps, 0.01);
      let [before, polynomial] = [0, 1];
      for (let j = 0; j < steps; j++) {
        const previous = j === 0 ? 0 : lanczos.betas[j - 1]! * before;
        [before, polynomial] = [
          polynomial,
          ((t - lanczos.alphas[j]!) * polynomial - previous) / lanczos.betas[j]!,
        ];
      }
      const delta = (0.01 * Math.sqrt(Math.PI / 2)) / Math.sqrt(15);
      expect(polynomial * delta).toBeCloseTo(1, 8);
      expect(t).toBeGreaterThan(lanczos.ritzValues().at(-1)!.value);
    }
  });
});

describe('the interval', () => {
  const random = SeededRandom.fromSeed(31);
  const eigenvalues = Array.from({ length: 60 }, (_, i) => 3 * 0.5 ** i - 0.001);
  const rows = withSpectrum(eigenvalues, random);

  async function interval(
    options: Partial<ConstructorParameters<typeof ExtremeEigenvalues>[0]>,
    steps: number,
  ): Promise<EigenvalueInterval | null> {
    const productError = options.productError ?? 0;
    const lanczos = new Lanczos(productsOf(rows), SeededRandom.fromSeed(1), productError);
    while (lanczos.steps < steps) await lanczos.step();
    const all = { precision: 0.01, confidence: 0.999, productError, exactMoments: null, ...options };
    return new ExtremeEigenvalues(all).after(lanczos)?.lambdaMax ?? null;
  }

  it('is certified once it is narrower than the precision, and not before', async () => {
    const early = await interval({}, 2);
    expect(early).toMatchObject({ kind: 'probabilistic', confidence: 0.999, certified: false });
    const late = await interval({}, 14);
    expect(late).toMatchObject({ kind: 'probabilistic', confidence: 0.999, certified: true, steps: 14 });
    expect(late!.upper / late!.lower).toBeLessThanOrEqual(1.01);
    expect(late!.upper).toBeGreaterThanOrEqual(Math.max(...eigenvalues));
  });

  it('is proved where the moments are exact and prove enough', async () => {
    const late = await interval({ exactMoments: momentsOf(rows) }, 14);
    expect(late).toMatchObject({ kind: 'proved', confidence: 1, certified: true });
    const float32 = await interval({ exactMoments: momentsOf(rows), productError: 1e-6 }, 9);
    expect(float32?.kind).toBe('probabilistic');
  });

  it('is wider by ten times the products’ error, and none where that exceeds a tenth of the precision', async () => {
    const error = 1e-4;
    const exact = (await interval({}, 9))!;
    const rounded = (await interval({ productError: error }, 9))!;
    const norm = Math.max(...eigenvalues);
    expect(rounded.upper - exact.upper).toBeGreaterThanOrEqual(10 * error * norm);
    expect(exact.lower - rounded.lower).toBeGreaterThanOrEqual(10 * error * norm);
    expect(await interval({ productError: 0.0011 }, 3)).toBeNull();
  });

  it('spends half of its chance on either end, and is the best of all numbers of steps', async () => {
    const lanczos = new Lanczos(productsOf(rows), SeededRandom.fromSeed(8), 0);
    while (lanczos.steps < 6) await lanczos.step();
    const all = { precision: 0.01, confidence: 0.98, productError: 0, exactMoments: null };
    const { lambdaMax, lambdaMin } = new ExtremeEigenvalues(all).after(lanczos)!;
    const best = (run: LanczosCoefficients): number =>
      Math.min(...[1, 2, 3, 4, 5, 6].map((steps) => probabilisticUpper(run, steps, 0.01))) + lanczos.noise;
    expect(lambdaMax.upper / best(lanczos)).toBeCloseTo(1, 12);
    expect(lambdaMin.lower / -best(negate(lanczos))).toBeCloseTo(1, 12);
  });

  it('makes its bounds anew where there is more noise than was thought', () => {
    const run = (steps: number, noise: number): LanczosCoefficients => ({
      matrixOrder: 9,
      alphas: [1, 0.5, 0.2].slice(0, steps),
      betas: [0.7, 0.1, 1e-4].slice(0, steps),
      noise,
      ended: false,
    });
    const exactMoments = { trace: 1.7, frobeniusSquared: 2.3, order: 9 };
    const all = { precision: 0.01, confidence: 0.999, productError: 0, exactMoments };
    const grown = new ExtremeEigenvalues(all);
    grown.after(run(2, 1e-12));
    expect(grown.after(run(3, 0.01))).toEqual(new ExtremeEigenvalues(all).after(run(3, 0.01)));
  });

  it('is not certified across zero', async () => {
    const lanczos = new Lanczos(productsOf(diagonal([0, -1, -2])), random, 0);
    while (!lanczos.ended) await lanczos.step();
    const options = { precision: 0.01, confidence: 0.999, productError: 0, exactMoments: null };
    expect(new ExtremeEigenvalues(options).after(lanczos)?.lambdaMax.certified).toBe(false);
  });
});
