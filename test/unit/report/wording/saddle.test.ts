import { describe, expect, it } from 'vitest';
import type { Bounds, EigenvalueInterval, Sharpness } from '../../../../src/report/report';
import { downwardCurvature } from '../../../../src/report/wording/saddle';
import { exactly, exampleReport } from '../exampleReport';

function found(lower: number, upper: number): Sharpness {
  const lambdaMin: EigenvalueInterval = {
    lower,
    upper,
    kind: 'proved',
    confidence: 1,
    certified: true,
    steps: 9,
  };
  return { lambdaMin, lambdaMax: { ...lambdaMin, lower: 4, upper: 4 } };
}

function bounded(lower: number, upper: number, standardError = 0): Bounds {
  return {
    lambdaMax: { lower: exactly(1), upper: exactly(4), blockwiseUpper: null },
    lambdaMin: { lower: { value: lower, standardError }, upper: { value: upper, standardError } },
    eigenvalues: [],
  };
}

/** Weights of size 5, of which a hundredth is near. */
const layers = [3, 4].map((weightNorm, l) => ({ ...exampleReport.layers[l]!, weightNorm }));
const samples = exampleReport.samples;

function kindOf(known: Parameters<typeof downwardCurvature>[0]): string {
  return downwardCurvature({ gradientNorm: 0, layers, samples, ...known }).kind;
}

describe('downwardCurvature', () => {
  it.each([
    [-2, -1, 'saddle'],
    [-1, 1, 'open'],
    [-1, 0, 'open'],
    [0, 1, 'none'],
    [0, 0, 'none'],
    [0.1, 1, 'none'],
    [-4e-6, -3e-6, 'negligible'],
    [-4e-6, 4e-6, 'negligible'],
    [-5e-6, -4.9e-6, 'saddle'],
  ])('an interval from %d to %d without a gradient says %s', (lower, upper, expected) => {
    expect(kindOf({ sharpness: found(lower, upper) })).toBe(expected);
  });

  it.each([
    [-2, -1, 0, 'saddle'],
    [-2, -1, 0.33, 'saddle'],
    [-2, -1, 0.34, 'open'],
    [1, 2, 0.33, 'none'],
    [1, 2, 0.34, 'open'],
    [-1, 1, 0, 'open'],
    [0, 1, 0, 'none'],
  ])('bounds of %d and %d ± %d say %s', (lower, upper, error, expected) => {
    expect(kindOf({ bounds: bounded(lower, upper, error) })).toBe(expected);
  });

  it('is decided by what was found before the bounds, and by the bounds where that is open', () => {
    expect(kindOf({ bounds: bounded(-2, 1), sharpness: found(-2, -1) })).toBe('saddle');
    expect(kindOf({ bounds: bounded(-2, -1), sharpness: found(-2, 1) })).toBe('saddle');
    expect(kindOf({})).toBe('open');
  });

  it.each([
    [0.02, 'saddle'],
    [0.025, 'saddle'],
    [0.026, 'ordinary'],
    [3, 'ordinary'],
  ])('a gradient of %d beside a curvature of -1 makes it %s', (gradientNorm, expected) => {
    expect(kindOf({ gradientNorm, sharpness: found(-1, -1) })).toBe(expected);
  });

  it.each([-300, -30, 30, 300])('says the same of a loss 2^%d times as large', (exponent) => {
    const size = 2 ** exponent;
    for (const gradientNorm of [0.025, 0.026]) {
      const plain = { gradientNorm, sharpness: found(-1, -1) };
      const of = (value: number) => value * size;
      const { lambdaMin, lambdaMax } = plain.sharpness;
      const scaled = {
        gradientNorm: of(gradientNorm),
        samples: { ...samples, meanLoss: of(samples.meanLoss) },
        sharpness: {
          lambdaMin: { ...lambdaMin, lower: of(-1), upper: of(-1) },
          lambdaMax: { ...lambdaMax, lower: of(4), upper: of(4) },
        },
      };
      expect(kindOf(scaled)).toBe(kindOf(plain));
    }
  });

  it('is no saddle where the fit is perfect, and none for certain before the gradient is known', () => {
    const sharpness = found(-1, -1);
    expect(kindOf({ samples: { ...samples, meanLoss: 1e-21 }, sharpness })).toBe('ordinary');
    expect(downwardCurvature({ layers, samples, sharpness }).kind).toBe('ordinary');
  });

  it('says how large it is beside λ_max', () => {
    const shareOf = (known: Parameters<typeof downwardCurvature>[0]) => {
      const curvature = downwardCurvature({ gradientNorm: 1, layers, samples, ...known });
      return 'share' in curvature ? curvature.share : undefined;
    };
    expect(shareOf({ sharpness: found(-0.1, -0.1) })).toBe('2.5 % of λ_max');
    expect(shareOf({ bounds: bounded(-2, -1) })).toBe('at least 25 % of λ_max');
    const { lambdaMin } = found(-2, -1);
    expect(shareOf({ sharpness: { lambdaMin, lambdaMax: { ...lambdaMin, upper: -0.5 } } })).toBeNull();
  });
});
