import { describe, expect, it } from 'vitest';
import { certifySharpness } from '../../../src/curvature/certifySharpness';
import type { CurvatureProgress, EstimateOptions } from '../../../src/curvature/curvatureEstimate';
import { estimateCurvature } from '../../../src/curvature/estimateCurvature';
import { studentQuantile } from '../../../src/curvature/studentQuantile';
import { SeededRandom } from '../../../src/samples/random';
import {
  blockNorms,
  eigenvaluesOf,
  frobeniusSquared,
  momentsOf,
  productsOf,
  trace,
  withSpectrum,
} from './symmetricMatrices';

const random = SeededRandom.fromSeed(77);
const sizes = [30, 10, 40];
/** A few large eigenvalues, a bulk of both signs. */
const rows = withSpectrum(
  Array.from({ length: 80 }, (_, i) => (i < 5 ? 4 - 0.6 * i : 0.3 * random.normal())),
  random,
);
const truth = {
  trace: trace(rows),
  frobeniusSquared: frobeniusSquared(rows),
  lambdaMax: eigenvaluesOf(rows).at(-1)!,
};

function options(given: Partial<EstimateOptions> = {}): EstimateOptions {
  return {
    random: SeededRandom.fromSeed(1),
    precision: 0.05,
    confidence: 0.999,
    productError: 0,
    maxProducts: 1000,
    memoryBytes: 2 ** 30,
    blocks: false,
    density: null,
    ...given,
  };
}

