import type { Loss } from '../report/report';
import { isOfOutput, lossValues } from './losses';
import { rowWeights, type Targets } from './targets';

/** The mean loss where all logits are 0, with the weights and smoothing of the targets; null for errors of numbers. */
export function evenGuessLoss(loss: Loss, targets: Targets): number | null {
  if (isOfOutput(loss)) return null;
  const { values, width, factors, count } = targets;
  const losses = lossValues(loss, new Float64Array(values.length), values, width, factors);
  const weights = rowWeights(targets, 0, count);
  return losses.reduce((sum, each, row) => sum + weights[row]! * each, 0);
}
