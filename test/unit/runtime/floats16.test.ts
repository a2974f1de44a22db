import { describe, expect, it } from 'vitest';
import { narrowToFloat16, widenFloat16 } from '../../../src/runtime/floats16';

const patterns = Uint16Array.from({ length: 2 ** 16 }, (_, pattern) => pattern);
const isNumber = (pattern: number) => ((pattern >> 10) & 31) !== 31 || (pattern & 1023) === 0;

describe('binary16', () => {
  it('has a pattern for every number that it widens to', () => {
    const numbers = patterns.filter(isNumber);
    expect(narrowToFloat16(Float64Array.from(widenFloat16(numbers)))).toEqual(numbers);
  });

  it('rounds to the nearest number, ties to the even pattern', () => {
    const finite = patterns.filter((pattern) => pattern < 0x7bff);
    const values = widenFloat16(finite);
    const next = widenFloat16(finite.map((pattern) => pattern + 1));
    const between = (share: number) =>
      narrowToFloat16(Float64Array.from(values, (value, i) => value + share * ((next[i] ?? NaN) - value)));
    expect(between(0.49)).toEqual(finite);
    expect(between(0.51)).toEqual(finite.map((pattern) => pattern + 1));
    expect(between(0.5)).toEqual(finite.map((pattern) => pattern + (pattern % 2)));
  });

  it('ends at 65504', () => {
    const values = widenFloat16(narrowToFloat16(Float64Array.of(65519, -65519, 65520, -1e9, NaN)));
    expect([...values]).toEqual([65504, -65504, Infinity, -Infinity, NaN]);
  });
});
