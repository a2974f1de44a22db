import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lambdaMaxBounds } from '../../../../src/curvature/bounds';
import { computeClosedForm } from '../../../../src/perceptron/closedForm/closedForm';
import { computeElasticities } from '../../../../src/perceptron/closedForm/elasticity';
import { planClosedForm } from '../../../../src/perceptron/closedForm/plan';
import { MatrixProducts } from '../../../../src/runtime/matrixProducts';
import { explicitCurvature, type PlainNetwork } from './explicitHessian';
import { networks, problemOf } from './networks';

let products: MatrixProducts;
beforeAll(async () => {
  products = await MatrixProducts.open(1);
});
afterAll(() => products.release());

/** The parameters of a hidden unit: its row of W_l with its bias, and its column of W_{l+1}. */
function parametersOfUnit({ widths, biased, parameters }: PlainNetwork, l: number, unit: number): number[] {
  const starts = parameters.map((_, layer) => parameters.slice(0, layer).flat().length);
  const [inputs, outputs, next] = [widths[l]!, widths[l + 1]!, widths[l + 2]!];
  const row = Array.from({ length: inputs }, (_, p) => starts[l]! + unit * inputs + p);
  const bias = biased[l] === true ? [starts[l]! + inputs * outputs + unit] : [];
  const column = Array.from({ length: next }, (_, i) => starts[l + 1]! + i * outputs + unit);
  return [...row, ...bias, ...column];
}

const kinked: ReadonlySet<string> = new Set([
  'relu',
  'leaky-relu',
  'elu',
  'selu',
  'hard-swish',
  'hard-sigmoid',
]);

describe('what drives the bound', () => {
  it('has the squared rows of every hidden unit’s parameters', async () => {
    await fc.assert(
      fc.asyncProperty(networks(4, 3, 3), fc.constantFrom(1, 2 ** 20), async (network, pieceBytes) => {
        const problem = problemOf(network);
        const plan = planClosedForm(problem.perceptron, problem.inputs.rows, 2 ** 30, { allPrimal: true });
        const { unitRows } = await computeClosedForm(
          problem,
          products,
          { ...plan, pieceBytes },
          () => undefined,
        );
        const { hessian, sameSample } = explicitCurvature(network);
        const size = sameSample.flat().reduce((a, b) => a + b, 0) * network.samples.length;
        expect(unitRows).toHaveLength(network.parameters.length - 1);
        unitRows?.forEach((rows, l) => {
          rows.forEach((row, unit) => {
            const explicit = parametersOfUnit(network, l, unit)
              .flatMap((at) => hessian[at]!)
              .reduce((sum, element) => sum + element ** 2, 0);
            expect(Math.abs(row - explicit)).toBeLessThanOrEqual(
              1e-11 * size + 1e-13 * Math.sqrt(size) + 1e-26,
            );
          });
        });
      }),
      { numRuns: 40, seed: 1 },
    );
  });

  it('has the elasticities of the explicit Hessian’s bound', async () => {
    await fc.assert(
      fc.asyncProperty(networks(3, 3, 3), async (network) => {
        // Kinks and bounds that all but vanish have no elasticity to compare.
        fc.pre(network.activations.every((name) => typeof name === 'string' && !kinked.has(name)));
        const boundAt = (l: number, factor: number): number => {
          const weights = network.widths[l]! * network.widths[l + 1]!;
          const { hessian } = explicitCurvature({
            ...network,
            parameters: network.parameters.map((values, layer) =>
              layer === l ? values.map((value, at) => (at < weights ? factor * value : value)) : values,
            ),
          });
          return lambdaMaxBounds({
            trace: hessian.reduce((sum, row, i) => sum + row[i]!, 0),
            frobeniusSquared: hessian.flat().reduce((sum, element) => sum + element ** 2, 0),
            order: hessian.length,
          }).upper;
        };
        fc.pre(boundAt(0, 1) > 1e-3);
        const problem = problemOf(network);
        const plan = planClosedForm(problem.perceptron, problem.inputs.rows, 2 ** 30, { sampleRows: false });
        const elasticities = await computeElasticities(problem, products, plan, () => undefined);
        elasticities.forEach((elasticity, l) => {
          const h = 1e-3;
          const slope = (step: number): number =>
            (boundAt(l, Math.exp(step)) - boundAt(l, Math.exp(-step))) / (2 * step * boundAt(l, 1));
          const richardson = (4 * slope(h / 2) - slope(h)) / 3;
          expect(Math.abs((elasticity ?? Number.NaN) - richardson)).toBeLessThanOrEqual(
            1e-5 * (1 + Math.abs(richardson)),
          );
        });
      }),
      { numRuns: 20, seed: 2 },
    );
  });

  it('has no elasticity of a bound that is 0', async () => {
    const problem = problemOf({
      widths: [1, 1],
      biased: [false],
      activations: ['identity'],
      parameters: [[0.5]],
      samples: [[0]],
      targets: [[1]],
      loss: 'mean-squared-error',
    });
    const plan = planClosedForm(problem.perceptron, 1, 2 ** 30, { sampleRows: false });
    expect(await computeElasticities(problem, products, plan, () => undefined)).toEqual([null]);
  });
});
