import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  eigenvalueBounds,
  lambdaMaxBounds,
  lambdaMinBounds,
  type Moments,
} from '../../../src/curvature/bounds';

// Squares below 1e-308 underflow, and with them the Frobenius norm: such values are taken as 0.
const eigenvalue = fc
  .double({ min: -1e3, max: 1e3, noNaN: true })
  .map((value) => (Math.abs(value) < 1e-100 ? 0 : value));
const spectrum = fc.array(eigenvalue, { minLength: 1, maxLength: 40 });

function momentsOf(eigenvalues: readonly number[]): Moments {
  return {
    trace: eigenvalues.reduce((sum, value) => sum + value, 0),
    frobeniusSquared: eigenvalues.reduce((sum, value) => sum + value * value, 0),
    order: eigenvalues.length,
  };
}

/** The bounds carry a relative slack of 1e-12 on the square, 1e-6 on what it is the root of. */
function slackOf(eigenvalues: readonly number[]): number {
  return 2e-6 * Math.sqrt(momentsOf(eigenvalues).frobeniusSquared) + 1e-300;
}

describe('the Wolkowicz-Styan bounds', () => {
  it('hold for λ_max and λ_min of every spectrum', () => {
    fc.assert(
      fc.property(spectrum, (eigenvalues) => {
        const max = lambdaMaxBounds(momentsOf(eigenvalues));
        const min = lambdaMinBounds(momentsOf(eigenvalues));
        const [largest, smallest] = [Math.max(...eigenvalues), Math.min(...eigenvalues)];
        const rounding = 1e-13 * Math.max(1e-300, ...eigenvalues.map(Math.abs)) * eigenvalues.length;
        expect(largest).toBeLessThanOrEqual(max.upper + rounding);
        expect(largest).toBeGreaterThanOrEqual(max.lower - slackOf(eigenvalues));
        expect(smallest).toBeGreaterThanOrEqual(min.lower - rounding);
        expect(smallest).toBeLessThanOrEqual(min.upper + slackOf(eigenvalues));
      }),
    );
  });

  it('hold for every eigenvalue between', () => {
    fc.assert(
      fc.property(spectrum, (eigenvalues) => {
        const sorted = eigenvalues.toSorted((a, b) => b - a);
        for (let k = 2; k < sorted.length; k++) {
          const { lower, upper } = eigenvalueBounds(momentsOf(eigenvalues), k);
          expect(sorted[k - 1]!).toBeLessThanOrEqual(upper + slackOf(eigenvalues));
          expect(sorted[k - 1]!).toBeGreaterThanOrEqual(lower - slackOf(eigenvalues));
        }
      }),
    );
  });

  it('are attained where all eigenvalues but one are equal', () => {
    const eigenvalues = [5, ...new Array<number>(9).fill(1)];
    expect(lambdaMaxBounds(momentsOf(eigenvalues)).upper).toBeCloseTo(5, 5);
    expect(lambdaMinBounds(momentsOf(eigenvalues.map((value) => -value))).lower).toBeCloseTo(-5, 5);
  });

  it('stay above eigenvalues that are all but equal, where the variance rounds to less than nothing', () => {
    const moments = { trace: 1000 + 1e-9, frobeniusSquared: 1000 + 2e-9 - 1e-10, order: 1000 };
    expect(moments.frobeniusSquared - moments.trace ** 2 / 1000).toBeLessThanOrEqual(0);
    expect(lambdaMaxBounds(moments).upper).toBeGreaterThanOrEqual(1 + 1e-9);
  });

  it('are the eigenvalue itself for a single parameter', () => {
    expect(lambdaMaxBounds({ trace: -3, frobeniusSquared: 9, order: 1 })).toEqual({ lower: -3, upper: -3 });
  });

  it('are refused for what is no matrix', () => {
    expect(() => lambdaMaxBounds({ trace: 0, frobeniusSquared: 1, order: 0 })).toThrow(RangeError);
    expect(() => lambdaMaxBounds({ trace: Number.NaN, frobeniusSquared: 1, order: 2 })).toThrow(RangeError);
    expect(() => eigenvalueBounds({ trace: 0, frobeniusSquared: 1, order: 4 }, 4)).toThrow(RangeError);
  });
});
