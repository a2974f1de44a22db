import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { cotangentsOf, tangentsOf } from '../../../src/autodiff/derivatives';
import { regroup } from '../../../src/autodiff/regroup';
import { add, div, mul, neg, sub, unary } from '../../../src/graph/static/elementwise';
import { gatherElements, scatterElements } from '../../../src/graph/static/indexing';
import { matmul } from '../../../src/graph/static/linear';
import { reshape } from '../../../src/graph/static/shape';
import { StaticGraph } from '../../../src/graph/static/staticGraph';
import type { Value } from '../../../src/graph/static/value';
import { dependentOn, reachedFrom, sizeOf } from '../../../src/graph/static/value';
import { evaluate, numbers, relativeError } from './evaluation';

const dims = [3, 4];

/** Moving elementwise multiplications, additions and subtractions among what the outputs need. */
function movingElementwise(outputs: readonly Value[], directions: readonly Value[]): number {
  const ordered = reachedFrom(outputs);
  const moving = dependentOn(directions, ordered);
  return ordered.filter(({ operation }) => operation.kind === 'binary').filter((value) => moving.has(value))
    .length;
}

describe('regrouping', () => {
  it('leaves the numbers of any sums and multiples of moving values as they are', async () => {
    const step = fc.record({
      kind: fc.constantFrom('add', 'sub', 'mul', 'div', 'neg', 'product', 'swapped'),
      first: fc.nat(50),
      second: fc.nat(50),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 3, maxLength: 14 }),
        fc.array(fc.nat(50), { minLength: 1, maxLength: 3 }),
        async (steps, picked) => {
          const g = new StaticGraph();
          const directions = [g.input('u', dims, 'real'), g.input('v', dims, 'real')];
          const fixed = [
            g.input('p', dims, 'real'),
            g.input('q', dims, 'real'),
            g.input('r', [1, 4], 'real'),
            g.scalar(3),
          ];
          const square = g.input('s', [4, 4], 'real');
          const moving = [...directions];
          for (const { kind, first, second } of steps) {
            const [a, b] = [moving[first % moving.length]!, moving[second % moving.length]!];
            const factor = fixed[second % fixed.length]!;
            const made = {
              add: () => add(g, a, b),
              sub: () => sub(g, a, b),
              mul: () => mul(g, a, factor),
              swapped: () => mul(g, factor, a),
              div: () => div(g, a, factor),
              neg: () => neg(g, a),
              product: () => matmul(g, a, square),
            }[kind]();
            if (dependentOn(directions, reachedFrom([made])).has(made)) moving.push(made);
          }
          const outputs = picked.map((index) => moving[index % moving.length]!);
          const regrouped = regroup(g, outputs, directions, [square]);
          const feeds = Object.fromEntries(
            [...directions, ...fixed.slice(0, 3), square].map(({ operation, dims: own }, i) => [
              operation.kind === 'input' ? operation.name : '',
              numbers(sizeOf(own), i + 1, 0.5, 1.5),
            ]),
          );
          const wanted = await evaluate(outputs, feeds);
          const found = await evaluate(regrouped, feeds);
          // Sums of numbers of both signs: what cancels is of the size of what is summed, up to 2^14 times 3^14.
          wanted.forEach((each, i) => expect(relativeError(found[i]!, each, 1)).toBeLessThan(1e-9));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('makes two multiplications of the second derivative of a GELU that is written out', () => {
    const g = new StaticGraph();
    const [x, w, v] = [
      g.input('x', [5, 3], 'real'),
      g.input('w', [3, 4], 'real'),
      g.input('v', [3, 4], 'real'),
    ];
    const z = matmul(g, x, w);
    const inner = unary(g, 'erf', div(g, z, g.scalar(Math.SQRT2)));
    const y = mul(g, mul(g, z, add(g, inner, g.scalar(1))), g.scalar(0.5));
    const [gradient] = cotangentsOf(g, new Map([[y, mul(g, y, y)]]), [w]);
    const [tangent] =
      gradient === undefined || gradient === null ? [] : tangentsOf(g, [gradient], new Map([[w, v]]));
    if (tangent === undefined || tangent === null) throw new Error('No second derivative');
    const [product] = regroup(g, [tangent], [v], [x]);
    // ẏ = g′ż is part of y²'s tangent, and the cotangent's own: everything is a multiple of ż.
    expect(movingElementwise([tangent], [v])).toBeGreaterThan(8);
    expect(movingElementwise([product!], [v])).toBe(1);
  });

  it('turns a left operand that does not move, which is then done once for each batch', () => {
    const g = new StaticGraph();
    const [x, v] = [g.input('x', [5, 3], 'real'), g.input('v', [5, 4], 'real')];
    const [product] = regroup(g, [matmul(g, unary(g, 'tanh', x), v, true)], [v], [x]);
    expect(product?.operation).toEqual({ kind: 'matmul', transA: false, transB: false });
    expect(product?.inputs[0]?.dims).toEqual([3, 5]);
  });

  it.each([
    ['a row', [1, 4]],
    ['a bare row', [4]],
    ['a column as long', [4, 1]],
    ['one number', [1]],
    ['a row of a stack', [1, 1, 4]],
  ])('adds %s to what products sum to', async (_, biasDims) => {
    const g = new StaticGraph();
    const [x, v] = [g.input('x', [4, 4], 'real'), g.input('v', [4, 4], 'real')];
    const bias = g.input('bias', biasDims, 'real');
    const sum = add(g, matmul(g, x, v), matmul(g, v, unary(g, 'tanh', x)));
    const outputs = [
      add(g, sum, bias),
      add(g, reshape(g, matmul(g, x, unary(g, 'neg', v)), [2, 2, 4]), g.input('row', [4], 'real')),
    ];
    const directions = [
      v,
      bias,
      ...reachedFrom(outputs).filter(
        ({ operation }) => operation.kind === 'input' && operation.name === 'row',
      ),
    ];
    const feeds = {
      x: numbers(16, 1),
      v: numbers(16, 2),
      bias: numbers(sizeOf(biasDims), 3),
      row: numbers(4, 4),
    };
    const regrouped = await evaluate(regroup(g, outputs, directions, [x]), feeds);
    (await evaluate(outputs, feeds)).forEach((wanted, i) => {
      expect(relativeError(regrouped[i]!, wanted)).toBeLessThan(1e-14);
    });
  });

  it('turns a product whose left operand is the smaller one', async () => {
    const g = new StaticGraph();
    const [x, v] = [g.input('x', [9, 3], 'real'), g.input('v', [2, 3], 'real')];
    const product = matmul(g, v, unary(g, 'tanh', x), false, true);
    const [turned] = regroup(g, [product], [v], [x]);
    expect(turned?.operation.kind).toBe('transpose');
    const feeds = { x: numbers(27, 1), v: numbers(6, 2) };
    const [found, wanted] = await evaluate([turned!, product], feeds);
    expect(relativeError(found!, wanted!)).toBeLessThan(1e-14);
  });

  it('multiplies what a pooling selects, not what it selects from, both ways', async () => {
    const g = new StaticGraph();
    const [x, v] = [g.input('x', [2, 6], 'real'), g.input('v', [2, 6], 'real')];
    const indices = g.constant(BigInt64Array.of(1n, 5n, 0n, 3n), [2, 2]);
    const selected = gatherElements(
      g,
      reshape(g, mul(g, reshape(g, v, [3, 4]), reshape(g, unary(g, 'sin', x), [3, 4])), [2, 6]),
      indices,
    );
    const spread = mul(g, scatterElements(g, selected, indices, 6, true), unary(g, 'cos', x));
    const [product] = regroup(g, [spread], [v], [x]);
    expect(product?.operation.kind).toBe('scatterElements');
    // One multiplication by both factors, of the selected ones.
    const ordered = reachedFrom([product!]);
    const moving = dependentOn([v], ordered);
    const multiplied = ordered.filter((value) => value.operation.kind === 'binary' && moving.has(value));
    expect(multiplied.map(({ dims: own }) => own)).toEqual([[2, 2]]);
    const feeds = { x: numbers(12, 1), v: numbers(12, 2) };
    const [found, wanted] = await evaluate([product!, spread], feeds);
    expect(relativeError(found!, wanted!)).toBeLessThan(1e-15);
  });
});
