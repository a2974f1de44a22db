import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAbove, formatBelow, formatNumber } from '../../../../src/report/wording/number';
import type { EigenvalueInterval } from '../../../../src/report/report';
import {
  certaintyText,
  commonValue,
  groundsText,
  intervalText,
  rangeText,
  shownUpperBound,
} from '../../../../src/report/wording/sharpnessText';
import { exampleReport } from '../exampleReport';

function interval(lower: number, upper: number, facts: Partial<EigenvalueInterval> = {}): EigenvalueInterval {
  return { lower, upper, kind: 'probabilistic', confidence: 0.999, certified: true, steps: 12, ...facts };
}

/** A number as it was written. */
const read = (text: string): number => Number(text.replaceAll(',', ''));

describe('formatBelow and formatAbove', () => {
  it('never let an end move inwards, nor by more than a unit of the fourth digit', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e9, max: 1e9, noNaN: true }), (value) => {
        fc.pre(Math.abs(value) > 1e-300);
        const [below, above] = [read(formatBelow(value)), read(formatAbove(value))];
        expect(below).toBeLessThanOrEqual(value);
        expect(above).toBeGreaterThanOrEqual(value);
        expect(above - below).toBeLessThanOrEqual(1.001e-3 * Math.abs(value));
      }),
    );
  });

  it.each([
    [1.03449, '1.034', '1.035'],
    [-0.66609, '-0.6661', '-0.666'],
    [9.9999, '9.999', '10'],
    [2.5, '2.5', '2.5'],
    [0, '0', '0'],
    [Infinity, '∞', '∞'],
  ])('%d: from %s to %s', (value, below, above) => {
    expect([formatBelow(value), formatAbove(value)]).toEqual([below, above]);
  });
});

describe('an interval in words', () => {
  it('is one number where its ends read alike', () => {
    expect(intervalText(interval(1.03101, 1.03102))).toBe('= 1.031');
    expect(rangeText(interval(1.03101, 1.03102))).toBe('1.031');
    expect(commonValue(interval(1.0306, 1.0341))).toBe('1.03');
    expect(commonValue(interval(0.98, 2.4))).toBeNull();
  });

  it('is never narrower than it is', () => {
    expect(intervalText(interval(1.02861, 1.03449))).toBe('between 1.028 and 1.035');
    expect(rangeText(interval(-4.90249, -3.22061))).toBe('-4.903 to -3.22');
    expect(rangeText(interval(51.2, Infinity))).toBe('51.2 to ∞');
  });

  it('says with which certainty it holds', () => {
    expect(certaintyText(interval(1, 1))).toBe('certified at 99.9 %');
    expect(certaintyText(interval(1, 1, { kind: 'proved', confidence: 1 }))).toBe('proved');
    expect(certaintyText(interval(1, 1, { kind: 'spectrum', confidence: 1, steps: 0 }))).toBe(
      'from the whole spectrum',
    );
    expect(certaintyText(interval(1, 2, { certified: false }))).toBe('not certified');
    expect(certaintyText(interval(1, 2, { kind: 'proved', certified: false }))).toBe('not certified');
    expect(groundsText(interval(1, 2))).toBe('with 99.9 % confidence, after 12 Lanczos steps');
    expect(groundsText(interval(1, 2, { kind: 'proved', steps: 1 }))).toBe('a proof, after 1 Lanczos step');
  });
});

describe('shownUpperBound', () => {
  const sharpness = { lambdaMax: interval(1.7, 1.8), lambdaMin: interval(-1, 0) };
  const { bounds } = exampleReport;
  const estimated = {
    ...bounds,
    lambdaMax: { ...bounds.lambdaMax, upper: { value: 1.6, standardError: 0.2 } },
  };

  it('raises an estimate to the largest Ritz value, below which λ_max cannot be, and nothing else', () => {
    expect(shownUpperBound(estimated, sharpness)).toEqual({ value: 1.7, standardError: 0.2 });
    expect(shownUpperBound(estimated, undefined)).toBe(estimated.lambdaMax.upper);
    expect(shownUpperBound(bounds, sharpness)).toBe(bounds.lambdaMax.upper);
    expect(formatNumber(shownUpperBound(bounds, undefined).value)).toBe('1.6');
  });
});
