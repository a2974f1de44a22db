import { describe, expect, it } from 'vitest';
import { drawSigns, drawDirection } from '../../../src/curvature/randomVectors';
import { innerProduct } from '../../../src/curvature/vectors';
import { SeededRandom } from '../../../src/samples/random';

describe('vectors', () => {
  it('have inner products over a part', () => {
    const [x, y] = [Float64Array.of(1, 2, 3, 4), Float64Array.of(5, 6, 7, 8)];
    expect([innerProduct(x, y), innerProduct(x, y, 1, 3)]).toEqual([70, 33]);
  });
});

describe('signs', () => {
  it('are all 32 bits of every draw, and no more than asked', () => {
    const words = [0xffffffff, 0x00000001];
    const drawn = drawSigns(new Float64Array(40), { nextUint32: () => words.shift() ?? 0, normal: () => 0 });
    expect([...drawn.slice(0, 32)]).toEqual(new Array<number>(32).fill(1));
    expect([...drawn.slice(32)]).toEqual([1, -1, -1, -1, -1, -1, -1, -1]);
  });

  it('are even and independent of their neighbours', () => {
    const random = SeededRandom.fromSeed(9);
    const drawn = drawSigns(new Float64Array(100_000), random);
    const mean = drawn.reduce((sum, value) => sum + value, 0) / drawn.length;
    const lag = drawn.reduce((sum, value, i) => sum + value * (drawn[i + 1] ?? 0), 0) / drawn.length;
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(drawn.length));
    expect(Math.abs(lag)).toBeLessThan(4 / Math.sqrt(drawn.length));
  });
});

describe('a uniform direction', () => {
  it('is drawn again where all its numbers are 0', () => {
    const numbers = [0, 0, 3, 4];
    const direction = drawDirection(2, { nextUint32: () => 0, normal: () => numbers.shift() ?? 0 });
    expect([...direction]).toEqual([0.6, 0.8]);
  });
});
