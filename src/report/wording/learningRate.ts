import { t } from '@vscode/l10n';
import type { PartialReport, Training } from '../report';
import { rateText } from './estimateText';
import { formatBelow, formatCount, formatNumber, formatPercent } from './number';
import { downwardCurvature } from './saddle';
import { isEstimate, shownUpperBound } from './sharpnessText';

/** The kind of the warning that the file's weights are not those that were trained. */
export const foldedWeights = 'folded-weights';

/** Whether the numbers are those of weights that other parameters were folded into. */
export function holdsFoldedWeights({ warnings = [] }: Pick<PartialReport, 'warnings'>): boolean {
  return warnings.some(({ kind }) => kind === foldedWeights);
}

/** Why there is no learning rate then. */
const noRate = t(
  'No learning rate follows: these are not the parameters that were trained (see the warning).',
);

/** What λ_max says of a learning rate: a headline and the sentences that say of whom it is true. */
export interface RateAnswer {
  readonly headline: string;
  readonly sentences: readonly string[];
}

/** Without the user's word. */
export const plainDescent: Training = {
  optimiser: 'sgd',
  learningRate: null,
  momentum: 0,
  batchSize: null,
};

const steps = {
  sgd: () => t('Full-batch gradient descent'),
  momentum: (momentum: number) => t`Full-batch gradient descent with momentum ${formatNumber(momentum)}`,
  nesterov: (momentum: number) =>
    t`Full-batch gradient descent with Nesterov’s momentum ${formatNumber(momentum)}`,
} as const;

/**
 * η·λ at the edge of stability on a quadratic (docs/numbers.md): along an eigenvector of eigenvalue λ the steps shrink below it and
 * grow above. As PyTorch has them: momentum is the heavy ball, without dampening; Adam's, whose momentum is an average, is of
 * the Hessian that its state preconditions (Cohen et al. 2022).
 */
export function edgeFactor({ optimiser, momentum }: Training): number {
  switch (optimiser) {
    case 'sgd':
      return 2;
    case 'momentum':
      return 2 * (1 + momentum);
    case 'nesterov':
      return (2 * (1 + momentum)) / (1 + 2 * momentum);
    case 'adam':
      return (2 + 2 * momentum) / (1 - momentum);
  }
}

/** Where the learning rate stands to the edge that λ_max sets, never as a recommendation; null where nothing is known yet. */
export function learningRateAnswer(known: PartialReport): RateAnswer | null {
  const { bounds, estimate, sharpness, method, training = plainDescent } = known;
  if (holdsFoldedWeights(known)) return { headline: t('not told'), sentences: [noRate] };
  const found = sharpness?.lambdaMax;
  if (found?.certified !== true && bounds === undefined) return null;
  if (training.optimiser === 'adam') return ofAdam(known, training);
  const factor = edgeFactor(training);
  const who = steps[training.optimiser](training.momentum);
  const beside = t('; it is no limit for Adam');
  if (found?.certified === true && found.upper > 0) {
    const edge = factor / found.upper;
    return answer(known, { sign: '', shown: formatBelow(edge), factor, edge, who, grounds: '', beside });
  }
  if (bounds === undefined) return null;
  const upper = shownUpperBound(bounds, sharpness);
  if (upper.value <= 0) {
    const sentence = t(
      'The upper bound is not positive: no direction curves upwards, so that no edge follows from it.',
    );
    return { headline: t('no edge from here'), sentences: [sentence] };
  }
  const edge = factor / upper.value;
  const estimated = isEstimate(upper, method);
  const interval = estimate?.intervals.bounds.lambdaMax.upper;
  const shown = factor === 2 ? rateText(upper, interval) : formatBelow(edge);
  const grounds = estimated ? t(', by the estimate of the upper bound') : t(', by the upper bound');
  return answer(known, { sign: estimated ? '≳ ' : '≥ ', shown, factor, edge, who, grounds, beside });
}

interface Edge {
  readonly sign: string;
  readonly shown: string;
  /** η·λ at the edge. */
  readonly factor: number;
  /** η at the edge. */
  readonly edge: number;
  readonly who: string;
  readonly grounds: string;
  /** For whom it is no limit at all, as the end of a sentence. */
  readonly beside: string;
}

function answer(known: PartialReport, { sign, shown, factor, edge, who, grounds, beside }: Edge): RateAnswer {
  const { training = plainDescent, samples } = known;
  const { learningRate, batchSize } = training;
  const share = learningRate === null ? null : learningRate / edge;
  const above = share !== null && share > 1;
  const rises = t('above it the loss rises first and may recover');
  const isPart = batchSize !== null && batchSize < (samples?.count ?? Infinity);
  const batches = t`Mini-batches${isPart ? t` of ${formatCount(batchSize)}` : ''} are stable for less`;
  return {
    headline: share === null ? t`edge ${sign}${shown}` : t`${formatPercent(share)} of the edge`,
    sentences: [
      t`${who}: edge ${sign}${shown}${grounds}; ${rises}.`,
      ...(learningRate === null
        ? []
        : [
            t`η = ${formatNumber(learningRate)} stands ${above ? 'above' : 'below'} it: its own edge is a λ_max of ${formatNumber(factor / learningRate)}.`,
          ]),
      `${batches}${beside}.`,
      ...saddle(known),
    ],
  };
}

/** The edge of Adam is one of the preconditioned Hessian. */
function ofAdam(known: PartialReport, training: Training): RateAnswer {
  const met = known.preconditioned?.lambdaMax;
  if (met?.certified !== true || met.upper <= 0)
    return { headline: t('no edge from here'), sentences: [adamEdge(training)] };
  const factor = edgeFactor(training);
  const edge = factor / met.upper;
  const grounds = t`, by λ_max = ${formatNumber(met.upper)} of the Hessian preconditioned by its state`;
  const who = t`Full-batch Adam with β₁ = ${formatNumber(training.momentum)}`;
  return answer(known, { sign: '', shown: formatBelow(edge), factor, edge, who, grounds, beside: '' });
}

/** Why λ_max sets Adam no edge, and what does. */
export function adamEdge(training: Training): string {
  const { learningRate, momentum } = training;
  const factor = edgeFactor(training);
  const edge =
    learningRate === null
      ? `${formatNumber(factor)}/η`
      : `${formatNumber(factor)}/η = ${formatNumber(factor / learningRate)}`;
  return t`Adam divides every direction by the size of its gradients, so that λ_max is no limit for it: the edge is ${edge} (β₁ = ${formatNumber(momentum)}) for the largest eigenvalue of the preconditioned Hessian, which takes the optimiser’s own state.`;
}

function saddle(known: PartialReport): string[] {
  return downwardCurvature(known).kind === 'saddle'
    ? [t('Here λ_min < 0 and the gradient is as good as zero: a saddle, where no rate is stable.')]
    : [];
}