describe('the estimate of the curvature', () => {
  it('certifies λ_max, reaches the precision and says so', async () => {
    const estimate = await estimateCurvature(productsOf(rows, sizes), options());
    expect(estimate).toMatchObject({ stoppedBy: 'complete', spectrum: null });
    const errors = estimate.errors!;
    expect(errors).toMatchObject({ stoppedBy: 'complete', precisionReached: true, pilotProbes: 10 });
    expect(estimate.sharpness?.lambdaMax).toMatchObject({ kind: 'probabilistic', certified: true });
    expect(estimate.sharpness!.lambdaMax.upper).toBeGreaterThanOrEqual(truth.lambdaMax);
    expect(estimate.sharpness!.lambdaMax.lower).toBeLessThanOrEqual(truth.lambdaMax);
    const { frobeniusSquared: norm } = estimate.moments;
    expect(Math.abs(norm.value - truth.frobeniusSquared)).toBeLessThan(5 * norm.standardError);
    expect(errors.studentQuantile * norm.standardError).toBeLessThanOrEqual(0.05 * norm.value);
    expect(errors.probes).toBeGreaterThanOrEqual(20);
    expect(errors.probes).toBe(errors.wantedProbes);
    const shares = estimate.moments.layers.map(({ contribution }) => contribution.value);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(
      estimate.moments.bounds.lambdaMax.upper.value,
      5,
    );
  });

  it('holds a trace in which curvature cancels to the precision of what cancels, the rest to its own', async () => {
    // 1, −1, 1/2, −1/2, … and a little: the trace is a hundredth of Σ|λ|.
    const values = Array.from({ length: 300 }, (_, i) => (i === 0 ? 0.1 : (i % 2 === 0 ? 2 : -2) / (i + 2)));
    const cancelling = withSpectrum(values, SeededRandom.fromSeed(5), 6);
    const estimate = await estimateCurvature(
      productsOf(cancelling),
      options({ precision: 0.01, maxProducts: 50_000 }),
    );
    const magnitude = values.reduce((sum, value) => sum + Math.abs(value), 0);
    const errors = estimate.errors!;
    const { trace: found, frobeniusSquared: norm } = estimate.moments;
    const half = (quantity: { standardError: number }) => errors.studentQuantile * quantity.standardError;
    expect(errors.precisionReached).toBe(true);
    expect(errors.absoluteTrace / magnitude).toBeGreaterThan(0.8);
    expect(errors.absoluteTrace / magnitude).toBeLessThan(1.2);
    expect(half(found)).toBeLessThanOrEqual(0.01 * errors.absoluteTrace);
    expect(half(found)).toBeGreaterThan(0.01 * Math.abs(found.value));
    expect(half(norm)).toBeLessThanOrEqual(0.01 * norm.value);
    expect(half(estimate.moments.bounds.lambdaMax.upper)).toBeLessThanOrEqual(
      0.01 * estimate.moments.bounds.lambdaMax.upper.value,
    );
    expect(estimate.products).toBeLessThan(500);
  });

  it('draws a pilot as large as what it decides, so that chance hardly moves the number of probes', async () => {
    // Eigenvalues alike, of which no deflation leaves fewer.
    const alike = Array.from({ length: 700 }, () => random.normal());
    const products = productsOf(withSpectrum(alike, SeededRandom.fromSeed(8), 40));
    const found = [];
    for (let seed = 0; seed < 8; seed++) {
      const given = { precision: 0.004, maxProducts: 50_000, random: SeededRandom.fromSeed(seed) };
      const { errors, products: made } = await estimateCurvature(products, options(given));
      found.push(errors!);
      expect(errors!.pilotProbes).toBeGreaterThan(15);
      expect(made).toBeGreaterThanOrEqual(errors!.probes + errors!.pilotProbes);
    }
    const wanted = found.map(({ wantedProbes }) => wantedProbes);
    expect(Math.max(...wanted) / Math.min(...wanted)).toBeLessThan(2);
    expect(found.filter(({ precisionReached }) => precisionReached).length).toBeGreaterThanOrEqual(6);
  });

  it('is the same twice for one seed, and another for another', async () => {
    const of = (seed: number) =>
      estimateCurvature(productsOf(rows, sizes), options({ random: SeededRandom.fromSeed(seed) }));
    expect(await of(3)).toEqual(await of(3));
    expect((await of(3)).moments.trace).not.toEqual((await of(4)).moments.trace);
  });

  it('keeps to its budget of products, blocks and density included', async () => {
    const estimate = await estimateCurvature(
      productsOf(rows, sizes),
      options({ precision: 1e-4, maxProducts: 270, blocks: true, density: { probes: 3, steps: 15 } }),
    );
    expect(estimate).toMatchObject({
      stoppedBy: 'product budget',
      errors: { stoppedBy: 'product budget', precisionReached: false },
    });
    expect(estimate.errors!.probes).toBeLessThan(estimate.errors!.wantedProbes);
    expect(estimate.products).toBeLessThanOrEqual(270);
    expect(estimate.products).toBeGreaterThan(250);
    expect(estimate.spectrum).toMatchObject({ method: 'quadrature', probes: 3, steps: 15 });
    const blocks = blockNorms(rows, sizes);
    estimate.moments.blocks?.forEach((row, l) =>
      row.forEach(({ value, standardError }, m) =>
        expect(Math.abs(value - blocks[l]![m]!)).toBeLessThan(5 * standardError),
      ),
    );
  });

  it('refuses a budget that leaves no error bars, saying what they take', async () => {
    await expect(estimateCurvature(productsOf(rows, sizes), options({ maxProducts: 30 }))).rejects.toThrow(
      /takes 31 products .* 30 are allowed/,
    );
    const few = await estimateCurvature(productsOf(rows, sizes), options({ maxProducts: 31 }));
    expect([few.products, few.stoppedBy]).toEqual([31, 'product budget']);
  });

  it('deflates more where that takes fewer products than the probes it saves', async () => {
    // 60 large eigenvalues of either sign and a small bulk: 20 steps leave much, 80 little.
    const values = Float64Array.from({ length: 400 }, (_, i) =>
      i < 60 ? (i % 2 === 0 ? 1 : -1) * (1 + i / 60) : 0.01 * random.normal(),
    );
    // Away from the axes, along which probes make no error: a reflection on the even direction.
    const reflect = (vector: Float64Array): Float64Array => {
      const mean = (2 / 400) * vector.reduce((sum, value) => sum + value, 0);
      return vector.map((value) => value - mean);
    };
    const turn = (vector: Float64Array): Float64Array => {
      const turned = vector.slice();
      for (let i = 0; i < 200; i++) {
        const [x, y] = [vector[i]!, vector[399 - i]!];
        turned[i] = 0.8 * x + 0.6 * y;
        turned[399 - i] = 0.6 * x - 0.8 * y;
      }
      return turned;
    };
    const estimate = await estimateCurvature(
      {
        order: 400,
        layers: [{ from: 0, to: 400 }],
        float32: null,
        multiply: async (vector) =>
          reflect(turn(turn(reflect(vector)).map((value, i) => value * values[i]!))),
      },
      options({ precision: 0.02, maxProducts: 5000 }),
    );
    const exact = values.reduce((sum, value) => sum + value * value, 0);
    const { value, standardError } = estimate.moments.frobeniusSquared;
    expect(estimate).toMatchObject({ stoppedBy: 'complete', errors: { precisionReached: true } });
    expect(estimate.sharpness!.lambdaMax.steps).toBeGreaterThanOrEqual(40);
    expect(estimate.products).toBeLessThan(400);
    expect(Math.abs(value - exact)).toBeLessThan(5 * standardError);
  });

  it('goes on with Lanczos after the probes while λ_max is not certified and products are left', async () => {
    // One large negative eigenvalue, and λ_max at the edge of a bulk: the norm is easy, λ_max is not.
    const values = Float64Array.from({ length: 2000 }, (_, i) => (i === 0 ? -26 : 1 - i / 1000));
    const stages: string[] = [];
    const estimate = await estimateCurvature(
      {
        order: 2000,
        layers: [{ from: 0, to: 2000 }],
        float32: null,
        multiply: async (vector) => vector.map((value, i) => value * values[i]!),
      },
      options({ precision: 0.05, maxProducts: 75, onProgress: ({ stage }) => stages.push(stage) }),
    );
    expect(stages.indexOf('probes')).toBeLessThan(stages.lastIndexOf('lanczos'));
    expect(estimate.products).toBeLessThanOrEqual(75);
    expect(estimate.sharpness?.lambdaMax.steps).toBe(stages.filter((stage) => stage === 'lanczos').length);
  });

  it('stops Lanczos where the memory for its vectors ends', async () => {
    const estimate = await estimateCurvature(
      productsOf(rows, sizes),
      options({ memoryBytes: 8 * 80 * 12, precision: 1e-5 }),
    );
    expect(estimate.sharpness?.lambdaMax).toMatchObject({ steps: 3, certified: false });
    const enough = await estimateCurvature(
      productsOf(rows, sizes),
      options({ memoryBytes: 8 * 80 * 12, precision: 0.5, maxProducts: 5000 }),
    );
    expect(enough.stoppedBy).toBe('memory budget');
  });

  it('ends with the time limit: by then with what it has, or not at all', async () => {
    const limitAfter = (products: number) => {
      let made = 0;
      // Eigenvalues alike, of which no deflation leaves fewer.
      const alike = Array.from({ length: 500 }, () => random.normal());
      const counted = productsOf(withSpectrum(alike, SeededRandom.fromSeed(6), 2));
      return estimateCurvature(
        { ...counted, multiply: (vector) => (made++, counted.multiply(vector)) },
        options({
          precision: 1e-3,
          maxProducts: 100_000,
          outOfTime: (share = 1) => made >= share * products,
        }),
      );
    };
    await expect(limitAfter(40)).rejects.toMatchObject({
      failure: {
        kind: 'TimeLimit',
        message: expect.stringMatching(
          /time limit .* before the 20 probes .* \(known by then: λ_max between \S+ and \S+, with 99.9 % confidence, after 28 Lanczos steps\); allow more time\.$/,
        ) as unknown,
      },
    });
    await expect(limitAfter(0)).rejects.toThrow(
      /before the 20 probes that error bars take; allow more time\.$/,
    );
    const estimate = await limitAfter(120);
    expect([estimate.products, estimate.stoppedBy]).toEqual([120, 'time limit']);
    expect(estimate.errors!.stoppedBy).toBe('time limit');
    expect(estimate.errors!.probes).toBeGreaterThanOrEqual(20);
  });

  it('names the time limit where only the density was left out, and what ended Lanczos where the time ends after all', async () => {
    let late = false;
    const onProgress = ({ stage }: CurvatureProgress): void => void (late ||= stage === 'density');
    const density = { probes: 4, steps: 10 };
    const given = { maxProducts: 300, density, onProgress };
    const ended = await estimateCurvature(
      productsOf(rows, sizes),
      options({ ...given, outOfTime: () => late }),
    );
    expect([ended.stoppedBy, ended.errors!.stoppedBy, ended.spectrum]).toEqual([
      'time limit',
      'complete',
      null,
    ]);
    late = false;
    const untimed = await certifySharpness(
      productsOf(rows),
      null,
      options({
        precision: 1e-9,
        maxProducts: 5,
        onProgress: ({ products }) => void (late = products === 5),
        outOfTime: () => late,
      }),
    );
    expect(untimed.stoppedBy).toBe('product budget');
  });

  it('tells how far it is, with error bars that shrink', async () => {
    const told: CurvatureProgress[] = [];
    await estimateCurvature(
      productsOf(rows, sizes),
      options({ precision: 0.005, maxProducts: 5000, onProgress: (progress) => told.push(progress) }),
    );
    const running = told.flatMap(({ stage, running: so }) => (stage === 'probes' && so ? [so] : []));
    const standardErrors = running.map(({ moments }) => moments.frobeniusSquared.standardError);
    expect(standardErrors.at(-1)!).toBeLessThan(standardErrors[0]!);
    // Every interval on the way is Student's for the probes that were drawn by then.
    for (const { moments, errors } of running) {
      const { lower, upper } = errors.intervals.trace;
      expect(errors.studentQuantile).toBe(studentQuantile(errors.probes - 1));
      expect((upper - lower) / 2).toBeCloseTo(errors.studentQuantile * moments.trace.standardError, 12);
      expect(errors.stoppedBy).toBeNull();
    }
    expect(running.map(({ errors }) => errors.probes)).toEqual(
      running.map(({ errors }) => errors.probes).toSorted((one, other) => one - other),
    );
    // Of each stage by itself.
    told.forEach(({ stage, products, expectedProducts }, i) => {
      const before = told[i - 1];
      expect(products).toBeGreaterThan(before?.stage === stage ? before.products : 0);
      expect(products).toBeLessThanOrEqual(expectedProducts);
    });
    expect(new Set(told.map(({ stage }) => stage))).toEqual(new Set(['lanczos', 'pilot', 'probes']));
  });

  it('gives no interval from products whose error it cannot bear, and estimates all the same', async () => {
    const estimate = await estimateCurvature(
      productsOf(rows, sizes),
      options({ productError: 0.006, precision: 0.05 }),
    );
    expect(estimate.sharpness).toBeNull();
    expect(estimate.stoppedBy).toBe('complete');
  });

  it.each([
    { tiny: [[-3]] },
    { tiny: [[0]] },
    {
      tiny: [
        [2, 1],
        [1, 2],
      ],
    },
    {
      tiny: [
        [0, 0],
        [0, 0],
      ],
    },
    {
      tiny: [
        [0, 1],
        [1, 0],
      ],
    },
  ])('knows everything of $tiny', async ({ tiny }) => {
    const { moments, sharpness } = await estimateCurvature(productsOf(tiny), options());
    const eigenvalues = eigenvaluesOf(tiny);
    expect(moments.trace.value).toBeCloseTo(trace(tiny), 12);
    expect(moments.frobeniusSquared.value).toBeCloseTo(frobeniusSquared(tiny), 12);
    expect(sharpness!.lambdaMax.upper).toBeCloseTo(eigenvalues.at(-1)!, 9);
    expect(sharpness!.lambdaMin.lower).toBeCloseTo(eigenvalues[0]!, 9);
  });

  // docs/calibration.md holds the long run of this.
  it('covers the truth with its 95 % intervals as often as they say', async () => {
    const runs = 300;
    const upper = momentsOf(rows);
    const bound = upper.trace / 80 + Math.sqrt(79 * (upper.frobeniusSquared / 80 - (upper.trace / 80) ** 2));
    const covered = { trace: 0, frobeniusSquared: 0, upper: 0, contribution: 0 };
    const contribution = contributionOf(1);
    const small = withSpectrumProducts();
    for (let seed = 0; seed < runs; seed++) {
      const { moments, errors } = await estimateCurvature(
        small,
        options({ random: SeededRandom.fromSeed(1000 + seed), precision: 0.05, maxProducts: 110 }),
      );
      // Where Lanczos has found everything, rounding is all the error.
      const holds = ({ value, standardError }: { value: number; standardError: number }, exact: number) =>
        Math.abs(value - exact) <= errors!.studentQuantile * standardError + 1e-10 ? 1 : 0;
      covered.trace += holds(moments.trace, truth.trace);
      covered.frobeniusSquared += holds(moments.frobeniusSquared, truth.frobeniusSquared);
      covered.upper += holds(moments.bounds.lambdaMax.upper, bound);
      covered.contribution += holds(moments.layers[1]!.contribution, contribution);
    }
    // 95 % of 300 is 285, its standard deviation 3.8: four of them to either side.
    for (const count of Object.values(covered)) {
      expect(count).toBeGreaterThanOrEqual(270);
      expect(count).toBeLessThanOrEqual(300);
    }
  });
});

