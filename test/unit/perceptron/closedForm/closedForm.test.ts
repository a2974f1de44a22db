import fc from 'fast-check';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { computeBlockwiseUpperBound } from '../../../../src/curvature/blockwiseBound';
import { lambdaMaxBounds, lambdaMinBounds } from '../../../../src/curvature/bounds';
import { computeClosedForm, type ClosedForm } from '../../../../src/perceptron/closedForm/closedForm';
import { planClosedForm, type ClosedFormPlan } from '../../../../src/perceptron/closedForm/plan';
import type { Problem } from '../../../../src/perceptron/closedForm/sampleTile';
import { MatrixProducts } from '../../../../src/runtime/matrixProducts';
import { explicitCurvature, type PlainNetwork } from './explicitHessian';
import { networks, problemOf } from './networks';

let products: MatrixProducts;
beforeAll(async () => {
  products = await MatrixProducts.open(1);
});
afterAll(() => products.release());

function planOf(problem: Problem): ClosedFormPlan {
  return planClosedForm(problem.perceptron, problem.inputs.rows, 2 ** 30);
}

function run(problem: Problem, plan = planOf(problem)): Promise<ClosedForm> {
  return computeClosedForm(problem, products, plan, () => undefined);
}

/** ‖H_lm‖² and traces of an explicit Hessian by blocks of layers. */
function blocksOf(network: PlainNetwork, hessian: readonly (readonly number[])[]) {
  const layerOf = network.parameters.flatMap((values, l) => values.map(() => l));
  const layers = network.parameters.length;
  const blocks = Array.from({ length: layers }, () => new Array<number>(layers).fill(0));
  const traces = new Array<number>(layers).fill(0);
  hessian.forEach((row, i) => {
    traces[layerOf[i]!]! += row[i]!;
    row.forEach((element, j) => (blocks[layerOf[i]!]![layerOf[j]!]! += element ** 2));
  });
  return { blocks, traces };
}

function expectClose(
  found: readonly (readonly number[])[],
  wanted: readonly (readonly number[])[],
  tolerance: number,
) {
  found.forEach((row, l) => {
    row.forEach((value, m) => expect(Math.abs(value - wanted[l]![m]!)).toBeLessThanOrEqual(tolerance));
  });
}

function expectEqualCurvature(
  form: ClosedForm,
  network: PlainNetwork,
  explicit = explicitCurvature(network),
): void {
  const { blocks, traces } = blocksOf(network, explicit.hessian);
  // Squares of elements h carry 2|h| times the rounding of h, which comes from errors p − q of order 1 (1e-16) and from
  // samples that cancel in the mean.
  const size = explicit.sameSample.flat().reduce((a, b) => a + b, 0) * network.samples.length;
  const scale = 1e-11 * size + 1e-13 * Math.sqrt(size) + 1e-26;
  const gradientNorm = Math.sqrt(explicit.gradient.reduce((sum, value) => sum + value ** 2, 0));
  expect(form.meanLoss).toBeCloseTo(explicit.loss, 11);
  expect(Math.abs(form.gradientNorm - gradientNorm)).toBeLessThanOrEqual(1e-12 * (1 + gradientNorm));
  expectClose(form.blocks, blocks, scale);
  expectClose(form.sameSampleBlocks ?? [], explicit.sameSample, scale);
  expectClose([[...(form.sampleRows ?? [])]], [explicit.sampleRows], scale);
  expectClose([form.traces], [traces], 1e-11 * (1 + Math.sqrt(size)));
}

