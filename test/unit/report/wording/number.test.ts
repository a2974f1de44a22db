import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatCount,
  formatEstimate,
  formatNumber,
  formatPercent,
  formatQuantity,
} from '../../../../src/report/wording/number';

describe('formatNumber', () => {
  it.each([
    [0, '0'],
    [-0, '0'],
    [1.59943, '1.599'],
    [1.6, '1.6'],
    [-0.0013867, '-0.001387'],
    [12345.6, '12,350'],
    [99_996, '1e5'],
    [123_456, '1.235e5'],
    [0.00012345, '0.0001234'],
    [0.0000999996, '0.0001'],
    [1.23e-6, '1.23e-6'],
    [-4.4713e-12, '-4.471e-12'],
    [2.5e300, '2.5e300'],
    [Infinity, '∞'],
    [-Infinity, '-∞'],
    [NaN, 'not a number'],
  ])('%d is "%s"', (value, expected) => {
    expect(formatNumber(value)).toBe(expected);
  });

  it('stays within half a unit of the fourth significant digit', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e300, max: 1e300, noNaN: true }), (value) => {
        fc.pre(Math.abs(value) > 1e-300);
        const read = Number(formatNumber(value).replaceAll(',', ''));
        expect(Math.abs(read - value)).toBeLessThanOrEqual(5.001e-4 * Math.abs(value));
      }),
    );
  });
});

describe('formatCount', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1797, '1,797'],
    [110_000_000, '110,000,000'],
  ])('%d is "%s"', (count, expected) => {
    expect(formatCount(count)).toBe(expected);
  });
});

describe('formatQuantity', () => {
  it.each([
    [1.59943, 0, '1.599'],
    [36.123, 0.37, '36.1 ± 0.4'],
    [36.123, 0.4, '36.1 ± 0.4'],
    [36.123, 0.14, '36.1 ± 0.2'],
    [1.59943, 1e-9, '1.599 ± 0.001'],
    [0.02, 0.5, '0.0 ± 0.5'],
    [-0.02, 0.5, '0.0 ± 0.5'],
    [12_345, 30, '12,350 ± 30'],
    [123_456, 3000, '(1.23 ± 0.03)e5'],
    [1.2e-5, 3e-7, '(1.20 ± 0.03)e-5'],
    [0, 0.002, '0.000 ± 0.002'],
    [9.99, 0.96, '10.0 ± 1.0'],
    [1.5e-320, 2e-322, '(1.50 ± 0.02)e-320'],
  ])('%d, %d is "%s"', (value, standardError, expected) => {
    expect(formatQuantity({ value, standardError })).toBe(expected);
  });

  it('never understates the standard error, and overstates it by one unit of the last place at most', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -1e4, max: 1e4, noNaN: true }),
        fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
        (value, standardError) => {
          const text = formatQuantity({ value, standardError }).replaceAll(',', '');
          const [shown = '', error = ''] = text.split(' ± ');
          const decimals = error.split('.')[1]?.length ?? 0;
          expect(shown.split('.')[1]?.length ?? 0).toBe(decimals);
          expect(Number(error)).toBeGreaterThanOrEqual(standardError * (1 - 1e-6));
          expect(Math.abs(Number(shown) - value)).toBeLessThanOrEqual(Number(error));
        },
      ),
    );
  });
});

describe('formatEstimate', () => {
  it.each([
    [36.1, 0.4, 35.27, 36.93, '36.1 (35.2 to 37.0, 95 %)'],
    [36.1, 0.4, 35.2, 37, '36.1 (35.2 to 37.0, 95 %)'],
    [1.59943, 1e-9, 1.5994299, 1.5994301, '1.599 (1.599 to 1.600, 95 %)'],
    [-0.02, 0.5, -1, 0.96, '0.0 (-1.0 to 1.0, 95 %)'],
    [12_345, 30, 12_286, 12_404, '12,350 (12,280 to 12,410, 95 %)'],
    [1.2e-5, 3e-7, 1.14e-5, 1.261e-5, '1.20e-5 (1.14e-5 to 1.27e-5, 95 %)'],
    [123_456, 3000, 117_500, 129_400, '1.23e5 (1.17e5 to 1.30e5, 95 %)'],
    [2, 0.1, 2, 2, '2.0 (2.0 to 2.0, 95 %)'],
  ])('%d, %d, %d to %d is "%s"', (value, standardError, lower, upper, expected) => {
    expect(formatEstimate({ value, standardError }, { lower, upper })).toBe(expected);
  });

  it('is the value alone where it is exact, and has one standard error where no interval is known', () => {
    expect(formatEstimate({ value: 2, standardError: 0 }, { lower: 2, upper: 2 })).toBe('2');
    expect(formatEstimate({ value: 2, standardError: 0.1 }, undefined)).toBe('2.0 ± 0.1');
  });

  it('never shows an interval narrower than it is', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -1e4, max: 1e4, noNaN: true }),
        fc.double({ min: 1e-6, max: 1e3, noNaN: true }),
        fc.double({ min: 1.9, max: 2.6, noNaN: true }),
        (value, standardError, quantile) => {
          const half = quantile * standardError;
          const text = formatEstimate(
            { value, standardError },
            { lower: value - half, upper: value + half },
          ).replaceAll(',', '');
          const [, low = '', high = ''] = /\((\S+) to (\S+) 95 %\)$/.exec(text) ?? [];
          const rounding = 1e-7 * standardError + 1e-9 * Math.abs(value);
          expect(Number(low)).toBeLessThanOrEqual(value - half + rounding);
          expect(Number(high)).toBeGreaterThanOrEqual(value + half - rounding);
        },
      ),
    );
  });
});

describe('formatPercent', () => {
  it.each([
    [0.894, 2, '89 %'],
    [0.0773, 2, '7.7 %'],
    [0.0017, 2, '0.17 %'],
    [1, 2, '100 %'],
    [0.9961, 2, '99.6 %'],
    [0.99944, 4, '99.94 %'],
    [0.9999999, 2, '> 99.99 %'],
    [1.0421, 2, '104 %'],
    [-0.0312, 2, '-3.1 %'],
    [0, 2, '0 %'],
  ])('%d with %d digits is "%s"', (share, digits, expected) => {
    expect(formatPercent(share, digits)).toBe(expected);
  });
});
