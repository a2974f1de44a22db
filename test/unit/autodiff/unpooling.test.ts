import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { repeatedOverWindows } from '../../../src/autodiff/unpooling';
import { regroup } from '../../../src/autodiff/regroup';
import { mul, unary } from '../../../src/graph/static/elementwise';
import { gatherElements, scatterElements } from '../../../src/graph/static/indexing';
import { reshape } from '../../../src/graph/static/shape';
import { StaticGraph } from '../../../src/graph/static/staticGraph';
import type { OperationOf, Windows } from '../../../src/graph/static/value';
import { dependentOn, reachedFrom, sizeOf } from '../../../src/graph/static/value';
import { evaluate, numbers } from './evaluation';

function tiling(kernel: readonly number[]): Windows {
  const none = kernel.map(() => 0);
  return { kernel, strides: kernel, dilations: kernel.map(() => 1), padsBefore: none, padsAfter: none };
}

/** Elements with the places that a pooling of x has taken them from. */
function pooled(windows: Windows, counts: readonly number[], spatial: readonly number[]) {
  const g = new StaticGraph();
  const [count, channels] = [2, 3];
  const x = g.input('x', [count, channels, ...spatial], 'real');
  const rows = count * channels;
  const operation = { kind: 'maxPoolIndices', windows, ceil: false } as const;
  const indices = g.make(operation, [x], [rows, sizeOf(counts)], 'int64');
  const elements = g.input('elements', [rows, sizeOf(counts)], 'real');
  const columns = sizeOf(spatial);
  return {
    g,
    x,
    elements,
    indices,
    columns,
    feeds: { x: numbers(rows * columns, 1), elements: numbers(rows * sizeOf(counts), 2) },
  };
}

const scatter = (columns: number): OperationOf<'scatterElements'> => ({
  kind: 'scatterElements',
  columns,
  disjoint: true,
});

describe('what a pooling selected', () => {
  it('goes back by a mask to where scattering by index puts it, for windows that tile the image', async () => {
    const axis = fc.record({ size: fc.integer({ min: 1, max: 3 }), windows: fc.integer({ min: 1, max: 5 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(axis, { minLength: 1, maxLength: 2 }), async (axes) => {
        const counts = axes.map(({ windows }) => windows);
        const spatial = axes.map(({ size, windows }) => size * windows);
        const { g, elements, indices, columns, feeds } = pooled(
          tiling(axes.map(({ size }) => size)),
          counts,
          spatial,
        );
        const masked = repeatedOverWindows(g, elements, indices, scatter(columns));
        if (masked === null) throw new Error('These windows tile the image');
        const [found, wanted] = await evaluate(
          [mul(g, masked.repeated, masked.mask), scatterElements(g, elements, indices, columns, true)],
          feeds,
        );
        // −0 and 0 are one number here.
        expect(found!.map((value) => value + 0)).toEqual(wanted!.map((value) => value + 0));
      }),
    );
  });

  it.each([
    ['overlap', { ...tiling([2, 2]), strides: [1, 2] }, [3, 2], [4, 4]],
    ['lie apart', { ...tiling([2, 2]), strides: [3, 2] }, [2, 2], [5, 4]],
    ['leave a rest', tiling([2, 2]), [2, 2], [4, 5]],
    ['reach into padding', { ...tiling([2, 2]), padsBefore: [1, 0], padsAfter: [1, 0] }, [3, 2], [4, 4]],
    ['are many in a row', tiling([2, 2]), [1, 33], [2, 66]],
    ['have three axes', tiling([1, 2, 2]), [1, 2, 2], [1, 4, 4]],
  ] as const)('is scattered by index where windows %s', (_, windows, counts, spatial) => {
    const { g, elements, indices, columns } = pooled(windows, counts, spatial);
    expect(repeatedOverWindows(g, elements, indices, scatter(columns))).toBeNull();
  });

  it('takes what it is multiplied with into the mask, once for each batch', async () => {
    const { g, x, elements, indices, columns, feeds } = pooled(tiling([2, 2]), [2, 3], [4, 6]);
    const back = reshape(g, scatterElements(g, elements, indices, columns, true), x.dims);
    const product = mul(g, back, unary(g, 'cos', x));
    const [regrouped] = regroup(g, [product], [elements], [x]);
    const ordered = reachedFrom([regrouped!]);
    const moving = dependentOn([elements], ordered);
    const kinds = ordered.filter((value) => moving.has(value)).map(({ operation }) => operation.kind);
    expect(kinds).toEqual(['input', 'reshape', 'matmul', 'reshape', 'binary']);
    const [found, wanted] = await evaluate([regrouped!, product], feeds);
    expect(found!.map((value) => value + 0)).toEqual(wanted!.map((value) => value + 0));
  });

  it('is scattered where the places move with the vector', async () => {
    const { g, x, elements, indices, columns } = pooled(tiling([2, 2]), [2, 3], [4, 6]);
    const back = scatterElements(g, elements, indices, columns, true);
    const selected = gatherElements(g, back, indices);
    const [regrouped] = regroup(g, [selected], [x, elements], []);
    const kinds = reachedFrom([regrouped!]).map(({ operation }) => operation.kind);
    expect(kinds).toContain('scatterElements');
  });
});
