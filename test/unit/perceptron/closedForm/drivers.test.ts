import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lambdaMaxBounds, type Moments } from '../../../../src/curvature/bounds';
import { computeClosedForm } from '../../../../src/perceptron/closedForm/closedForm';
import { computeElasticities } from '../../../../src/perceptron/closedForm/elasticity';
import {
  planClosedForm,
  type ClosedFormPlan,
  type PlanOptions,
} from '../../../../src/perceptron/closedForm/plan';
import { elasticityOf } from '../../../../src/perceptron/closedForm/sensitivities';
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

function momentsOf(hessian: readonly (readonly number[])[]): Moments {
  return {
    trace: hessian.reduce((sum, row, i) => sum + row[i]!, 0),
    frobeniusSquared: hessian.flat().reduce((sum, element) => sum + element ** 2, 0),
    order: hessian.length,
  };
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

  it('has the elasticities of the explicit Hessian’s bound, in the sums’ own passes and by whole closed forms', async () => {
    await fc.assert(
      fc.asyncProperty(networks(4, 3, 3), async (network) => {
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
          return lambdaMaxBounds(momentsOf(hessian)).upper;
        };
        const moments = momentsOf(explicitCurvature(network).hessian);
        fc.pre(boundAt(0, 1) > 1e-3);
        const wanted = network.parameters.map((_, l) => {
          // Sixth order: the slopes by h, h/2 and h/4, extrapolated twice.
          const slope = (step: number): number =>
            (boundAt(l, Math.exp(step)) - boundAt(l, Math.exp(-step))) / (2 * step * boundAt(l, 1));
          const [coarse, middle, fine] = [4e-3, 2e-3, 1e-3].map(slope);
          const [first, second] = [(4 * middle! - coarse!) / 3, (4 * fine! - middle!) / 3];
          return (16 * second - first) / 15;
        });
        const expectElasticities = (found: readonly (number | null)[], tolerance: number): void => {
          found.forEach((elasticity, l) => {
            const difference = Math.abs((elasticity ?? Number.NaN) - wanted[l]!);
            expect(difference).toBeLessThanOrEqual(tolerance * (1 + Math.abs(wanted[l]!)));
          });
        };
        const problem = problemOf(network);
        const planFor = (options: PlanOptions): ClosedFormPlan =>
          planClosedForm(problem.perceptron, problem.inputs.rows, 2 ** 30, options);
        const whole = planFor({ sensitivities: true });
        for (const variant of [{}, { runSize: 1 }, { runSize: 2, pieceBytes: 1 }]) {
          const { sensitivities } = await computeClosedForm(
            problem,
            products,
            { ...whole, ...variant },
            () => undefined,
          );
          expectElasticities(
            network.parameters.map((_, l) => elasticityOf(moments, sensitivities?.[l])),
            2e-6,
          );
        }
        const forms = planFor({ sampleRows: false });
        expectElasticities(await computeElasticities(problem, products, forms, () => undefined), 1e-5);
      }),
      { numRuns: 30, seed: 2 },
    );
  });

  it('has the slopes by the scale of the layers that homogeneous networks have', async () => {
    const pieces = ['relu', 'leaky-relu', 'identity'] as const;
    await fc.assert(
      fc.asyncProperty(networks(5, 3, 4), fc.constantFrom(...pieces), async (drawn, piece) => {
        // f = s_1 … s_L f_0 without biases: H_lm goes with all scales but those of l and m.
        const network: PlainNetwork = {
          ...drawn,
          loss: 'output',
          biased: drawn.biased.map(() => false),
          activations: drawn.activations.map((_, l) =>
            l + 1 < drawn.activations.length ? piece : 'identity',
          ),
          parameters: drawn.parameters.map((values, l) =>
            values.slice(0, drawn.widths[l]! * drawn.widths[l + 1]!),
          ),
        };
        const problem = problemOf(network);
        const plan = planClosedForm(problem.perceptron, problem.inputs.rows, 2 ** 30, {
          sensitivities: true,
        });
        const { blocks, traces, sensitivities, sameSampleBlocks } = await computeClosedForm(
          problem,
          products,
          plan,
          () => undefined,
        );
        const size = (sameSampleBlocks ?? []).flat().reduce((a, b) => a + b, 0) * network.samples.length;
        expect(sensitivities).toHaveLength(blocks.length);
        sensitivities?.forEach(({ trace, frobeniusSquared }, k) => {
          let [ofTrace, ofSquares] = [0, 0];
          blocks.forEach((row, l) => {
            ofTrace += (l === k ? -1 : 1) * traces[l]!;
            row.forEach((block, m) => (ofSquares += 2 * (1 - Number(l === k) - Number(m === k)) * block));
          });
          expect(Math.abs(frobeniusSquared - ofSquares)).toBeLessThanOrEqual(1e-6 * size);
          expect(Math.abs(trace - ofTrace)).toBeLessThanOrEqual(1e-6 * Math.sqrt(size));
        });
      }),
      { numRuns: 60, seed: 3 },
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
    const moments = { trace: 0, frobeniusSquared: 0, order: 1 };
    expect(elasticityOf(moments, { trace: 0, frobeniusSquared: 0 })).toBeNull();
  });
});
