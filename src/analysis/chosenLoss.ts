import type { Targets } from '../curvature/losses';
import type { Perceptron } from '../perceptron/perceptron';
import type { Loss } from '../report/report';
import type { AnalysisRequest } from '../report/request';

export type Head = Perceptron['head'];

/** What of a request the loss depends on. */
export type LossOptions = Pick<AnalysisRequest, 'loss' | 'classWeights' | 'labelSmoothing'>;

/** A loss with what it is measured against. */
export interface ChosenLoss {
  readonly loss: Loss;
  /** True where neither the user nor the model said which loss it is. */
  readonly assumed: boolean;
  readonly targets: Targets;
  /** Whether class labels became rows of 0 and 1 for a loss that takes every output by itself. */
  readonly oneHot: boolean;
  /** The class of every sample (the likeliest one of a soft row); null where no single class is meant. */
  readonly classes: Int32Array | null;
}

/** Before its classes are known. */
export type Unclassified = Omit<ChosenLoss, 'classes'>;

/** Adds the classes that targets of 0, 1 or probabilities stand for. */
export function withClasses(chosen: Unclassified): ChosenLoss {
  const { loss, targets } = chosen;
  const { count, width, values } = targets;
  if (loss === 'mean-squared-error' || (loss === 'binary-cross-entropy' && width > 1)) {
    return { ...chosen, classes: null };
  }
  const classes = Int32Array.from({ length: count }, (_, n) =>
    width === 1 ? Number(values[n]! > 0.5) : argmax(values.subarray(n * width, (n + 1) * width)),
  );
  return { ...chosen, classes };
}

/** Index of the largest element, the first of equals. */
export function argmax(values: Float64Array): number {
  let best = 0;
  for (let c = 1; c < values.length; c++) if (values[c]! > values[best]!) best = c;
  return best;
}
