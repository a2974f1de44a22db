import type { Report, Response, Verdict } from '../report';
import { evenGuess } from './evenGuess';
import { formatNumber, formatPercent } from './number';

/**
 * The cuts of the verdict: a convention, calibrated on trained models (docs/numbers.md has the table). s is what the worst move
 * of 1 % of the weights adds to the loss, over what training took off it: (ΔL)/(L of guessing − L).
 */
const tolerantBelow = 0.02;
const delicateFrom = 0.25;
/** m = ‖∇L‖²/(2 λ_max L), the share of the loss that one plain step should still save: from here on training goes on. */
const trainingFrom = 0.05;
/** The samples are too few where λ_max is uncertain by more than this share. */
const fewSamplesFrom = 0.25;
/** Accuracies that are no further apart are the same to a reader. */
const sameAccuracy = 5e-4;
/** A loss that grows by less is the same to a reader. */
const sameLoss = 0.01;

type Known = Pick<
  Report,
  'gradientNorm' | 'layers' | 'loss' | 'response' | 'samples' | 'sharpness' | 'lossOptions'
>;

/** What the numbers mean, in one line that ends in what to do; null where they do not tell. */
export function verdictOf(known: Known): Verdict | null {
  const reason = voidReason(known);
  if (reason !== null) {
    const text = `These numbers do not describe your training: ${reason}. Choose the samples that the model was trained on.`;
    return { kind: 'void', text };
  }
  const { response, samples } = known;
  const share = response === null ? null : addedShare(response, samples.meanLoss);
  if (response === null || share === null) return null;
  const kind = share >= delicateFrom ? 'delicate' : share < tolerantBelow ? 'tolerant' : 'ordinary';
  const sentences = [
    ...stillTraining(known),
    costText(known, response),
    advice(kind, known),
    ...tooFew(known),
  ];
  return { kind, text: sentences.join(' ') };
}

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
  if (samples.source === 'random inputs') return 'the inputs are random';
  if (samples.labels === 'predicted') return 'the labels are the model’s own predictions';
  const guess = response?.guessLoss ?? evenGuess({ loss, samples })?.loss ?? null;
  if (guess === null || samples.meanLoss < guess) return null;
  return `the loss ${formatNumber(samples.meanLoss)} is no better than the ${formatNumber(guess)} of guessing`;
}

function stillTraining(known: Known): string[] {
  const share = stepShare(known);
  if (share === null || share < trainingFrom) return [];
  return [
    `Still training: one plain step of gradient descent should save ${formatPercent(Math.min(1, share))} of the loss.`,
  ];
}

/** "Moving the weights by 1 % in the worst direction lowers the accuracy from 99.9 % to 98.4 %; in random ones nothing changes." */
function costText(
  { samples: { accuracy, meanLoss } }: Known,
  { relativeStep, worst, random }: Response,
): string {
  const step = formatPercent(relativeStep);
  if (worst.loss === null)
    return `Moving the weights by ${step} in the worst direction makes the loss no number at all.`;
  const before = `Moving the weights by ${step} in the worst direction`;
  if (accuracy === null || worst.accuracy === null) {
    const changes = `takes the loss from ${formatNumber(meanLoss)} to ${formatNumber(worst.loss)}`;
    return `${before} ${changes}; in random directions ${lossText(random.loss, meanLoss)}.`;
  }
  const same = Math.abs(worst.accuracy - accuracy) <= sameAccuracy;
  const changes = same
    ? `leaves the accuracy at ${formatPercent(accuracy, 4)}, the loss goes from ${formatNumber(meanLoss)} to ${formatNumber(worst.loss)}`
    : `takes the accuracy from ${formatPercent(accuracy, 4)} to ${formatPercent(worst.accuracy, 4)}`;
  const still = random.accuracy !== null && Math.abs(random.accuracy - accuracy) <= sameAccuracy;
  const inRandom =
    random.accuracy === null || still ? 'nothing changes' : `it becomes ${formatPercent(random.accuracy, 4)}`;
  return `${before} ${changes}; in random directions ${inRandom}.`;
}

function lossText(loss: number | null, meanLoss: number): string {
  if (loss === null) return 'no number is left either';
  return Math.abs(loss - meanLoss) <= sameLoss * Math.abs(meanLoss)
    ? 'nothing changes'
    : `it becomes ${formatNumber(loss)}`;
}

function advice(kind: Verdict['kind'], { layers }: Known): string {
  if (kind === 'tolerant') return 'Nothing to do.';
  const [heaviest] = layers.toSorted((one, other) => (other.sharpestShare ?? 0) - (one.sharpestShare ?? 0));
  const share = heaviest?.sharpestShare ?? null;
  const where =
    heaviest === undefined || share === null || layers.length === 1
      ? ''
      : `; ${formatPercent(share)} of the sharpness is in ${heaviest.name}`;
  return kind === 'delicate'
    ? `Measure before rounding or fine-tuning${where}.`
    : `That is ordinary: compare checkpoints by it before choosing one${where}.`;
}

function tooFew({ sharpness }: Known): string[] {
  const { samplingError = null, lower = 0 } = sharpness?.lambdaMax ?? {};
  if (samplingError === null || !(lower > 0) || samplingError < fewSamplesFrom * lower) return [];
  return [
    `The samples are too few: λ_max is uncertain by ${formatPercent(samplingError / lower)}; take more.`,
  ];
}
