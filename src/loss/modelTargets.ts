import type { Loss } from '../report/report';
import type { Matrix } from '../runtime/matrixProducts';
import type { SeededRandom } from '../samples/random';
import { losses } from './losses';
import { argmax, sigmoid, softmax } from './probabilities';
import type { Targets } from './targets';

/**
 * Targets from the model itself, for samples without labels: its own predictions, or drawn from its predicted
 * distribution where `random` is given (for regression: its outputs, plus a standard normal number).
 * @param outputs the network's outputs at the samples, count × C
 */
export function modelTargets(loss: Loss, outputs: Matrix, random: SeededRandom | null): Targets {
  const { rows: count, columns: width, data } = outputs;
  const kind = losses[loss].targets;
  const values = new Float64Array(count * width);
  for (let n = 0; n < count; n++) {
    const z = data.subarray(n * width, (n + 1) * width);
    const row = values.subarray(n * width, (n + 1) * width);
    if (kind === 'distributions') row[random === null ? argmax(z) : drawClass(softmax(z).p, random)] = 1;
    else if (kind === 'probabilities') {
      z.forEach((value, c) => (row[c] = sigmoid(value) > (random === null ? 0.5 : random.uniform()) ? 1 : 0));
    } else z.forEach((value, c) => (row[c] = value + (random === null ? 0 : random.normal())));
  }
  return { count, width, values };
}

function drawClass(p: Float64Array, random: SeededRandom): number {
  let left = random.uniform();
  for (let c = 0; c < p.length; c++) {
    left -= p[c]!;
    if (left < 0) return c;
  }
  return argmax(p);
}
