import { setting } from '../../report/wording/settings';
import type { AnalysedSamples } from '../model';
import type { Estimator } from './estimator';
import type { Network } from './network';

/** What scikit-learn adds to the mean loss: λ/2 times the sum of squares of some parameters. */
export interface Penalty {
  /** As the estimator has it: "alpha = 0.01". */
  readonly said: string;
  /** λ where the loss is the mean over so many samples; null where it is no sum of squares. */
  readonly decay: (samples: number) => number | null;
  /** A pattern for the parameters, or null: all of them. */
  readonly of: string | null;
}

/** Of a minibatch that is not said otherwise, at most. */
const usualBatch = 200;

/** alpha/(2 n) Σ‖coefs_‖² with n the samples of a batch, which L-BFGS makes of all. */
export function penaltyOfPerceptron(estimator: Estimator): Penalty | null {
  const alpha = estimator.number('alpha') ?? 0;
  if (!(alpha > 0)) return null;
  const isWhole = estimator.text('solver') === 'lbfgs';
  const size = isWhole ? Infinity : (estimator.number('batch_size') ?? usualBatch);
  return {
    said: `alpha = ${String(alpha)}`,
    decay: (samples) => alpha / Math.min(size, samples),
    of: 'coefs_.*',
  };
}

/** ‖coef_‖²/(2 C N) beside the mean loss; liblinear takes the intercept as one more weight. */
export function penaltyOfLogistic(estimator: Estimator, hasIntercept: boolean): Penalty | null {
  const kind = estimator.text('penalty') ?? (estimator.isNone('penalty') ? 'none' : 'l2');
  const c = estimator.number('C') ?? 1;
  if (kind === 'none' || !(c > 0) || c === Infinity) return null;
  const isSquare = kind === 'l2' || kind === 'deprecated';
  const isOfAll = estimator.text('solver') === 'liblinear' || !hasIntercept;
  return {
    said: isSquare ? `C = ${String(c)}` : `penalty = "${kind}" and C = ${String(c)}`,
    decay: (samples) => (isSquare ? 1 / (c * samples) : null),
    of: isOfAll ? null : 'coef_',
  };
}

/** What of the training's loss is not in the numbers, and how it gets there. */
export function lossNotes(
  { penalty, isSum, isWeighted, outputs }: Network,
  { samples, weightDecay }: AnalysedSamples,
): readonly string[] {
  const notes: string[] = [];
  const decay = penalty?.decay(samples) ?? null;
  if (penalty !== null && decay === null) {
    notes.push(
      `scikit-learn trained this with ${penalty.said}: what that adds to the loss has corners, no curvature, and is not part of these numbers.`,
    );
  }
  if (penalty !== null && decay !== null && weightDecay === 0) {
    const shared = isSum ? decay / outputs : decay;
    const of = penalty.of === null ? '' : ` and ${setting('decayed', penalty.of)}`;
    notes.push(
      `scikit-learn trained this with ${penalty.said}, which for ${String(samples)} samples is a weight decay of ${String(shared)}${penalty.of === null ? '' : ' of the weights alone, without the intercepts'}. It is not part of these numbers; ${setting('weight-decay', String(shared))}${of} ${of === '' ? 'adds' : 'add'} it.`,
    );
  }
  if (isSum) {
    notes.push(
      `scikit-learn adds the losses of the ${String(outputs)} outputs, and their mean is taken here: loss, gradient and curvature are ${String(outputs)} times as large in its form.`,
    );
  }
  if (isWeighted) {
    notes.push(
      `scikit-learn trained this with class_weight, which is not part of these numbers; ${setting('class-weights')} adds weights of classes.`,
    );
  }
  return notes;
}
