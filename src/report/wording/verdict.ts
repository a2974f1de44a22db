import { t } from '@vscode/l10n';
import type { Report, Response, Verdict } from '../report';
import { evenGuess } from './evenGuess';
import { formatNumber, formatPercent } from './number';

/**
 * The cuts of the verdict: a convention, chosen by what happened to trained models (docs/numbers.md has the reasons). s is what the
 * worst move of 1 % of the weights adds to the loss, over what training took off it: ΔL/(L of guessing − L).
 */
export const tolerantBelow = 0.02;
export const delicateFrom = 0.25;
/** m = ‖∇L‖²/(2 λ_max L), the share of the loss that one plain step should still save: from here on training goes on. */
export const trainingFrom = 0.1;
/** The samples are too few where λ_max is uncertain by this share or more. */
export const fewSamplesFrom = 0.25;
/** A loss is no better than guessing where it is lower by less than this share: logits that are equal but for rounding. */
const sameAsGuess = 1e-6;
/** Accuracies that are no further apart are the same to a reader. */
const sameAccuracy = 5e-4;
/** A loss that changes by less, relative to itself, is the same to a reader. */
const sameLoss = 0.01;
/** In random directions hardly anything changes where it is no more than this share of what changes in the worst. */
const hardlyAny = 0.1;

type Known = Pick<
  Report,
  'gradientNorm' | 'layers' | 'loss' | 'response' | 'samples' | 'sharpness' | 'lossOptions'
>;

/** What the numbers mean, in one line that ends in what to do; null where they do not tell. */
export function verdictOf(known: Known): Verdict | null {
  const reason = voidReason(known);
  if (reason !== null) {
    const text = t`These numbers do not describe your training: ${reason}. Choose the samples that the model was trained on, with their labels and their scaling.`;
    return { kind: 'void', text };
  }
  const { response, samples } = known;
  const share = response === null ? null : addedShare(response, samples.meanLoss);
  if (response === null || share === null) return null;
  const kind = share >= delicateFrom ? 'delicate' : share < tolerantBelow ? 'tolerant' : 'ordinary';
  const step = formatPercent(response.relativeStep);
  const training = stillTraining(known);
  const sentences = [
    ...training,
    t`${leads[kind](step)} In the sharpest direction ${inWorst(known, response)}; in random directions ${inRandom(known, response)}.`,
    kind === 'tolerant' && training.length > 0 ? t('Nothing else to do.') : advice(kind, known),
    ...tooFew(known),
  ];
  return { kind, text: sentences.join(' ') };
}

const leads = {
  tolerant: (step: string) => t`Tolerant: moving the weights by ${step} costs next to nothing.`,
  ordinary: (step: string) =>
    t`Ordinary: moving the weights by ${step} can cost some of what training gained.`,
  delicate: (step: string) =>
    t`Delicate: moving the weights by ${step} can cost a large part of what training gained.`,
} as const;

/** s; infinite where the loss is no number any more; null where nothing is guessed. */
export function addedShare({ worst, guessLoss }: Response, meanLoss: number): number | null {
  if (guessLoss === null || !(guessLoss > meanLoss)) return null;
  return worst.loss === null ? Infinity : (worst.loss - meanLoss) / (guessLoss - meanLoss);
}

/** m; null where there is no loss left to save, or it is not known. */
export function stepShare({
  gradientNorm,
  samples,
  sharpness,
}: Pick<Known, 'gradientNorm' | 'samples' | 'sharpness'>): number | null {
  const lambdaMax = sharpness?.lambdaMax.upper ?? 0;
  if (!(lambdaMax > 0 && samples.meanLoss > 0)) return null;
  return gradientNorm ** 2 / (2 * lambdaMax * samples.meanLoss);
}

function voidReason({ samples, response, loss }: Known): string | null {
  if (samples.source === 'random inputs') return t('the inputs are random');
  if (samples.labels === 'predicted') return t('the labels are the model’s own predictions');
  const guess = response?.guessLoss ?? evenGuess({ loss, samples })?.loss ?? null;
  if (guess === null || samples.meanLoss < guess * (1 - sameAsGuess)) return null;
  return t`the loss of ${formatNumber(samples.meanLoss)} is no better than that of guessing, ${formatNumber(guess)}`;
}

function stillTraining(known: Known): string[] {
  const share = stepShare(known);
  if (share === null || share < trainingFrom) return [];
  const saved = share < 0.5 ? t`${formatPercent(share)} of the loss or more` : t('most of the loss');
  return [t`Not trained to the end: one plain step of gradient descent would still save ${saved}; train on.`];
}

/** "the accuracy goes from 99.89 % to 98.44 %" */
function inWorst({ samples: { accuracy, meanLoss } }: Known, { worst }: Response): string {
  if (worst.loss === null) return t('the loss is no number any more');
  const loss = t`the loss goes from ${formatNumber(meanLoss)} to ${formatNumber(worst.loss)}`;
  if (accuracy === null || worst.accuracy === null) return loss;
  return Math.abs(worst.accuracy - accuracy) <= sameAccuracy
    ? t`the accuracy stays at ${formatPercent(accuracy, 4)} and ${loss}`
    : t`the accuracy goes from ${formatPercent(accuracy, 4)} to ${formatPercent(worst.accuracy, 4)}`;
}

function inRandom({ samples: { accuracy, meanLoss } }: Known, { worst, random }: Response): string {
  const hardly = (before: number, after: number, least: number, most: number | null): boolean =>
    Math.abs(after - before) <= Math.max(least, most === null ? 0 : hardlyAny * Math.abs(most - before));
  if (random.loss === null) return t('the loss is no number any more');
  if (accuracy !== null && random.accuracy !== null)
    return hardly(accuracy, random.accuracy, sameAccuracy, worst.accuracy)
      ? t('hardly anything changes')
      : t`the accuracy becomes ${formatPercent(random.accuracy, 4)}`;
  return hardly(meanLoss, random.loss, sameLoss * Math.abs(meanLoss), worst.loss)
    ? t('hardly anything changes')
    : t`the loss becomes ${formatNumber(random.loss)}`;
}

function advice(kind: keyof typeof leads, { layers }: Known): string {
  if (kind === 'tolerant') return t('Nothing to do.');
  if (kind === 'ordinary')
    return t('Nothing to do, but measure after rounding the weights to 4 bits or fewer.');
  const [heaviest] = layers.toSorted((one, other) => (other.sharpestShare ?? 0) - (one.sharpestShare ?? 0));
  const share = heaviest?.sharpestShare ?? null;
  const where =
    heaviest === undefined || share === null || layers.length === 1
      ? ''
      : t`, above all of ${heaviest.name}: ${formatPercent(share)} of the sharpness is there`;
  return t`Measure before and after rounding or fine-tuning${where}.`;
}

function tooFew({ sharpness }: Known): string[] {
  const { samplingError = null, lower = 0 } = sharpness?.lambdaMax ?? {};
  if (samplingError === null || !(lower > 0) || samplingError < fewSamplesFrom * lower) return [];
  const error = formatPercent(samplingError / lower);
  return [
    t`The samples are too few: for others like them λ_max may be off by ${error} (one standard error); take more.`,
  ];
}
