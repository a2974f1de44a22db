import { describe, expect, it } from 'vitest';
import { estimateIntervals } from '../../../src/curvature/estimateIntervals';
import type { MomentEstimate } from '../../../src/curvature/momentEstimate';

const off = (value: number, standardError: number) => ({ value, standardError });
const ritz = (...values: number[]) => values.map((value) => ({ value, residual: 0 }));

const moments: MomentEstimate = {
  trace: off(-1, 0.5),
  frobeniusSquared: off(10, 2),
  bounds: {
    lambdaMax: { lower: off(0.2, 0.1), upper: off(3, 0.5), blockwiseUpper: off(2.9, 0.5) },
    lambdaMin: { lower: off(-3, 0.5), upper: off(-0.25, 0.125) },
    eigenvalues: [{ k: 2, lower: off(-0.5, 0.1), upper: off(2, 0.5) }],
  },
  layers: [],
  blocks: null,
};

describe('the 95 % intervals', () => {
  it('are the values plus and minus the quantile of standard errors', () => {
    const { trace, frobeniusSquared, bounds } = estimateIntervals(moments, 2, {
      ritzValues: [],
      normFound: 0,
    });
    expect(trace).toEqual({ lower: -2, upper: 0 });
    expect(frobeniusSquared).toEqual({ lower: 6, upper: 14 });
    expect(bounds).toEqual({
      lambdaMax: {
        lower: { lower: 0, upper: 0.4 },
        upper: { lower: 2, upper: 4 },
        blockwiseUpper: { lower: 1.9, upper: 3.9 },
      },
      lambdaMin: { lower: { lower: -4, upper: -2 }, upper: { lower: -0.5, upper: 0 } },
      eigenvalues: [{ k: 2, lower: { lower: -0.7, upper: -0.3 }, upper: { lower: 1, upper: 3 } }],
    });
  });

  it('end where the truth cannot lie: at the Ritz values, and at what is found of the norm', () => {
    const { frobeniusSquared, bounds } = estimateIntervals(moments, 2, {
      ritzValues: ritz(-2.5, 0, 1.5, 2.6),
      normFound: 9,
    });
    expect(frobeniusSquared).toEqual({ lower: 9, upper: 14 });
    expect(bounds.lambdaMax.upper).toEqual({ lower: 2.6, upper: 4 });
    expect(bounds.lambdaMax.blockwiseUpper).toEqual({ lower: 2.6, upper: 3.9 });
    expect(bounds.lambdaMin.lower).toEqual({ lower: -4, upper: -2.5 });
    expect(bounds.eigenvalues[0]?.upper).toEqual({ lower: 1.5, upper: 3 });
  });

  it('are a single point where the whole of them cannot be, and know no more eigenvalues than were found', () => {
    const { bounds } = estimateIntervals(moments, 2, { ritzValues: ritz(7), normFound: 0 });
    expect(bounds.lambdaMax.upper).toEqual({ lower: 7, upper: 7 });
    expect(bounds.eigenvalues[0]?.upper).toEqual({ lower: 1, upper: 3 });
  });
});
