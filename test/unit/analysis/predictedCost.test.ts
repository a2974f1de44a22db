import { expect, it } from 'vitest';
import { exactCost, lanczosMemory, productsCost, workOfProduct } from '../../../src/analysis/predictedCost';
import { predictedSeconds, worthTelling } from '../../../src/report/wording/cost';

const budget = 2 ** 31;
const double = { operators: 0, bytes: 0, batchBytes: 0, precision: 'float64' } as const;

it('an exact Hessian holds its matrix, and the decomposition of a small one is counted', () => {
  const small = exactCost({ ...double, order: 666, multiplyAdds: 1e6, bytes: 6e5, batchBytes: 4e5 }, budget);
  expect(small.multiplyAdds).toBe(666e6);
  expect(small.serialOperations).toBe(10 * 666 ** 3);
  // Three matrices of 3.5 MB, and what the products hold.
  expect(small.bytes).toBeGreaterThan(3 * 8 * 666 ** 2 + 1e6);
  expect(small.bytes).toBeLessThan(2 * (3 * 8 * 666 ** 2 + 1e6));
  const large = exactCost({ ...double, order: 4000, multiplyAdds: 1e6 }, budget);
  expect(large.serialOperations).toBe(0);
  expect(large.bytes).toBeGreaterThan(8 * 4000 ** 2);
  expect(large.bytes).toBeLessThan(1.2 * 8 * 4000 ** 2);
});

it('the largest spectrum is told although its products are nothing to speak of', () => {
  const cost = exactCost({ ...double, order: 1000, multiplyAdds: 1000 }, budget);
  expect(predictedSeconds(cost, 64)).toBeGreaterThan(worthTelling);
});

it('a search holds as many vectors as there are steps, within its part of the budget', () => {
  const of = (order: number, products: number, memoryBudget = budget) =>
    productsCost({ ...double, order, multiplyAdds: 7 }, products, memoryBudget).bytes;
  expect(productsCost({ ...double, order: 10, multiplyAdds: 7 }, 4000, budget)).toMatchObject({
    multiplyAdds: 28_000,
  });
  // No more vectors than parameters, nor than products: the budget is the last of the three.
  expect(of(666, 4000)).toBeLessThan(8 * 666 * 666 * 1.1);
  expect(of(666, 4000)).toBe(of(666, 8000));
  expect(of(1e6, 40) - of(1e6, 30)).toBe(8 * 1e6 * 10);
  expect(of(1e7, 4000)).toBe(of(1e7, 8000));
  // A quarter of the budget, or 64 steps where that is more, but never more than the products leave.
  expect(of(1e6, 4000, 8 * budget) - of(1e6, 4000, 4 * budget)).toBe(budget);
  expect(of(1e6, 4000)).toBe(8 * 1e6 * (2 + 8 + 64));
  // What Node, onnxruntime and the file's own numbers take beside is left of the budget.
  expect(of(1e7, 4000)).toBe(budget - 160e6 - 8 * 1e7);
  const large = { ...double, order: 1e7, multiplyAdds: 7, bytes: 3e8, batchBytes: 2e8 };
  expect(lanczosMemory(large, budget)).toBe(budget - 3e8 - 1.5 * 2e8 - 3 * 8 * 1e7 - 160e6);
  // But no more than an eighth of a small budget.
  expect(lanczosMemory({ ...double, order: 2000, multiplyAdds: 7 }, 2 ** 20)).toBe(
    2 ** 20 - 2 ** 17 - 24 * 2000,
  );
  // Of products in float32 the vectors are float32, too.
  const float32 = { ...double, order: 1e6, multiplyAdds: 7, precision: 'float32' } as const;
  expect(productsCost(float32, 40, budget).bytes - productsCost(float32, 30, budget).bytes).toBe(
    4 * 1e6 * 10,
  );
});

it('many small batches cost what their operators take by themselves, however little they multiply', () => {
  const products = { ...double, order: 820, multiplyAdds: 1e6, operators: 450_000 };
  // 820 columns of 450,000 operators, a few microseconds each: minutes, and no matter of the threads.
  expect(predictedSeconds(exactCost(products, budget), 64)).toBeGreaterThan(300);
  expect(predictedSeconds(productsCost(products, 100, budget), 64)).toBeGreaterThan(40);
  expect(workOfProduct(products)).toBeGreaterThan(1e9);
});
