import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { computeBlockwiseUpperBound } from '../../../src/curvature/blockwiseBound';
import { lambdaMaxBounds } from '../../../src/curvature/bounds';
import { computeContributions } from '../../../src/curvature/contributions';
import { estimateMoments, type MomentEstimate } from '../../../src/curvature/momentEstimate';
import type { LayerNumbers } from '../../../src/curvature/probes';
import type { Quantity } from '../../../src/report/report';

const parameters = [4, 7, 9];

function numbersOf(values: readonly number[]): LayerNumbers {
  const blocks = Float64Array.from({ length: 9 }, (_, index) => {
    const [l, m] = [Math.floor(index / 3), index % 3];
    return values[6 + Math.min(l, m) * 3 + Math.max(l, m)]!;
  });
  return {
    traces: Float64Array.from(values.slice(0, 3)),
    rows: Float64Array.from(values.slice(3, 6)),
    blocks,
  };
}

/** Traces, row sums, blocks. */
const means = [3, 1, -2, 40, 30, 20, 30, 8, 2, 8, 18, 4, 2, 4, 14];
const zero = numbersOf(new Array<number>(15).fill(0));

/** What the estimate calculates, by means of its own. */
const functions: Record<string, (numbers: LayerNumbers) => number> = {
  trace: ({ traces }) => sum(traces),
  frobeniusSquared: ({ rows }) => sum(rows),
  upper: (numbers) => bounds(numbers).upper,
  lower: (numbers) => bounds(numbers).lower,
  λ_min: (numbers) => -lambdaMaxBounds({ ...moments(numbers), trace: -sum(numbers.traces) }).upper,
  'contribution 0': (numbers) => split(numbers)[0]!,
  'contribution 2': (numbers) => split(numbers)[2]!,
  'block bound': (numbers) => ownBounds(numbers)[1]!,
  coupling: ({ rows, blocks }) => rows[1]! - blocks![4]!,
  blockwise: (numbers) =>
    computeBlockwiseUpperBound(
      ownBounds(numbers),
      [0, 3, 6].map((start) => [...numbers.blocks!.slice(start, start + 3)]),
    ),
};

const found: Record<string, (estimate: MomentEstimate) => Quantity | null> = {
  trace: ({ trace }) => trace,
  frobeniusSquared: ({ frobeniusSquared }) => frobeniusSquared,
  upper: (estimate) => estimate.bounds.lambdaMax.upper,
  lower: (estimate) => estimate.bounds.lambdaMax.lower,
  λ_min: (estimate) => estimate.bounds.lambdaMin.lower,
  'contribution 0': ({ layers }) => layers[0]!.contribution,
  'contribution 2': ({ layers }) => layers[2]!.contribution,
  'block bound': ({ layers }) => layers[1]!.blockUpperBound,
  coupling: ({ layers }) => layers[1]!.coupling,
  blockwise: (estimate) => estimate.bounds.lambdaMax.blockwiseUpper,
};

function sum(values: Iterable<number>): number {
  return [...values].reduce((total, value) => total + value, 0);
}

function moments({ traces, rows }: LayerNumbers) {
  return { trace: sum(traces), frobeniusSquared: sum(rows), order: 20 };
}

function bounds(numbers: LayerNumbers) {
  return lambdaMaxBounds(moments(numbers));
}

function split({ traces, rows }: LayerNumbers): number[] {
  return computeContributions(
    parameters.map((count, l) => ({ parameters: count, trace: traces[l]!, row: [rows[l]!] })),
  );
}

function ownBounds({ traces, blocks }: LayerNumbers): number[] {
  return parameters.map(
    (order, l) => lambdaMaxBounds({ trace: traces[l]!, frobeniusSquared: blocks![l * 4]!, order }).upper,
  );
}

describe('the estimate of the moments', () => {
  it.each(Object.keys(functions))('has the value and the first-order error of its formula: %s', (name) => {
    // Deviations small enough that the formula is straight over them.
    const samples = Array.from({ length: 6 }, (_, n) =>
      numbersOf(means.map((_, i) => 1e-5 * Math.sin(7 * n + 3 * i + 1))),
    );
    const estimate = estimateMoments(parameters, numbersOf(means), samples);
    const values = samples.map(({ traces, rows, blocks }) => {
      const at = numbersOf(means);
      const shifted = {
        traces: at.traces.map((value, i) => value + traces[i]!),
        rows: at.rows.map((value, i) => value + rows[i]!),
        blocks: at.blocks!.map((value, i) => value + blocks![i]!),
      };
      return functions[name]!(shifted);
    });
    const mean = sum(values) / 6;
    const error = Math.sqrt(sum(values.map((value) => (value - mean) ** 2)) / 5 / 6);
    const quantity = found[name]!(estimate)!;
    expect(quantity.value).toBeCloseTo(functions[name]!(numbersOf(means)), 4);
    expect(quantity.standardError / error).toBeCloseTo(1, 4);
  });

  it('has contributions that sum to the upper bound, whatever the samples', () => {
    const sample = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 15, maxLength: 15 });
    fc.assert(
      fc.property(fc.array(sample, { minLength: 2, maxLength: 30 }), (samples) => {
        const { layers, bounds: all } = estimateMoments(parameters, numbersOf(means), samples.map(numbersOf));
        const { upper } = all.lambdaMax;
        expect(sum(layers.map(({ contribution }) => contribution.value))).toBeCloseTo(upper.value, 5);
        for (const { contribution } of layers) expect(contribution.standardError).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('has no errors without samples', () => {
    const { trace, bounds: all, layers, blocks } = estimateMoments(parameters, numbersOf(means), []);
    const quantities = [trace, all.lambdaMax.upper, all.lambdaMin.lower, all.eigenvalues[3]!.upper];
    for (const { standardError } of [...quantities, ...layers.map(({ contribution }) => contribution)])
      expect(standardError).toBe(0);
    expect(blocks?.flat().map(({ standardError }) => standardError)).toEqual(new Array<number>(9).fill(0));
    expect(all.eigenvalues).toHaveLength(9);
  });

  it('takes the error of the variance as that of the bound where all eigenvalues may be equal', () => {
    const exact = numbersOf([4, 7, 9, 4, 7, 9, 4, 0, 0, 0, 7, 0, 0, 0, 9]);
    const noise = (sign: number): LayerNumbers => ({ ...zero, rows: Float64Array.of(sign * 0.01, 0, 0) });
    const { bounds: all, layers } = estimateMoments(parameters, exact, [
      noise(1),
      noise(-1),
      noise(1),
      noise(-1),
    ]);
    // The standard error of F²/P is 0.02/√12/20; the bound moves by √19 times its root.
    const expected = Math.sqrt(19) * Math.sqrt(0.02 / Math.sqrt(12) / 20);
    expect(all.lambdaMax.upper.standardError).toBeCloseTo(expected, 8);
    for (const { contribution } of layers) expect(contribution.standardError).toBeGreaterThan(0);
  });

  it('is the number itself for a single parameter', () => {
    const one = { traces: Float64Array.of(-3), rows: Float64Array.of(9), blocks: null };
    const { bounds: all, layers } = estimateMoments([1], one, []);
    expect(all.lambdaMax).toEqual({
      lower: { value: -3, standardError: 0 },
      upper: { value: -3, standardError: 0 },
      blockwiseUpper: null,
    });
    expect(all.eigenvalues).toEqual([]);
    expect(layers[0]?.contribution.value).toBe(-3);
  });
});
