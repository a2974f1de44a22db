import { isOrdinary, powerOfTwoNear } from '../../curvature/unit';
import { FailureError } from '../../report/failure';
import type { MatrixProducts } from '../../runtime/matrixProducts';
import { largestOf } from '../../runtime/norm';
import { unitValues } from '../unitFunctions';
import { computeClosedForm, type ClosedForm } from './closedForm';
import type { ClosedFormPlan } from './plan';
import { affine, type Problem } from './sampleTile';

/** Of the loss's scale: the ordinary sizes of a norm reach from one to the next. */
const stepOfLoss = 2 ** 400;
/** From one end of float64 to the other. */
const mostSteps = 6;

/** A closed form with the problem as it was scaled for it: what is compared with the form is computed in its unit. */
export interface ScaledForm {
  readonly problem: Problem;
  readonly form: ClosedForm;
}

/**
 * The closed form in a unit in which ‖H‖_F² and its squares are far from either end of float64: 1 where they are so, and
 * computed again where not, with the activations at most 1 and the loss as much larger or smaller as it takes.
 * @throws FailureError NonFiniteLoss where no unit holds it
 */
export async function computeClosedFormInUnit(
  problem: Problem,
  products: MatrixProducts,
  plan: ClosedFormPlan,
  onProgress: (fraction: number) => void,
): Promise<ScaledForm> {
  const plain = { problem, form: await computeClosedForm(problem, products, plan, onProgress) };
  if (isOrdinary(frobeniusNorm(plain.form)) || !Number.isFinite(plain.form.meanLoss)) return plain;
  const largest = await largestActivation(problem, products);
  const activations = isOrdinary(largest) || largest === 0 ? 1 : powerOfTwoNear(largest);
  let loss = 1;
  for (let step = 0; step < mostSteps && loss > 0 && Number.isFinite(loss); step++) {
    const scaled: Problem = { ...problem, scale: { loss, activations } };
    const form = await computeClosedForm(scaled, products, plan, onProgress);
    const norm = frobeniusNorm(form);
    if (isOrdinary(norm)) return { problem: scaled, form };
    loss = norm < 1 ? loss / stepOfLoss : loss * stepOfLoss;
  }
  if (frobeniusNorm(plain.form) === 0) return plain;
  throw new FailureError(
    'NonFiniteLoss',
    'The curvature of the loss is beyond the numbers of float64, so none is shown; scale the inputs or the targets.',
  );
}

function frobeniusNorm({ blocks }: ClosedForm): number {
  return Math.sqrt(blocks.flat().reduce((sum, block) => sum + block, 0));
}

async function largestActivation(
  { perceptron: { layers }, inputs }: Problem,
  products: MatrixProducts,
): Promise<number> {
  let [current, largest] = [inputs, 0];
  for (const layer of layers) {
    largest = Math.max(largest, largestOf(current.data), layer.bias === null ? 0 : 1);
    current = unitValues(layer, await affine(current, layer, products));
  }
  return largest;
}
