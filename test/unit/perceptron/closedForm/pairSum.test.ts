import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  PairGram,
  PairPanels,
  PairSum,
  type PairFeatures,
} from '../../../../src/perceptron/closedForm/pairSum';
import { MatrixProducts, type Matrix } from '../../../../src/runtime/matrixProducts';

let products: MatrixProducts;

beforeAll(async () => {
  products = await MatrixProducts.open(1);
});

afterAll(async () => {
  await products.release();
});

/** Small whole numbers, so that every sum is exact in whatever order it is taken. */
function features(rows: number, columns: number, step: number): Matrix {
  const data = Float64Array.from({ length: rows * columns }, (_, at) => ((at * step) % 7) - 3);
  return { rows, columns, data };
}

function product([left, right]: PairFeatures, n: number, other: number): number {
  let sum = 0;
  for (let f = 0; f < left.columns; f++) {
    sum += (left.data[n * left.columns + f] ?? NaN) * (right.data[other * right.columns + f] ?? NaN);
  }
  return sum;
}

describe.each([
  { name: 'the same samples', samples: 700, others: 700, symmetric: true },
  { name: 'two runs of samples', samples: 300, others: 700, symmetric: false },
  { name: 'one sample', samples: 1, others: 1, symmetric: true },
])('pairs of $name', ({ samples, others, symmetric }) => {
  const [first, second] = [2, 3].map((step): PairFeatures => [
    features(samples, 4, step),
    features(others, 4, symmetric ? step : step + 2),
  ]) as [PairFeatures, PairFeatures];

  it('are all there, once or with their mirror image', () => {
    const { all } = new PairPanels(samples, others, symmetric, products);
    const seen = new Set<number>();
    for (const { from, to, start } of all) {
      for (let n = from; n < to; n++)
        for (let other = start; other < others; other++) seen.add(n * others + other);
    }
    for (let n = 0; n < samples; n++) {
      for (let other = symmetric ? n : 0; other < others; other++) {
        if (!seen.has(n * others + other)) expect.fail(`the pair ${n}, ${other} is missing`);
      }
    }
    if (samples > 1) expect(all.length).toBeGreaterThan(1);
  });

  it('add up terms and products of terms, whether settled in between or not', async () => {
    const panels = new PairPanels(samples, others, symmetric, products);
    const sum = new PairSum(panels);
    sum.add(first);
    sum.add(first, second);
    await sum.settle();
    sum.add(second);
    const gram = new PairGram(panels, first);
    for (const panel of panels.all) {
      const elements = await sum.take(panel);
      const grams = await gram.panel(panel);
      const { from, to, start } = panel;
      for (let n = from; n < to; n++) {
        for (let other = start; other < others; other++) {
          const [one, two] = [product(first, n, other), product(second, n, other)];
          const at = (other - start) * (to - from) + (n - from);
          if (elements[at] !== one + one * two + two || grams[at] !== one) {
            expect([elements[at], grams[at]], `${n}, ${other}`).toEqual([one + one * two + two, one]);
          }
        }
      }
      expect(await gram.panel(panel)).toBe(grams);
    }
  });

  it('of an empty sum are refused', async () => {
    const panels = new PairPanels(samples, others, symmetric, products);
    const [panel] = panels.all;
    if (panel === undefined) throw new RangeError('No panel');
    await expect(new PairSum(panels).take(panel)).rejects.toThrow('An empty sum');
  });
});
