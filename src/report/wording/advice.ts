import { t } from '@vscode/l10n';
import type { LayerReport, PartialReport, TopSample } from '../report';
import { formatPercent } from './number';
import { addedShare, delicateFrom, stepShare, tolerantBelow, trainingFrom } from './verdict';

/** The last sentence of each card: what to do, or that nothing need be done. */

/** A layer that holds so much of the sharpest direction stands out. */
const standsOut = 0.5;
/** A unit that carries so much of ‖H‖² does. */
const outstandingUnit = 0.25;

const nothing = t('Nothing need be done');

/** Below what a move of the weights costs. */
export function responseAdvice({ response, samples }: Pick<PartialReport, 'response' | 'samples'>): string {
  const share = response && samples ? addedShare(response, samples.meanLoss) : null;
  if (share === null)
    return t`${nothing}: without a loss of guessing beside it, only the change itself tells.`;
  if (share >= delicateFrom)
    return t('Measure the loss before and after every rounding, pruning or merging of the weights.');
  return share < tolerantBelow
    ? t`${nothing}: even the worst move of this size costs little.`
    : t`${nothing}, unless the weights are to be rounded to 4 bits or fewer: then measure before and after.`;
}

/** Below the plane. */
export const planeAdvice = t`${nothing}: where the valley is long and narrow, keep steps across it small.`;

/** Below the layers' shares of the sharpest direction. */
export function sharpestAdvice({ name }: LayerReport, share: number, count: number): string {
  return share >= standsOut && count > 1
    ? t`Begin with ${name} where λ_max is to be lowered, and keep it in full precision where the others are quantised.`
    : t`${nothing} for one layer alone: none holds most of it.`;
}

/** Below the bounds. */
export function boundsAdvice({ sharpness }: Pick<PartialReport, 'sharpness'>): string {
  if (sharpness === undefined)
    return t('Compare no models by the bound: λ_max itself, which is not computed yet, may be far below it.');
  return sharpness.lambdaMax.certified || sharpness.lambdaMax.kind === 'spectrum'
    ? t`${nothing}: λ_max itself is known, and the bounds only frame it.`
    : t('Give it more time where λ_max is needed more narrowly; what is shown holds as it is.');
}

/** Below the spectrum. */
export function spectrumAdvice({ sharpness }: Pick<PartialReport, 'sharpness'>): string {
  const { lambdaMax, lambdaMin } = sharpness ?? {};
  const isEven = lambdaMax && lambdaMin && -lambdaMin.upper > lambdaMax.upper / 2;
  return isEven
    ? t(
        'See whether loss and samples are those of the training: as much curves downwards as upwards, as before training.',
      )
    : t`${nothing}: a few large eigenvalues above very many near zero are ordinary.`;
}

/** Below the largest eigenvalues. */
export function eigenvaluesAdvice(
  first: { readonly lower: number },
  second: { readonly upper: number },
): string {
  return second.upper < first.lower / 2
    ? t('Look at the layer and the samples of the first: one direction stands out.')
    : t`${nothing} for one direction alone: several are about as sharp.`;
}

/** Below the contributions. */
export const contributionsAdvice = t`${nothing}: this divides the bound; what to change is told by where the sharpest direction lies.`;

/** Below the blocks: `together` is the share of ‖H‖² between different layers. */
export function blocksAdvice(together: number): string {
  return together > 0.5
    ? t('Freeze or quantise layers together, not one by one: most of the curvature is between them.')
    : t`${nothing}: most of the curvature is the layers’ own, so that each can be judged by itself.`;
}

/** Below the table of all layers. */
export const tableAdvice = t(
  'Sort by a column: the layers at its top are those to quantise last and to look at first.',
);

/** Below the elasticities. */
export function elasticityAdvice(layers: readonly Pick<LayerReport, 'name' | 'elasticity'>[]): string {
  const size = (layer: (typeof layers)[number]): number => Math.abs(layer.elasticity ?? 0);
  const [most] = layers.toSorted((one, other) => size(other) - size(one));
  if (most === undefined) return `${nothing}.`;
  const way = (most.elasticity ?? 0) < 0 ? 'growing' : 'shrinking';
  return t`${nothing}, unless the bound is to be lowered: ${way} the weight of ${most.name} does most.`;
}

/** Below the shares of a layer's units. */
export function unitsAdvice(shares: readonly number[]): string {
  const most = Math.max(...shares);
  return shares.length > 4 && most >= outstandingUnit
    ? t`Look at unit ${shares.indexOf(most)}, which carries ${formatPercent(most)} alone: its inputs may not be scaled like the others.`
    : t`${nothing}: no unit stands out.`;
}

/** Below the cosines of samples: `share` is what comes from pairs of different samples. */
export function samplesAlikeAdvice(share: number): string {
  return share > 0.5
    ? t`${nothing}: that samples act together is ordinary.`
    : t('Take more samples where the numbers are to speak for others: each acts nearly alone.');
}

/** Below samples that weigh most. */
export function topSamplesAdvice(samples: readonly TopSample[]): string {
  const wrong = samples.filter(
    ({ label, predicted }) => label !== null && predicted !== null && label !== predicted,
  );
  if (wrong.length === 0) return t`${nothing}: none of them is predicted wrongly.`;
  const which = wrong.length === 1 ? t('the one that is') : t`the ${wrong.length} that are`;
  return t`Check the labels of ${which} predicted wrongly.`;
}

/** The end of each of the four answers of a first glance; null where what it rests on is not known yet. */
export function answerAdvice(
  question: 'upperBound' | 'whichLayer' | 'criticalPoint' | 'learningRate',
  { gradientNorm, layers = [], samples, sharpness, training }: PartialReport,
): string | null {
  switch (question) {
    case 'upperBound':
      return t('Compare it only between models of one loss and the same samples.');
    case 'whichLayer':
      return layers.length < 2 ? t`${nothing}: there is no other.` : t('Quantise it last.');
    case 'criticalPoint': {
      if (gradientNorm === undefined || samples === undefined || sharpness === undefined) return null;
      const share = stepShare({ gradientNorm, samples, sharpness });
      return share !== null && share >= trainingFrom
        ? t('Train on.')
        : t`${nothing} while the loss is low enough.`;
    }
    case 'learningRate':
      return t`${nothing} while the loss falls${training?.learningRate ? t('; else lower the rate') : ''}.`;
  }
}

/** The end of each card of a comparison. */
export const comparedAdvice = {
  rows: t('Take the model of the least loss; among equals the one that a move of 1 % costs least.'),
  lambdaMax: t`${nothing} while the loss falls: training often sits at the edge by itself.`,
  loss: t('Lower is better, on these samples.'),
  accuracy: t('Higher is better, on these samples.'),
  gradientNorm: t('Train on where it has not come down yet.'),
  moveCost: t('A lower one stands rounding better.'),
  scaleInvariant: t('Compare this where the weights have grown, and not λ_max.'),
  upperBound: t('Compare λ_max where it is known: the bound may be far above it.'),
  trace: t`${nothing}: it is what the bounds are made from.`,
  layers: t('Look first at the layer whose part changed most.'),
  samples: t(
    'Look at these samples; where rounding costs too much, keep the layers that hold most of the sharpest direction in full precision.',
  ),
} as const;
