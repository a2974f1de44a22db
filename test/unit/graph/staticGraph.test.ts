import { describe, expect, it } from 'vitest';
import { findNeededValues, writeOnnx } from '../../../src/graph/writing/writeOnnx';
import { add, mul, neg, scale, sub, unary } from '../../../src/graph/static/elementwise';
import { matmul, reduceSum } from '../../../src/graph/static/linear';
import { concat, expand, reshape, slice, transpose } from '../../../src/graph/static/shape';
import { StaticGraph, broadcastDims } from '../../../src/graph/static/staticGraph';
import { evaluate, numbers } from '../autodiff/evaluation';

describe('a static graph', () => {
  const g = new StaticGraph();
  const x = g.input('x', [2, 3, 4], 'real');

  it('makes every value once', () => {
    const again = g.input('x', [2, 3, 4], 'real');
    expect(again).toBe(x);
    expect(unary(g, 'tanh', again)).toBe(unary(g, 'tanh', x));
    expect(scale(g, x, 2)).not.toBe(scale(g, x, 3));
    expect(scale(g, x, -0)).not.toBe(scale(g, x, 0));
  });

  it('leaves out what changes nothing', () => {
    expect(scale(g, x, 1)).toBe(x);
    expect(add(g, g.scalar(0), x)).toBe(x);
    expect(neg(g, neg(g, x))).toBe(x);
    expect(scale(g, scale(g, x, 2), 0.5)).toBe(x);
    expect(reshape(g, reshape(g, x, [24]), [2, 3, 4])).toBe(x);
    expect(transpose(g, transpose(g, x, [1, 2, 0]), [2, 0, 1])).toBe(x);
    expect(sub(g, x, neg(g, x))).toBe(add(g, x, x));
  });

  it('computes constants', () => {
    const folded = add(
      g,
      g.constant(Float64Array.of(1, 2), [2, 1]),
      g.constant(Float64Array.of(10, 20, 30), [3]),
    );
    expect(folded.operation).toEqual({ kind: 'constant', data: Float64Array.of(11, 21, 31, 12, 22, 32) });
    expect(folded.dims).toEqual([2, 3]);
  });

  it('cuts and joins constants', () => {
    const [rows, columns] = [3, 4];
    const element = (row: number, column: number) => 10 * row + column;
    const data = Float64Array.from({ length: rows * columns }, (_, i) =>
      element(Math.floor(i / columns), i % columns),
    );
    const constant = g.constant(data, [rows, columns]);
    // Rows 2, 1 and columns 0, 2.
    const cut = slice(g, constant, [2, 0], [0, 4], [-1, 2]);
    expect(cut.dims).toEqual([2, 2]);
    expect(cut.operation).toEqual({ kind: 'constant', data: Float64Array.of(20, 22, 10, 12) });
    const joined = concat(g, [cut, g.constant(Float64Array.of(-1, -2), [2, 1]), cut], 1);
    expect(joined.dims).toEqual([2, 5]);
    const wanted = Float64Array.of(20, 22, -1, 20, 22, 10, 12, -2, 10, 12);
    expect(joined.operation).toEqual({ kind: 'constant', data: wanted });
    expect(concat(g, [cut, cut], 0).operation).toEqual({
      kind: 'constant',
      data: Float64Array.of(20, 22, 10, 12, 20, 22, 10, 12),
    });
    expect(concat(g, [cut, g.input('w', [2, 2], 'real')], 0).operation.kind).toBe('concat');
  });

  it('lets transposes sink until they meet their inverse', () => {
    const turned = transpose(g, x, [1, 0, 2]);
    const bias = g.input('bias', [1, 1, 4], 'real');
    expect(transpose(g, add(g, unary(g, 'tanh', turned), bias), [1, 0, 2])).toBe(
      add(g, unary(g, 'tanh', x), bias),
    );
    expect(reduceSum(g, turned, [0])).toBe(reshape(g, reduceSum(g, x, [1]), [1, 2, 4]));
    const square = matmul(
      g,
      transpose(g, g.input('a', [3, 2], 'real'), [1, 0]),
      g.input('b', [3, 5], 'real'),
    );
    expect(square.operation).toEqual({ kind: 'matmul', transA: true, transB: false });
  });

  it('leaves out an expansion that broadcasting does anyway', () => {
    const row = g.input('row', [4], 'real');
    expect(mul(g, expand(g, row, [2, 3, 4]), x)).toBe(mul(g, row, x));
  });

  it('gives the numbers that the operations say, simplified or not', async () => {
    const turned = transpose(g, x, [2, 0, 1]);
    const value = reduceSum(g, mul(g, scale(g, turned, 3), unary(g, 'exp', neg(g, turned))), [1]);
    const data = numbers(24, 1);
    const [found] = await evaluate([value], { x: data });
    for (let k = 0; k < 4; k++) {
      for (let j = 0; j < 3; j++) {
        const wanted = [0, 1].reduce((sum, i) => {
          const own = data[i * 12 + j * 4 + k] ?? Number.NaN;
          return sum + 3 * own * Math.exp(-own);
        }, 0);
        expect(found?.[k * 3 + j]).toBeCloseTo(wanted, 14);
      }
    }
  });

  it('is written without what no output needs, and without what is given', () => {
    const used = unary(g, 'tanh', x);
    unary(g, 'sin', x);
    const value = mul(g, used, used);
    expect(findNeededValues([value], new Map())).toEqual([x, used, value]);
    expect([
      ...writeOnnx(new Map([['y', value]]), new Map([[used, 'kept']]), 'float32').inputs.keys(),
    ]).toEqual(['kept']);
  });

  it('refuses dimensions that do not fit', () => {
    expect(() => broadcastDims([[2, 3], [4]])).toThrow(RangeError);
    expect(() => matmul(g, g.input('a', [3, 2], 'real'), x)).toThrow(RangeError);
    expect(() => reshape(g, x, [5])).toThrow(RangeError);
  });
});
