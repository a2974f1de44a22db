import type { Loss } from '../report/report';
import { isOfOutput, computeLosses, losses } from './losses';
import { rowWeights, type Targets } from './targets';

/** The mean loss of outputs, with the weights and smoothing of the targets. @param outputs rows × C */
export function meanLossOf(loss: Loss, outputs: Float64Array, targets: Targets): number {
  const { values, width, factors, count } = targets;
  const weights = rowWeights(targets, 0, count);
  return computeLosses(loss, outputs, values, width, factors).reduce(
    (sum, each, row) => sum + weights[row]! * each,
    0,
  );
}

/** The mean loss where all logits are 0; null for losses that are not of logits. */
export function evenGuessLoss(loss: Loss, targets: Targets): number | null {
  return isOfOutput(loss) ? null : meanLossOf(loss, new Float64Array(targets.values.length), targets);
}

/**
 * The mean loss of who knows nothing of the inputs: of logits of 0, or, for errors of numbers, of the mean target (which is the
 * best constant for squares). Null for a loss of the model's own.
 */
export function guessLoss(loss: Loss, targets: Targets): number | null {
  if (losses[loss].targets === 'nothing') return null;
  if (losses[loss].targets !== 'numbers') return evenGuessLoss(loss, targets);
  const { values, width, factors, count } = targets;
  const ofRows = rowWeights(targets, 0, count);
  const constant = new Float64Array(width);
  const weights = new Float64Array(width);
  for (let at = 0; at < values.length; at++) {
    const weight = ofRows[Math.floor(at / width)]! * (factors?.[at] ?? 1);
    weights[at % width]! += weight;
    if (weight > 0) constant[at % width]! += weight * values[at]!;
  }
  const outputs = Float64Array.from(values, (_, at) => constant[at % width]! / (weights[at % width]! || 1));
  return meanLossOf(loss, outputs, targets);
}
