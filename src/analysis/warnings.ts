import type { CurvatureEstimate } from '../curvature/curvatureEstimate';
import type { ChosenLoss } from '../loss/chooseLoss';
import { formatNumber } from '../report/wording/number';
import type { SampleFacts, Warning } from '../report/report';
import type { AnalysisRequest } from '../report/request';
import { setting } from '../report/wording/settings';

/** What a careful reader of the numbers should be told first. */
export function warningsAbout(
  samples: SampleFacts,
  { loss, oneHot, classes }: Pick<ChosenLoss, 'loss' | 'oneHot' | 'classes'>,
  ofModel: readonly Warning[],
): Warning[] {
  const warnings = [...ofModel];
  const warn = (kind: string, message: string): void => void warnings.push({ kind, message });
  if (samples.source === 'random inputs') {
    warn(
      'random-inputs',
      'The inputs are random, not your training data: the numbers describe the loss at noise.',
    );
  }
  if (samples.labels === 'predicted') {
    warn(
      'predicted-labels',
      'The samples hold no labels, so the model’s own predictions were taken: the loss is flattered.',
    );
  }
  if (oneHot) {
    warn(
      'one-hot-labels',
      `The labels are classes, and the loss (${loss}) takes every output by itself: the targets are 1 at the class and 0 elsewhere. If you trained otherwise, save the targets as floats, one row for each sample.`,
    );
  }
  if (samples.count === 1) warn('one-sample', 'There is a single sample: the Hessian is that of one point.');
  else if (samples.labels === 'given' && classes?.every((label) => label === classes[0]) === true) {
    warn('one-class', 'All samples have the same label: the Hessian says nothing about the other classes.');
  }
  const chance = samples.classes > 1 ? Math.log(samples.classes) : Infinity;
  if (samples.labels === 'given' && samples.meanLoss > chance) {
    warn(
      'loss-above-chance',
      `The mean loss ${samples.meanLoss.toPrecision(3)} is above ln ${samples.classes} = ${chance.toPrecision(3)}, that of guessing: is the scaling of the inputs right (${setting('scale')}), and do these samples belong to the model?`,
    );
  }
  return warnings;
}

/** What was asked of the computation and means nothing to the closed form. */
export function closedFormWarnings({ dtype }: Pick<AnalysisRequest, 'dtype'>): Warning[] {
  if (dtype !== 'float32') return [];
  return [
    {
      kind: 'dtype',
      message:
        'float32 was asked for, but it is about Hessian-vector products: the closed form takes none and computes in float64.',
    },
  ];
}

/**
 * Why there are no intervals of λ_max and λ_min, where no time limit took them: the products may be too inexact for them,
 * or the memory too small.
 */
export function intervalWarnings(
  { sharpness, stoppedBy }: Pick<CurvatureEstimate, 'sharpness' | 'stoppedBy'>,
  productError: number,
  precision: number,
): Warning[] {
  if (sharpness !== null) return [];
  const missing = 'The intervals of λ_max and λ_min were left out:';
  const warning = (reason: string): Warning[] => [
    { kind: 'no-certificate', message: `${missing} ${reason}` },
  ];
  if (productError > precision / 10) {
    return warning(
      `the products’ relative error ${formatNumber(productError)} in float32 is larger than a tenth of the precision asked, ${formatNumber(precision)}; ask for ${setting('dtype', 'float64')} or a coarser ${setting('precision')}.`,
    );
  }
  return stoppedBy === 'memory budget'
    ? warning('the memory budget holds too few vectors for them; allow more memory.')
    : [];
}
