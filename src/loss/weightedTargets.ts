import { FailureError } from '../report/failure';
import type { Loss } from '../report/report';
import type { AnalysisRequest } from '../report/request';
import { losses } from './losses';
import type { Targets } from './targets';
import { setting } from '../report/wording/settings';

/** What of a request weighs targets. */
export type WeightOptions = Pick<AnalysisRequest, 'classWeights' | 'labelSmoothing'>;

/**
 * Class weights w and label smoothing ε, as PyTorch's CrossEntropyLoss has them: every row of targets becomes
 * w_c ((1 − ε) q_c + ε/C), and the mean is taken over Σ_n w_{y_n} for class labels (over N for rows of probabilities).
 * The factor N/Σ_n w_{y_n} goes into the rows, so that the loss stays a mean over the samples.
 * @param classLabels whether the targets were class labels
 * @throws FailureError UsageError where the loss or the number of weights does not fit
 */
export function weightedTargets(
  loss: Loss,
  targets: Targets,
  { classWeights, labelSmoothing }: WeightOptions,
  classLabels: boolean,
): Targets {
  if (classWeights === null && labelSmoothing === 0) return targets;
  if (losses[loss].targets !== 'distributions') {
    throw new FailureError(
      'UsageError',
      `Class weights and label smoothing belong to cross-entropy, and the loss here is ${loss}; leave out ${setting('class-weights')} and ${setting('label-smoothing')}.`,
    );
  }
  const weights = classWeightsOf(classWeights, targets);
  const { count, width, values } = targets;
  let total = 0;
  const rows = new Float64Array(values.length);
  for (let n = 0, at = 0; n < count; n++) {
    for (let c = 0; c < width; c++, at++) {
      rows[at] = weights[c]! * ((1 - labelSmoothing) * values[at]! + labelSmoothing / width);
      total += classLabels ? weights[c]! * values[at]! : 0;
    }
  }
  if (classLabels) {
    if (total === 0) {
      throw new FailureError(
        'UsageError',
        `All samples have classes of weight 0, so there is no loss; choose other ${setting('class-weights')}.`,
      );
    }
    for (let at = 0; at < rows.length; at++) rows[at]! *= count / total;
  }
  return { count, width, values: rows };
}

function classWeightsOf(
  asked: WeightOptions['classWeights'],
  { count, width, values }: Targets,
): readonly number[] {
  if (asked === null) return new Array<number>(width).fill(1);
  if (asked === 'balanced') {
    return Array.from({ length: width }, (_, c) => {
      let occurrences = 0;
      for (let n = 0; n < count; n++) occurrences += values[n * width + c]!;
      return occurrences === 0 ? 0 : count / (width * occurrences);
    });
  }
  if (asked.length !== width) {
    throw new FailureError(
      'UsageError',
      `${setting('class-weights')} holds ${asked.length} numbers, but the model has ${width} outputs; give one weight for every class.`,
    );
  }
  return asked;
}
