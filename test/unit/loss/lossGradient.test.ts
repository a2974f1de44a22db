import { describe, expect, it } from 'vitest';
import { tangentsOf } from '../../../src/autodiff/derivatives';
import { StaticGraph } from '../../../src/graph/static/staticGraph';
import { losses, lossDerivatives, lossGradient } from '../../../src/loss/losses';
import type { Loss } from '../../../src/report/report';
import { evaluate, numbers } from '../autodiff/evaluation';

const count = 5;
const width = 4;
const oneHot = Float64Array.from({ length: count * width }, (_, i) =>
  Number(i % width === Math.floor(i / width) % width),
);
const soft = oneHot.map((value) => 0.9 * value + 0.1 / width);
const binary = numbers(count * width, 4, 0, 1).map(Math.round);

const targetsOf = {
  distributions: { 'one-hot': oneHot, soft },
  probabilities: { '0 or 1': binary },
  numbers: { regression: numbers(count * width, 5) },
  // It does not move with the outputs; ownLoss.test.ts has it.
  nothing: {},
};
const names = Object.keys(losses) as Loss[];
const cases = names.flatMap((loss) =>
  Object.entries<Float64Array>(targetsOf[losses[loss].targets]).map(
    ([kind, values]) => [loss, kind, values] as const,
  ),
);

describe.each(cases)('%s of %s targets', (loss, _, values) => {
  // Up to logits of ±40, where 1 − p holds nothing in float64.
  it.each([1, 10, 40])(
    'has the gradient and Hessian of the closed form at logits up to ±%d',
    async (size) => {
      const z = numbers(count * width, 6, -size, size);
      const direction = numbers(count * width, 7);
      const weights = numbers(count, 8, 0.5, 1);
      const g = new StaticGraph();
      const outputs = g.input('z', [count, width], 'real');
      const along = g.input('v', [count, width], 'real');
      const targets = g.input('targets', [count, width], 'real');
      const gradient = lossGradient(g, loss, outputs, targets, g.input('weights', [count], 'real'));
      const [product = null] = tangentsOf(g, [gradient], new Map([[outputs, along]]));
      if (product === null) throw new Error('The gradient does not move');
      const [found, moved] = await evaluate([gradient, product], {
        z,
        v: direction,
        targets: values,
        weights,
      });
      const wanted = lossDerivatives(loss, z, values, width);
      for (let n = 0; n < count; n++) {
        const weight = weights[n] ?? 0;
        // What a row of the product is summed from: it bounds the rounding.
        for (let c = 0; c < width; c++) {
          const at = n * width + c;
          const exact = (wanted.gradient[at] ?? 0) * weight;
          expect(Math.abs((found?.[at] ?? Number.NaN) - exact)).toBeLessThanOrEqual(
            1e-13 * Math.abs(exact) + 1e-300,
          );
          let sum = 0;
          let terms = 0;
          for (let j = 0; j < width; j++) {
            const term = (wanted.hessian[at * width + j] ?? 0) * (direction[n * width + j] ?? 0) * weight;
            sum += term;
            terms += Math.abs(term);
          }
          expect(Math.abs((moved?.[at] ?? Number.NaN) - sum)).toBeLessThanOrEqual(1e-12 * terms + 1e-300);
        }
      }
    },
  );
});
