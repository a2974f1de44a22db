import { describe, expect, it } from 'vitest';
import { multiplyAddsOf, peakBytesOf } from '../../../src/autodiff/workload';
import { add, mul, unary } from '../../../src/graph/static/elementwise';
import { matmul } from '../../../src/graph/static/linear';
import { reshape } from '../../../src/graph/static/shape';
import { StaticGraph } from '../../../src/graph/static/staticGraph';
import type { Value } from '../../../src/graph/static/value';
import { reachedFrom } from '../../../src/graph/static/value';

const nothing = new Map<Value, string>();

describe('the memory of a graph', () => {
  const g = new StaticGraph();
  const x = g.input('x', [10, 100], 'real');

  it('counts what is alive together, and what is read no more is let go', () => {
    let value = x;
    for (let i = 0; i < 7; i++) value = unary(g, i % 2 === 0 ? 'tanh' : 'exp', value);
    // One value and the one that is made of it, however long the chain is.
    expect(peakBytesOf([value], nothing, 'float64')).toBe(2 * 8000);
    expect(peakBytesOf([value], nothing, 'float32')).toBe(2 * 4000);
  });

  it('keeps what is read later, and outputs to the end', () => {
    const [a, b, c] = [unary(g, 'sin', x), unary(g, 'cos', x), unary(g, 'sqrt', x)];
    const sum = add(g, mul(g, a, b), c);
    // a, b and c, and the product of two of them; then a and b go, and the sum comes.
    expect(peakBytesOf([sum], nothing, 'float32')).toBe(4 * 4000);
    expect(peakBytesOf([sum, a, b], nothing, 'float32')).toBe(5 * 4000);
  });

  it('counts a reshaped value once, and what is given not at all', () => {
    const a = unary(g, 'tanh', x);
    const turned = reshape(g, a, [100, 10]);
    const product = matmul(g, turned, x);
    expect(peakBytesOf([product], nothing, 'float32')).toBe(4000 + 4 * 100 * 100);
    expect(peakBytesOf([product], new Map([[a, 'a']]), 'float32')).toBe(4 * 100 * 100);
  });

  it('counts the parts that columns are put together from', () => {
    const images = g.input('images', [2, 3, 5, 5], 'real');
    const windows = {
      kernel: [2, 2],
      strides: [1, 1],
      dilations: [1, 1],
      padsBefore: [0, 0],
      padsAfter: [0, 0],
    };
    const columns = g.make({ kind: 'im2col', windows }, [images], [8, 3, 4, 4], 'real');
    const size = 4 * 8 * 3 * 16;
    expect(peakBytesOf([columns], nothing, 'float32')).toBe(2 * size + 4 * 150);
  });
});

it('the work of a graph is that of its products, and one for every other number', () => {
  const g = new StaticGraph();
  const [a, b] = [g.input('a', [3, 5], 'real'), g.input('b', [5, 7], 'real')];
  const value = unary(g, 'tanh', matmul(g, a, b));
  expect(multiplyAddsOf(reachedFrom([value]))).toBe(3 * 5 * 7 + 3 * 7);
});
