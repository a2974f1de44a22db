import { t } from '@vscode/l10n';
import type { Quantity, Range } from '../report';

/**
 * Numbers as a person reads them: at most four significant digits, an estimate with its standard error in the place of
 * its last digit. The text report and the panel write every number through here, so that they agree.
 */

const significantDigits = 4;
/** From here on, and below its counterpart, a power of ten is easier to read than a row of zeros. */
const largestPlain = 1e5;
const smallestPlain = 1e-4;

function groupDigits(digits: string): string {
  const [whole = '', fraction] = digits.split('.');
  const withSeparators = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? withSeparators : `${withSeparators}.${fraction}`;
}

function withoutTrailingZeros(digits: string): string {
  return digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits;
}

function exponentOf(value: number): number {
  return value === 0 ? 0 : Number(value.toExponential(significantDigits - 1).split('e')[1]);
}

function needsPowerOfTen(magnitude: number): boolean {
  return magnitude !== 0 && (magnitude >= largestPlain || magnitude < smallestPlain);
}

/** `value` rounded to the decimal place 10^place, written with that many digits and no sign of zero. */
function atPlace(value: number, place: number): string {
  const unit = 10 ** Math.abs(place);
  const rounded = place > 0 ? Math.round(value / unit) * unit : value;
  const text = rounded.toFixed(Math.min(100, Math.max(0, -place)));
  const withoutNegativeZero = /^-[0.]+$/.test(text) ? text.slice(1) : text;
  return groupDigits(withoutNegativeZero);
}

/** A whole number with thousands separators: 1797 is "1,797". */
export function formatCount(count: number): string {
  return groupDigits(String(Math.round(count)));
}

/** At most four significant digits, trailing zeros dropped: 1.59943 is "1.599", 0.00000123 is "1.23e-6". */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? t('not a number') : value > 0 ? '∞' : '-∞';
  if (value === 0) return '0';
  const exponent = exponentOf(value);
  if (needsPowerOfTen(Math.abs(Number(value.toPrecision(significantDigits))))) {
    const mantissa = value.toExponential(significantDigits - 1).split('e')[0] ?? '';
    return `${withoutTrailingZeros(mantissa)}e${String(exponent)}`;
  }
  return withoutTrailingZeros(atPlace(value, exponent - significantDigits + 1));
}

/** The nearest number of four significant digits that is not above `value`, as `formatNumber` writes it: for a lower end. */
export function formatBelow(value: number): string {
  return formatNumber(towards(value, -1));
}

/** The nearest number of four significant digits that is not below `value`, as `formatNumber` writes it: for an upper end. */
export function formatAbove(value: number): string {
  return formatNumber(towards(value, 1));
}

/** `value` rounded to the digits that are shown, in one direction. */
function towards(value: number, direction: 1 | -1): number {
  if (value === 0 || !Number.isFinite(value)) return value;
  const rounded = Number(value.toPrecision(significantDigits));
  if ((rounded - value) * direction >= 0) return rounded;
  const [mantissa = '', exponent = '0'] = rounded.toExponential(significantDigits - 1).split('e');
  // Digits as a whole number: one unit of the last of them is exact.
  const digits = Number(mantissa.replace('.', ''));
  const unit = Number(exponent) - significantDigits + 1;
  // Below a power of ten the units are ten times finer.
  return Math.abs(digits) === 10 ** (significantDigits - 1) && digits * direction < 0
    ? Number(`${String(10 * digits + direction)}e${String(unit - 1)}`)
    : Number(`${String(digits + direction)}e${String(unit)}`);
}

/**
 * The value alone where it is exact; else "36.1 ± 0.4": the standard error rounded up to one digit (it is never
 * understated) and the value to the same place, but never to more than four significant digits.
 */
export function formatQuantity(quantity: Quantity): string {
  const { value, standardError } = quantity;
  if (standardError === 0 || !Number.isFinite(value) || !Number.isFinite(standardError)) {
    return formatNumber(value);
  }
  const leading = Math.max(Math.abs(value), standardError);
  if (needsPowerOfTen(Number(leading.toPrecision(significantDigits)))) {
    const exponent = exponentOf(leading);
    // In two halves: a single power of ten could leave the range of float64.
    const half = Math.trunc(exponent / 2);
    const scaled = (part: number): number => part / 10 ** half / 10 ** (exponent - half);
    return `(${plainQuantity(scaled(value), scaled(standardError))})e${String(exponent)}`;
  }
  return plainQuantity(value, standardError);
}

/**
 * An estimate with its 95 % interval: "36.1 (35.2 to 37.0, 95 %)", its ends rounded outwards to the place of the standard
 * error's digit; as `formatQuantity` where there is none.
 */
export function formatEstimate(quantity: Quantity, interval: Range | undefined): string {
  const { value, standardError } = quantity;
  if (interval === undefined || standardError === 0) return formatQuantity(quantity);
  const { lower, upper } = interval;
  if (![value, standardError, lower, upper].every(Number.isFinite)) return formatQuantity(quantity);
  const leading = Math.max(Math.abs(value), Math.abs(lower), Math.abs(upper));
  const exponent = needsPowerOfTen(Number(leading.toPrecision(significantDigits))) ? exponentOf(leading) : 0;
  const half = Math.trunc(exponent / 2);
  const scaled = (part: number): number => part / 10 ** half / 10 ** (exponent - half);
  const place = lastPlace(scaled(leading), scaled(standardError));
  const outwards = (end: number, round: (steps: number) => number, slack: number): number =>
    round(scaled(end) * 10 ** -place + slack) * 10 ** place;
  const [middle, low, high] = [
    scaled(value),
    outwards(lower, Math.floor, 1e-9),
    outwards(upper, Math.ceil, -1e-9),
  ].map((part) => `${atPlace(part, place)}${exponent === 0 ? '' : `e${String(exponent)}`}`);
  return t`${middle ?? ''} (${low ?? ''} to ${high ?? ''}, 95 %)`;
}

/** The place of the error's digit, but of the value's fourth at the last. */
function lastPlace(value: number, standardError: number): number {
  const lastOfError = Math.floor(Math.log10(standardError) + 1e-12);
  return Math.max(lastOfError, exponentOf(value) - significantDigits + 1);
}

function plainQuantity(value: number, standardError: number): string {
  const place = lastPlace(Math.max(Math.abs(value), standardError), standardError);
  // 0.4 / 0.1 is a little above 4: without the slack it would round up to 0.5.
  const steps = Math.ceil(standardError * 10 ** -place - 1e-9);
  return `${atPlace(value, place)} ± ${atPlace(Math.max(1, steps) * 10 ** place, place)}`;
}

/** A share as a percentage with `digits` significant digits: "89 %", "0.17 %"; only a whole reads "100 %". */
export function formatPercent(share: number, digits = 2): string {
  if (!Number.isFinite(share)) return formatNumber(share);
  const percent = 100 * share;
  const precision = Math.abs(percent) >= 100 ? Math.max(3, digits) : digits;
  for (let tried = precision; tried < 6; tried += 1) {
    const rounded = Number(percent.toPrecision(tried));
    if (Math.abs(rounded) !== 100 || Math.abs(percent) >= 100) return `${formatNumber(rounded)} %`;
  }
  return percent > 0 ? '> 99.99 %' : '< -99.99 %';
}
