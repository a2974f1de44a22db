import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lambdaMaxBounds } from '../../../src/curvature/bounds';
import { computeContributions, type LayerMoments } from '../../../src/curvature/contributions';

/** A random symmetric matrix in blocks, and its moments by layer. */
const blockMatrix = fc
  .array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 })
  .chain((sizes) => {
    const order = sizes.reduce((a, b) => a + b, 0);
    return fc
      .array(fc.double({ min: -10, max: 10, noNaN: true }), {
        minLength: order * order,
        maxLength: order * order,
      })
      .map((values) => ({
        sizes,
        element: (i: number, j: number) => values[Math.min(i, j) * order + Math.max(i, j)]!,
      }));
  });

function layerMoments({
  sizes,
  element,
}: {
  sizes: number[];
  element: (i: number, j: number) => number;
}): LayerMoments[] {
  const starts = sizes.map((_, l) => sizes.slice(0, l).reduce((a, b) => a + b, 0));
  return sizes.map((size, l) => {
    let trace = 0;
    const row = sizes.map((width, m) => {
      let sum = 0;
      for (let i = 0; i < size; i++) {
        for (let j = 0; j < width; j++) sum += element(starts[l]! + i, starts[m]! + j) ** 2;
      }
      return sum;
    });
    for (let i = 0; i < size; i++) trace += element(starts[l]! + i, starts[l]! + i);
    return { parameters: size, trace, row };
  });
}

describe('the contributions of the layers', () => {
  it('sum to the upper bound', () => {
    fc.assert(
      fc.property(blockMatrix, (matrix) => {
        const layers = layerMoments(matrix);
        const order = layers.reduce((sum, { parameters }) => sum + parameters, 0);
        const trace = layers.reduce((sum, layer) => sum + layer.trace, 0);
        const frobeniusSquared = layers.flatMap(({ row }) => row).reduce((a, b) => a + b, 0);
        const { upper } = lambdaMaxBounds({ trace, frobeniusSquared, order });
        const total = computeContributions(layers).reduce((a, b) => a + b, 0);
        // Near a variance of 0 the proportions are off by rounding, but of no more than the slack.
        expect(Math.abs(total - upper)).toBeLessThanOrEqual(1e-9 * Math.sqrt(frobeniusSquared) + 1e-12);
      }),
    );
  });

  it('are the mean eigenvalue’s parts where all eigenvalues are equal', () => {
    const layers = [
      { parameters: 2, trace: 2, row: [2, 0] },
      { parameters: 3, trace: 3, row: [0, 3] },
    ];
    const { upper } = lambdaMaxBounds({ trace: 5, frobeniusSquared: 5, order: 5 });
    const [first = Number.NaN, second = Number.NaN] = computeContributions(layers);
    // With their parts of the bound's slack, 1e-6 of the norm.
    expect(first / upper).toBeCloseTo(2 / 5, 14);
    expect(second / upper).toBeCloseTo(3 / 5, 14);
    expect(upper - 1).toBeLessThan(1e-5);
  });

  it('are negative for a layer that only brings positive curvature to the mean', () => {
    const [sharp, flat] = computeContributions([
      { parameters: 1, trace: 10, row: [100, 0] },
      { parameters: 9, trace: 9, row: [0, 9] },
    ]);
    expect(sharp).toBeGreaterThan(0);
    expect(flat).toBeLessThan(0.9);
  });
});
