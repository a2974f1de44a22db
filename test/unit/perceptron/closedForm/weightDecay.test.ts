import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { computeClosedForm, type ClosedForm } from '../../../../src/perceptron/closedForm/closedForm';
import { planClosedForm } from '../../../../src/perceptron/closedForm/plan';
import type { Problem } from '../../../../src/perceptron/closedForm/sampleTile';
import { MatrixProducts } from '../../../../src/runtime/matrixProducts';
import { explicitCurvature } from './explicitHessian';
import { networks, problemOf } from './networks';

let products: MatrixProducts;
beforeAll(async () => {
  products = await MatrixProducts.open(1);
});
afterAll(() => products.release());

function run(problem: Problem, form: 'dual' | 'primal'): Promise<ClosedForm> {
  const plan = planClosedForm(problem.perceptron, problem.inputs.rows, 2 ** 30);
  const blocks = plan.blocks.map((block) => ({ ...block, form }));
  return computeClosedForm(problem, products, { ...plan, blocks }, () => undefined);
}

it('adds λ on the diagonal of the explicit matrices, for the weights and biases that decay', async () => {
  const cases = networks(3, 3, 3).chain((network) =>
    fc.record({
      network: fc.constant(network),
      weightDecay: fc.double({ min: 1e-3, max: 3, noNaN: true }),
      decayed: fc.tuple(...network.biased.map(() => fc.record({ weight: fc.boolean(), bias: fc.boolean() }))),
      form: fc.constantFrom('dual', 'primal'),
    }),
  );
  await fc.assert(
    fc.asyncProperty(cases, async ({ network, weightDecay, decayed, form }) => {
      const plain = problemOf(network);
      const layers = plain.perceptron.layers.map((layer, l) => ({ ...layer, decayed: decayed[l]! }));
      const problem = { ...plain, perceptron: { ...plain.perceptron, layers }, weightDecay };
      const { loss, gradient, hessian, gaussNewton } = explicitCurvature(network);
      const weights = network.parameters.flat();
      const layerOf = network.parameters.flatMap((values, l) => values.map(() => l));
      const decays = network.parameters.flatMap((values, l) =>
        values.map((_, at) =>
          at < network.widths[l]! * network.widths[l + 1]! ? decayed[l]!.weight : decayed[l]!.bias,
        ),
      );
      const lambdas = decays.map((is) => (is ? weightDecay : 0));
      for (const [matrix, explicit] of [
        ['hessian', hessian],
        ['gauss-newton', gaussNewton],
      ] as const) {
        const found = await run({ ...problem, matrix }, form);
        const traces = layers.map(() => 0);
        const blocks = layers.map(() => layers.map(() => 0));
        explicit.forEach((row, i) => {
          traces[layerOf[i]!]! += row[i]! + lambdas[i]!;
          row.forEach((element, j) => {
            blocks[layerOf[i]!]![layerOf[j]!]! += (element + (i === j ? lambdas[i]! : 0)) ** 2;
          });
        });
        const size = 1 + explicit.flat().reduce((sum, element) => sum + element ** 2, 0);
        const near = (a: number, b: number): void => {
          expect(Math.abs(a - b)).toBeLessThanOrEqual(1e-10 * size);
        };
        found.traces.forEach((trace, l) => {
          near(trace, traces[l]!);
        });
        found.blocks.flat().forEach((block, at) => {
          near(block, blocks.flat()[at]!);
        });
        const penalty = weights.reduce((sum, weight, i) => sum + (lambdas[i]! / 2) * weight ** 2, 0);
        near(found.penalty, penalty);
        near(found.meanLoss, loss + penalty);
        near(
          found.gradientNorm,
          Math.hypot(...gradient.map((value, i) => value + lambdas[i]! * weights[i]!)),
        );
      }
    }),
    { numRuns: 60, seed: 4 },
  );
});
