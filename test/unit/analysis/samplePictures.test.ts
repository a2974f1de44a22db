import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { samplePictures } from '../../../src/analysis/samplePictures';
import type { SampleInput } from '../../../src/samples/samples';

/** Samples of these dimensions; the numbers count up. */
function counting(dims: readonly number[], samples = 1): SampleInput {
  const size = dims.reduce((product, next) => product * next, 1);
  return { name: 'x', dims, data: Float64Array.from({ length: size * samples }, (_, at) => at) };
}

/** Width × height × channels, or null. */
function shapeOf(...dims: number[]): string | null {
  const [picture] = samplePictures(counting(dims), [0]) ?? [];
  return picture === undefined ? null : `${picture.width} × ${picture.height} × ${picture.channels}`;
}

describe('samples as pictures', () => {
  it.each([
    [[28, 20], '20 × 28 × 1'],
    [[1, 28, 20], '20 × 28 × 1'],
    [[28, 20, 1], '20 × 28 × 1'],
    [[3, 28, 20], '20 × 28 × 3'],
    [[28, 20, 3], '20 × 28 × 3'],
    [[64], '8 × 8 × 1'],
    [[1, 64], '8 × 8 × 1'],
    [[1, 784, 1], '28 × 28 × 1'],
    [[4096], '64 × 64 × 1'],
    [[64, 64], '64 × 64 × 1'],
  ])('of dimensions %j are %s', (dims, shape) => {
    expect(shapeOf(...dims)).toBe(shape);
  });

  it.each([
    [[]],
    [[63]],
    [[49]],
    [[65]],
    [[4225]],
    [[65, 64]],
    [[3, 65, 3]],
    [[2, 8, 8]],
    [[8, 8, 2]],
    [[1, 1, 8, 8]],
  ])('of dimensions %j are none', (dims) => {
    expect(shapeOf(...dims)).toBeNull();
  });

  it('have the channels of a pixel side by side, whichever way the file has them', () => {
    const first = samplePictures(counting([3, 2, 2]), [0])?.[0]?.pixels;
    // Pixel by pixel: 0 4 8, 1 5 9, 2 6 10, 3 7 11, of 11.
    expect(first).toEqual(
      [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11].map((value) => Math.round((255 * value) / 11)),
    );
    const last = samplePictures(counting([2, 2, 3]), [0])?.[0]?.pixels;
    expect(last).toEqual(Array.from({ length: 12 }, (_, value) => Math.round((255 * value) / 11)));
  });

  it('are scaled over those that are shown, and in their order', () => {
    const pictures = samplePictures(counting([2, 2], 5), [3, 1]);
    expect(pictures?.map(({ pixels }) => pixels)).toEqual([
      [0, 1, 2, 3].map((at) => Math.round((255 * (8 + at)) / 11)),
      [0, 1, 2, 3].map((at) => Math.round((255 * at) / 11)),
    ]);
  });

  it('are whole numbers from 0 to 255 for any finite numbers, also where all are alike', () => {
    const data = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), {
      minLength: 8,
      maxLength: 8,
    });
    fc.assert(
      fc.property(data, (values) => {
        const pictures = samplePictures({ name: 'x', dims: [2, 2], data: Float64Array.from(values) }, [0, 1]);
        for (const value of pictures?.flatMap(({ pixels }) => pixels) ?? [-1]) {
          expect(Number.isInteger(value) && value >= 0 && value <= 255).toBe(true);
        }
      }),
    );
    const alike = samplePictures({ name: 'x', dims: [2, 2], data: new Float64Array(4).fill(7) }, [0]);
    expect(alike?.[0]?.pixels).toEqual([0, 0, 0, 0]);
  });
});
