import { sigmoid, softmax, type Targets } from '../curvature/losses';
import type { Matrix } from '../runtime/matrixProducts';
import type { Loss } from '../report/report';
import type { SeededRandom } from '../samples/random';
import { FailureError } from '../report/failure';
import { argmax, withClasses, type ChosenLoss, type Head, type LossOptions } from './chosenLoss';
import { weighted } from './weightedTargets';

/**
 * Targets from the model itself, for samples without labels: its own predictions, or drawn from its predicted
 * distribution where `random` is given (for regression: its outputs, plus a standard normal number).
 * @param outputs the network's outputs at the samples, count × C
 */
export function modelLabels(
  outputs: Matrix,
  head: Head,
  options: LossOptions,
  random: SeededRandom | null,
): ChosenLoss {
  const { rows: count, columns: width, data } = outputs;
  const automatic: Loss =
    head === 'sigmoid' ? 'binary-cross-entropy' : width > 1 ? 'cross-entropy' : 'mean-squared-error';
  const loss = options.loss === 'auto' ? automatic : options.loss;
  if (loss === 'cross-entropy' && width === 1) {
    throw new FailureError(
      'UsageError',
      'Cross-entropy needs at least two outputs, but the model has a single one; use --loss binary-cross-entropy or --loss mean-squared-error.',
    );
  }
  const values = new Float64Array(count * width);
  for (let n = 0; n < count; n++) {
    const z = data.subarray(n * width, (n + 1) * width);
    const row = values.subarray(n * width, (n + 1) * width);
    if (loss === 'cross-entropy') row[random === null ? argmax(z) : drawClass(softmax(z).p, random)] = 1;
    else if (loss === 'binary-cross-entropy') {
      z.forEach((value, c) => (row[c] = sigmoid(value) > (random === null ? 0.5 : random.uniform()) ? 1 : 0));
    } else z.forEach((value, c) => (row[c] = value + (random === null ? 0 : random.normal())));
  }
  const targets: Targets = { count, width, values };
  const assumed = options.loss === 'auto' && head === 'none';
  const chosen = withClasses({ loss, assumed, oneHot: false, targets });
  return weighted(chosen, options, true);
}

function drawClass(p: Float64Array, random: SeededRandom): number {
  let left = random.uniform();
  for (let c = 0; c < p.length; c++) {
    left -= p[c]!;
    if (left < 0) return c;
  }
  return argmax(p);
}
