import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatCount, formatNumber, formatPercent, formatQuantity } from '../../../src/report/number';

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
