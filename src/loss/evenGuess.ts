import type { Loss } from '../report/report';
import { isOfOutput, computeLosses } from './losses';
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