/** The products by flat arrays: a test of many runs. */
function withSpectrumProducts() {
  const flat = Float64Array.from(rows.flat());
  return {
    ...productsOf(rows, sizes),
    multiply: async (vector: Float64Array) => {
      const product = new Float64Array(80);
      for (let i = 0; i < 80; i++) for (let j = 0; j < 80; j++) product[i]! += flat[i * 80 + j]! * vector[j]!;
      return product;
    },
  };
}

/** c_l, written out. */
function contributionOf(l: number): number {
  const blocks = blockNorms(rows, sizes);
  const from = sizes.slice(0, l).reduce((sum, size) => sum + size, 0);
  const own = rows.slice(from, from + sizes[l]!).reduce((sum, row, i) => sum + row[from + i]!, 0);
  const s = Math.sqrt(truth.frobeniusSquared / 80 - (truth.trace / 80) ** 2);
  const psi =
    (blocks[l]!.reduce((sum, value) => sum + value, 0) / 80 - (own * truth.trace) / 80 ** 2) / s ** 2;
  return own / 80 + s * Math.sqrt(79) * psi;
}

describe('the certificate of a matrix of known moments', () => {
  it('is proved, or all but sure, after as few products as it takes', async () => {
    const found = await certifySharpness(productsOf(rows), momentsOf(rows), options({ precision: 0.01 }));
    expect(found).toMatchObject({ stoppedBy: 'complete' });
    expect(found.sharpness?.lambdaMax.certified).toBe(true);
    expect(found.sharpness!.lambdaMax.upper).toBeGreaterThanOrEqual(truth.lambdaMax);
    expect(found.products).toBeLessThan(40);
    expect(found.products).toBe(found.sharpness!.lambdaMax.steps);
  });

  it('says where the budget was too small for it', async () => {
    const found = await certifySharpness(productsOf(rows), momentsOf(rows), options({ maxProducts: 2 }));
    expect(found).toMatchObject({ products: 2, stoppedBy: 'product budget' });
    expect(found.sharpness?.lambdaMax.certified).toBe(false);
    expect(found.sharpness!.lambdaMax.upper).toBeGreaterThanOrEqual(truth.lambdaMax);
  });
});
