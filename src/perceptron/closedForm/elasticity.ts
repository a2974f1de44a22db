import { lambdaMaxBounds } from '../../curvature/bounds';
import type { MatrixProducts } from '../../runtime/matrixProducts';
import { parameterCount, type Perceptron } from '../perceptron';
import { computeClosedForm, type ClosedForm } from './closedForm';
import type { ClosedFormPlan } from './plan';
import type { Problem } from './sampleTile';
import { scaleWeights } from './sensitivities';

/**
 * Step in the logarithm of a weight's scale: the central difference is off by h²/6 of the third derivative, and by the
 * rounding of the bound (its relative slack is the same on both sides) over h.
 */
const step = 1e-4;

/**
 * Elasticity of the upper bound U by every layer: ⟨∂U/∂W_l, W_l⟩ / U, the relative change of the bound per relative change
 * of the scale of W_l, its bias unchanged (math.md 7), by a central difference in log scale: two closed forms a layer, for perceptrons whose
 * blocks are too much work in the primal form, of whose sums the sensitivities are made.
 * Null where the bound is 0: nothing is relative to it.
 * @param onProgress told the fraction done
 */
export async function computeElasticities(
  problem: Problem,
  products: MatrixProducts,
  plan: ClosedFormPlan,
  onProgress: (fraction: number) => void,
): Promise<(number | null)[]> {
  const { layers } = problem.perceptron;
  const elasticities: (number | null)[] = [];
  for (const [l] of layers.entries()) {
    const bounds: number[] = [];
    for (const [side, exponent] of [-step, step].entries()) {
      const perceptron = scaleWeights(problem.perceptron, l, Math.exp(exponent));
      const form = await computeClosedForm({ ...problem, perceptron }, products, plan, (fraction) => {
        onProgress((2 * l + side + fraction) / (2 * layers.length));
      });
      bounds.push(upperBoundOf(perceptron, form));
    }
    const [below, above] = [bounds[0]!, bounds[1]!];
    // Signed like the definition: the change of U itself over U, also where U is negative.
    const bound = (above + below) / 2;
    elasticities.push(bound === 0 ? null : (above - below) / (2 * step * bound));
  }
  return elasticities;
}

function upperBoundOf({ layers }: Perceptron, { traces, blocks }: ClosedForm): number {
  return lambdaMaxBounds({
    trace: traces.reduce((sum, trace) => sum + trace, 0),
    frobeniusSquared: blocks.flat().reduce((sum, block) => sum + block, 0),
    order: parameterCount(layers),
  }).upper;
}
