import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawWithoutReplacement, SeededRandom } from '../../../src/samples/random';

const seeds = fc.maxSafeInteger();

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

describe('seeded random numbers', () => {
  it('are those of the published xoshiro128** 1.1', () => {
    const random = SeededRandom.fromState(Uint32Array.of(1, 2, 3, 4));
    expect(Array.from({ length: 10 }, () => random.nextUint32())).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ]);
  });

  it('follow from the seed, and differ where any bit of it does', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 0, max: 52 }), (seed, bit) => {
        const first = (from: number): number[] => {
          const random = SeededRandom.fromSeed(from);
          return Array.from({ length: 8 }, () => random.nextUint32());
        };
        expect(first(seed)).toEqual(first(seed));
        const other = seed >= 0 ? seed - 2 ** bit : seed + 2 ** bit;
        expect(first(seed)).not.toEqual(first(other));
      }),
    );
    expect(() => SeededRandom.fromSeed(0.5)).toThrow(RangeError);
  });

  it('are uniform and normal to within five standard errors', () => {
    const count = 40_000;
    const random = SeededRandom.fromSeed(7);
    const uniform = Array.from({ length: count }, () => random.uniform());
    expect(uniform.every((value) => value >= 0 && value < 1)).toBe(true);
    expect(Math.abs(mean(uniform) - 1 / 2)).toBeLessThan(5 / Math.sqrt(12 * count));
    const normal = Array.from({ length: count }, () => random.normal());
    // Moments of a standard normal: 0, 1, 0, 3; variances of the estimates: 1, 2, 15, 96.
    [
      [1, 0, 1],
      [2, 1, 2],
      [3, 0, 15],
      [4, 3, 96],
    ].forEach(([power = 0, moment = 0, variance = 0]) => {
      const estimate = mean(normal.map((value) => value ** power));
      expect(Math.abs(estimate - moment)).toBeLessThan(5 * Math.sqrt(variance / count));
    });
  });

  it('below a bound are its whole numbers', () => {
    const random = SeededRandom.fromSeed(1);
    expect(new Set(Array.from({ length: 200 }, () => random.below(3)))).toEqual(new Set([0, 1, 2]));
  });

  it('draw distinct numbers in ascending order', () => {
    fc.assert(
      fc.property(fc.nat(200), fc.nat(200), seeds, (total, wanted, seed) => {
        const drawn = Array.from(drawWithoutReplacement(total, wanted, seed));
        expect(drawn).toHaveLength(Math.min(total, wanted));
        expect([...new Set(drawn)].sort((a, b) => a - b)).toEqual(drawn);
        expect(drawn.every((index) => index >= 0 && index < total)).toBe(true);
      }),
    );
  });

  it('draw each number equally often', () => {
    const draws = 5000;
    const counts = new Array<number>(10).fill(0);
    for (let seed = 0; seed < draws; seed++) {
      for (const index of drawWithoutReplacement(10, 3, seed)) counts[index] = (counts[index] ?? 0) + 1;
    }
    for (const count of counts)
      expect(Math.abs(count / draws - 0.3)).toBeLessThan(5 * Math.sqrt((0.3 * 0.7) / draws));
  });
});
