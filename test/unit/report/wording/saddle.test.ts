import { describe, expect, it } from 'vitest';
import type { Bounds, EigenvalueInterval, Sharpness } from '../../../../src/report/report';
import { curvesDownwards } from '../../../../src/report/wording/saddle';
import { exactly } from '../exampleReport';

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

describe('curvesDownwards', () => {
  it.each([
    [-2, -1, true],
    [-1, 1, null],
    [-1, 0, null],
    [0, 1, false],
    [0, 0, false],
    [0.1, 1, false],
  ])('an interval from %d to %d says %s', (lower, upper, expected) => {
    expect(curvesDownwards({ sharpness: found(lower, upper) })).toBe(expected);
  });

  it.each([
    [-2, -1, 0, true],
    [-2, -1, 0.33, true],
    [-2, -1, 0.34, null],
    [1, 2, 0.33, false],
    [1, 2, 0.34, null],
    [-1, 1, 0, null],
    [0, 1, 0, false],
  ])('bounds of %d and %d ± %d say %s', (lower, upper, error, expected) => {
    expect(curvesDownwards({ bounds: bounded(lower, upper, error) })).toBe(expected);
  });

  it('is decided by what was found before the bounds, and by the bounds where that is open', () => {
    expect(curvesDownwards({ bounds: bounded(-2, 1), sharpness: found(-2, -1) })).toBe(true);
    expect(curvesDownwards({ bounds: bounded(-2, -1), sharpness: found(-2, 1) })).toBe(true);
    expect(curvesDownwards({})).toBeNull();
  });
});
