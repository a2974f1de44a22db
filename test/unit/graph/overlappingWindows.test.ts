import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { col2im } from '../../../src/graph/static/convolution';
import { add } from '../../../src/graph/static/elementwise';
import { matmul } from '../../../src/graph/static/linear';
import { shiftedSum } from '../../../src/graph/static/overlappingWindows';
import { reshape } from '../../../src/graph/static/shape';
import { StaticGraph } from '../../../src/graph/static/staticGraph';
import type { Windows } from '../../../src/graph/static/value';
import { sizeOf } from '../../../src/graph/static/value';
import { evaluate, numbers, relativeError } from '../autodiff/evaluation';

interface Geometry {
  readonly channels: number;
  readonly inner: number;
  readonly count: number;
  readonly spatial: readonly number[];
  readonly windows: Windows;
  /** How many windows there are along each axis. */
  readonly counts: readonly number[];
}

/** All positions within the sizes, the last axis fastest. */
function positions(sizes: readonly number[]): number[][] {
  return sizes.reduce<number[][]>(
    (all, size) => all.flatMap((position) => Array.from({ length: size }, (_, i) => [...position, i])),
    [[]],
  );
}

function flatIndex(position: readonly number[], sizes: readonly number[]): number {
  return position.reduce((index, at, axis) => index * sizes[axis]! + at, 0);
}

/** By its definition: every number of every column is added to the pixel that it stands for. */
function summedByPixel(
  { channels, inner, count, spatial, windows, counts }: Geometry,
  weight: Float64Array,
  maps: Float64Array,
): Float64Array {
  const image = new Float64Array(channels * count * sizeOf(spatial));
  const [taps, places] = [positions(windows.kernel), positions(counts)];
  for (let channel = 0; channel < channels; channel++)
    for (const [tap, offsets] of taps.entries())
      for (let sample = 0; sample < count; sample++)
        for (const [place, window] of places.entries()) {
          const pixel = window.map(
            (at, i) =>
              at * windows.strides[i]! + offsets[i]! * windows.dilations[i]! - windows.padsBefore[i]!,
          );
          if (pixel.some((at, i) => at < 0 || at >= spatial[i]!)) continue;
          let value = 0;
          for (let map = 0; map < inner; map++) {
            const row = map * channels * taps.length + channel * taps.length + tap;
            value += weight[row]! * maps[(map * count + sample) * places.length + place]!;
          }
          const at = (channel * count + sample) * sizeOf(spatial) + flatIndex(pixel, spatial);
          image[at]! += value;
        }
  return image;
}

/** The image of two products of matrices [inner, C · taps] with maps [inner, N · windows]; null where it is not made. */
function built(geometry: Geometry, make: typeof shiftedSum) {
  const { channels, inner, count, spatial, windows, counts } = geometry;
  const g = new StaticGraph();
  const rows = channels * sizeOf(windows.kernel);
  const cells = count * sizeOf(counts);
  const input = (name: string, dims: readonly number[]) => g.input(name, dims, 'real');
  const product = (name: string) =>
    matmul(g, input(`weight ${name}`, [inner, rows]), input(`maps ${name}`, [inner, cells]), true);
  const columns = reshape(g, add(g, product('a'), product('b')), [rows, count, ...counts]);
  const feeds = {
    'weight a': numbers(inner * rows, 1),
    'weight b': numbers(inner * rows, 2),
    'maps a': numbers(inner * cells, 3),
    'maps b': numbers(inner * cells, 4),
  };
  const parts = [
    summedByPixel(geometry, feeds['weight a'], feeds['maps a']),
    summedByPixel(geometry, feeds['weight b'], feeds['maps b']),
  ] as const;
  return {
    image: make(g, columns, windows, spatial),
    feeds,
    wanted: parts[0].map((value, i) => value + parts[1][i]!),
  };
}

const axis = fc
  .record({
    size: fc.integer({ min: 1, max: 5 }),
    kernel: fc.integer({ min: 1, max: 4 }),
    dilation: fc.integer({ min: 1, max: 2 }),
    before: fc.integer({ min: 0, max: 3 }),
    after: fc.integer({ min: 0, max: 3 }),
  })
  .map((own) => ({
    ...own,
    count: own.size + own.before + own.after - own.dilation * (own.kernel - 1),
  }))
  .filter(({ count }) => count >= 1);

const geometry = fc
  .record({
    axes: fc.array(axis, { minLength: 1, maxLength: 3 }),
    channels: fc.integer({ min: 1, max: 2 }),
    inner: fc.integer({ min: 1, max: 2 }),
    count: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ axes, ...sizes }): Geometry => ({
    ...sizes,
    spatial: axes.map(({ size }) => size),
    counts: axes.map(({ count }) => count),
    windows: {
      kernel: axes.map(({ kernel }) => kernel),
      strides: axes.map(() => 1),
      dilations: axes.map(({ dilation }) => dilation),
      padsBefore: axes.map(({ before }) => before),
      padsAfter: axes.map(({ after }) => after),
    },
  }));

describe('columns summed along one flat axis', () => {
  it('make every pixel of its own windows and no others, for any windows that lie one apart', async () => {
    await fc.assert(
      fc.asyncProperty(geometry, async (own) => {
        const { image, feeds, wanted } = built(own, shiftedSum);
        expect(image?.dims).toEqual([own.channels, own.count, ...own.spatial]);
        const [found] = await evaluate(image === null ? [] : [image], feeds);
        expect(relativeError(found!, wanted, 1e-3)).toBeLessThan(1e-14);
      }),
      { numRuns: 300 },
    );
  });

  const square = (channels: number, size: number, stride: number): Geometry => ({
    channels,
    inner: 2,
    count: 1,
    spatial: [size, size],
    counts: [Math.ceil(size / stride), Math.ceil(size / stride)],
    windows: {
      kernel: [3, 3],
      strides: [stride, stride],
      dilations: [1, 1],
      padsBefore: [1, 1],
      padsAfter: [1, 1],
    },
  });

  it.each([
    ['lie further apart', square(2, 7, 2)],
    ['would be too many to be formed', square(30, 64, 1)],
  ])('are a convolution where they %s', async (_, own) => {
    expect(built(own, shiftedSum).image).toBeNull();
    const { image, feeds, wanted } = built(own, col2im);
    const [found] = await evaluate([image!], feeds);
    expect(relativeError(found!, wanted)).toBeLessThan(1e-14);
  });
});