describe('the closed form against an explicit Hessian', () => {
  it('has its loss, gradient, traces, block norms and same-sample parts', async () => {
    await fc.assert(
      fc.asyncProperty(networks(3, 3, 4), async (network) => {
        expectEqualCurvature(await run(problemOf(network)), network);
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  it('has them for deep networks, in the dual and in the primal form, in one tile and in many', async () => {
    const variants = (['dual', 'primal'] as const).flatMap((form) =>
      [1, 2, 100].flatMap((tileSize) => [1, 2 ** 20].map((pieceBytes) => ({ form, tileSize, pieceBytes }))),
    );
    await fc.assert(
      fc.asyncProperty(networks(6, 2, 3), async (network) => {
        const problem = problemOf(network);
        const plan = planOf(problem);
        const explicit = explicitCurvature(network);
        const gaussNewton = blocksOf(network, explicit.gaussNewton);
        const size = gaussNewton.blocks.flat().reduce((a, b) => a + b, 0) * network.samples.length;
        for (const { form, tileSize, pieceBytes } of variants) {
          const variant = {
            ...plan,
            blocks: plan.blocks.map((block) => ({ ...block, form })),
            tileSize,
            runSize: tileSize,
            pieceBytes,
          };
          expectEqualCurvature(await run(problem, variant), network, explicit);
          const { blocks, traces } = await run({ ...problem, matrix: 'gauss-newton' }, variant);
          expectClose(blocks, gaussNewton.blocks, 1e-11 * size + 1e-26);
          expectClose([traces], [gaussNewton.traces], 1e-11 * (1e-12 + Math.sqrt(size)));
        }
      }),
      { numRuns: 25, seed: 2 },
    );
  });

  it('bounds the eigenvalues of the explicit Hessian from both sides, blockwise no looser', async () => {
    await fc.assert(
      fc.asyncProperty(networks(3, 3, 4), async (network) => {
        const { blocks, traces } = await run(problemOf(network));
        const { hessian } = explicitCurvature(network);
        const eigenvalues = new EigenvalueDecomposition(new Matrix(hessian.map((row) => [...row])), {
          assumeSymmetric: true,
        }).realEigenvalues.toSorted((a, b) => a - b);
        const frobeniusSquared = blocks.flat().reduce((a, b) => a + b, 0);
        const trace = traces.reduce((a, b) => a + b, 0);
        const moments = { trace, frobeniusSquared, order: hessian.length };
        const rounding = 1e-12 * (1 + Math.sqrt(frobeniusSquared));
        const max = lambdaMaxBounds(moments);
        const min = lambdaMinBounds(moments);
        expect(eigenvalues.at(-1)!).toBeLessThanOrEqual(max.upper + rounding);
        expect(eigenvalues.at(-1)!).toBeGreaterThanOrEqual(max.lower - rounding - 1e-6 * Math.abs(max.lower));
        expect(eigenvalues[0]!).toBeGreaterThanOrEqual(min.lower - rounding);
        expect(eigenvalues[0]!).toBeLessThanOrEqual(min.upper + rounding + 1e-6 * Math.abs(min.upper));
        const own = network.parameters.map(
          (values, l) =>
            lambdaMaxBounds({ trace: traces[l]!, frobeniusSquared: blocks[l]![l]!, order: values.length })
              .upper,
        );
        const blockwise = computeBlockwiseUpperBound(own, blocks);
        expect(eigenvalues.at(-1)!).toBeLessThanOrEqual(blockwise + rounding);
        expect(blockwise).toBeLessThanOrEqual(max.upper + 1e-5 * (1e-9 + Math.sqrt(frobeniusSquared)));
      }),
      { numRuns: 60, seed: 3 },
    );
  });

  it('has d + 1 zero eigenvalues under softmax cross-entropy, d the width of the last hidden layer', async () => {
    const network: PlainNetwork = {
      widths: [2, 3, 3],
      biased: [true, true],
      activations: ['tanh', 'identity'],
      parameters: [
        [0.3, -0.8, 1.1, 0.4, -0.6, 0.9, 0.1, -0.2, 0.3],
        [0.7, -0.4, 0.2, 0.5, 0.9, -1.2, -0.3, 0.6, 0.8, 0.05, -0.1, 0.2],
      ],
      samples: Array.from({ length: 9 }, (_, n) => [Math.sin(3 * n + 1), Math.cos(5 * n)]),
      targets: Array.from({ length: 9 }, (_, n) => [0, 1, 2].map((c) => (c === n % 3 ? 1 : 0))),
      loss: 'cross-entropy',
    };
    const { hessian } = explicitCurvature(network);
    const { realEigenvalues } = new EigenvalueDecomposition(new Matrix(hessian.map((row) => [...row])), {
      assumeSymmetric: true,
    });
    expect(realEigenvalues.filter((value) => Math.abs(value) < 1e-13)).toHaveLength(4);
    expectEqualCurvature(await run(problemOf(network)), network);
  });
});

describe('what must not change the closed form', () => {
  const total = (matrix: readonly (readonly number[])[]): number => matrix.flat().reduce((a, b) => a + b, 0);

  it('duplicating all samples changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(networks(4, 4, 5), async (network) => {
        const twice = {
          ...network,
          samples: [...network.samples, ...network.samples],
          targets: [...network.targets, ...network.targets],
        };
        const [once, doubled] = [await run(problemOf(network)), await run(problemOf(twice))];
        const scale = 1e-12 * (1e-12 + total(once.sameSampleBlocks ?? []) * network.samples.length);
        expectClose(doubled.blocks, once.blocks, scale);
        expect(doubled.gradientNorm).toBeCloseTo(once.gradientNorm, 12);
      }),
      { numRuns: 60, seed: 4 },
    );
  });

  it('relabelling the hidden units changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(networks(3, 4, 5), async (network) => {
        const [inputs, hidden] = [network.widths[0]!, network.widths[1]!];
        if (network.widths.length < 3) return;
        const first = network.parameters[0]!;
        const rows = Array.from({ length: hidden }, (_, j) =>
          first.slice(j * inputs, (j + 1) * inputs),
        ).toReversed();
        const bias = network.biased[0] === true ? first.slice(inputs * hidden).toReversed() : [];
        const outputs = network.widths[2]!;
        const next = network.parameters[1]!;
        const columns = Array.from({ length: outputs }, (_, i) =>
          next.slice(i * hidden, (i + 1) * hidden).toReversed(),
        ).flat();
        const relabelled = {
          ...network,
          parameters: [
            [...rows.flat(), ...bias],
            [...columns, ...next.slice(hidden * outputs)],
            ...network.parameters.slice(2),
          ],
        };
        const [once, again] = [await run(problemOf(network)), await run(problemOf(relabelled))];
        expectClose(
          again.blocks,
          once.blocks,
          1e-12 * (1e-12 + total(once.sameSampleBlocks ?? []) * network.samples.length),
        );
      }),
      { numRuns: 60, seed: 5 },
    );
  });

  it('orthogonal inputs leave no cross-sample part in a first layer without bias', async () => {
    await fc.assert(
      fc.asyncProperty(networks(3, 4, 4), async (network) => {
        const inputs = network.widths[0]!;
        const orthogonal = network.samples
          .slice(0, inputs)
          .map((sample, n) =>
            Array.from({ length: inputs }, (_, j) => (j === n ? 0.5 + Math.abs(sample[0]!) : 0)),
          );
        const hiddenWidth = network.widths[1]!;
        const problem = problemOf({
          ...network,
          biased: [false, ...network.biased.slice(1)],
          parameters: [network.parameters[0]!.slice(0, inputs * hiddenWidth), ...network.parameters.slice(1)],
          samples: orthogonal,
          targets: network.targets.slice(0, orthogonal.length),
        });
        const { blocks, sameSampleBlocks } = await run(problem);
        if (sameSampleBlocks === null) throw new Error('Left out');
        expectClose([blocks[0]!], [sameSampleBlocks[0]!], 1e-12 * (1e-12 + total(sameSampleBlocks)));
      }),
      { numRuns: 60, seed: 6 },
    );
  });
});
