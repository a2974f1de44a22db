import { t } from '@vscode/l10n';
import { evenGuess } from '../report/wording/evenGuess';
import { formatEstimate, formatNumber, formatPercent, formatQuantity } from '../report/wording/number';
import type {
  Bounds,
  EigenvalueInterval,
  EstimateIntervals,
  LayerReport,
  PartialReport,
  Sharpness,
} from '../report/report';
import { answerAdvice } from '../report/wording/advice';
import { samplingErrorText } from '../report/wording/samplingText';
import { downwardCurvature, type DownwardCurvature } from '../report/wording/saddle';
import { stepShare } from '../report/wording/verdict';
import {
  certaintyText,
  commonValue,
  groundsText,
  intervalText,
  isEstimate,
  rangeText,
  shownUpperBound,
} from '../report/wording/sharpnessText';
import type { Answer } from './answer';
import { ownShare } from './contributionsChart';
import type { Term } from './explanations';
import { shortNames } from './layerNames';
import { learningRateAnswer } from '../report/wording/learningRate';
import { knownShares, type SharpestShare } from './sharpestShareChart';

/** One of the four questions of a first glance. */
export interface Question {
  readonly title: string;
  readonly term: Term;
  /** null: not known yet. */
  readonly answer: Answer | null;
}

export function questions(known: PartialReport): readonly Question[] {
  return (
    [
      { title: t('The sharpest direction'), term: 'upperBound', answer: sharpest(known) },
      { title: t('Which layer'), term: 'whichLayer', answer: heaviestLayer(known) },
      { title: t('Is this a minimum?'), term: 'criticalPoint', answer: criticalPoint(known) },
      { title: t('Learning rate'), term: 'learningRate', answer: learningRateAnswer(known) },
    ] as const
  ).map(({ title, term, answer }) => {
    const advice = answerAdvice(term, known);
    if (answer === null || advice === null) return { title, term, answer };
    return { title, term, answer: { ...answer, sentences: [...answer.sentences, advice] } };
  });
}

function sharpest(known: PartialReport): Answer | null {
  const { bounds, sharpness, lossAssumed } = known;
  if (bounds === undefined && sharpness === undefined) return null;
  const assumed = lossAssumed === true ? [t('For a loss that was assumed.')] : [];
  if (sharpness === undefined) {
    if (bounds === undefined) return null;
    return {
      headline: t`λ_max ${boundSign(known)} ${formatQuantity(bounds.lambdaMax.upper)}`,
      sentences: [looseness(known, bounds), ...fromBlocks(known), ...assumed],
    };
  }
  const { lambdaMax } = sharpness;
  const value = commonValue(lambdaMax);
  return {
    headline: value === null ? t`λ_max ${rangeText(lambdaMax)}` : t`λ_max = ${value}`,
    sentences: [
      foundSentence(lambdaMax),
      ...ofSamples(sharpness),
      ...boundSentence(known),
      ...fromBlocks(known),
      ...assumed,
    ],
  };
}

/** An estimate is no bound: no sign says that it is one. */
function boundSign({ bounds, method }: PartialReport): string {
  return bounds !== undefined && isEstimate(bounds.lambdaMax.upper, method) ? '≲' : '≤';
}

/** With which certainty λ_max is known, and between which ends where they can be told apart. */
function foundSentence(interval: EigenvalueInterval): string {
  const { kind, certified } = interval;
  if (kind === 'spectrum') return t('From the whole spectrum: exact to rounding.');
  const within = intervalText(interval);
  // Where the headline names the ends they are not said again.
  const ends = commonValue(interval) === null || within.startsWith('=') ? '' : `, ${within}`;
  return certified
    ? `${capitalise(certaintyText(interval))}${ends}.`
    : t`Not certified: ${groundsText(interval)}.`;
}

/** What the certificate does not speak of. */
function ofSamples(sharpness: Sharpness): string[] {
  const found = samplingErrorText(sharpness);
  return found === null ? [] : [t`That is on these samples; ${found}.`];
}

function intervalsOf({ estimate }: PartialReport): EstimateIntervals['bounds']['lambdaMax'] | undefined {
  return estimate?.intervals.bounds.lambdaMax;
}

function boundSentence(known: PartialReport): string[] {
  const { bounds, sharpness, method } = known;
  if (bounds === undefined) return [];
  const upper = shownUpperBound(bounds, sharpness);
  return [
    isEstimate(upper, method)
      ? t`Estimate of the upper bound: ${formatEstimate(upper, intervalsOf(known)?.upper)}.`
      : t`Upper bound from trace and norm: ${formatQuantity(upper)}.`,
  ];
}

function fromBlocks(known: PartialReport): string[] {
  const { bounds, method } = known;
  const { upper, blockwiseUpper } = bounds?.lambdaMax ?? { upper: null, blockwiseUpper: null };
  if (upper === null || blockwiseUpper === null || blockwiseUpper.value >= upper.value) return [];
  if (formatQuantity(blockwiseUpper) === formatQuantity(upper)) return [];
  return [
    isEstimate(blockwiseUpper, method)
      ? t`Estimated from the blocks: ${formatEstimate(blockwiseUpper, intervalsOf(known)?.blockwiseUpper ?? undefined)}.`
      : t`From the blocks: at most ${formatQuantity(blockwiseUpper)}.`,
  ];
}

/** With which certainty the bound holds, and how far λ_max may be below it. */
function looseness(known: PartialReport, { lambdaMax: { lower, upper } }: Bounds): string {
  const estimated = isEstimate(upper, known.method);
  const interval = intervalsOf(known)?.upper;
  const within = interval === undefined ? t('± one standard error') : formatEstimate(upper, interval);
  const kind = estimated
    ? t`An estimate of the upper bound, ${within}, and no proof`
    : t('Proved upper bound');
  if (formatQuantity(lower) === formatQuantity(upper)) return t`${kind}; the lower bound meets it.`;
  return t`${kind}; it may be many times too high: λ_max itself is not computed yet, only that it is ${estimated ? t('about') : t('at least')} ${formatQuantity(lower)}${estimated ? t(' or more') : ''}.`;
}

function capitalise(sentence: string): string {
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}`;
}

/** Of the sharpest direction where that is known, else of the upper bound. */
function heaviestLayer(known: PartialReport): Answer | null {
  const [sharpest] = knownShares(known.layers ?? []);
  return sharpest === undefined ? heaviestOfBound(known) : heaviestOfDirection(known, sharpest);
}

function heaviestOfDirection(
  { layers = [], sharpness }: PartialReport,
  { layer, index, share, ofParameters }: SharpestShare,
): Answer {
  const { group = 1 } = sharpness?.lambdaMax ?? {};
  const direction =
    group === 1 ? t('the sharpest direction') : t`the ${group} sharpest directions, which are as good as one`;
  return {
    layer: {
      index,
      shown: shortNames(layers.map(({ name }) => name))[index] ?? layer.name,
      whole: layer.name,
    },
    headline: ` · ${formatPercent(share)}`,
    sentences: [
      t`of ${direction}, with ${formatPercent(ofParameters)} of the parameters.`,
      ...negatives(layers),
    ],
  };
}

function heaviestOfBound({ layers, bounds, method }: PartialReport): Answer | null {
  if (layers === undefined || bounds === undefined) return null;
  const upper = bounds.lambdaMax.upper.value;
  const names = shortNames(layers.map(({ name }) => name));
  let heaviest: { layer: LayerReport; index: number } | null = null;
  for (const [index, layer] of layers.entries()) {
    if (heaviest === null || layer.contribution.value > heaviest.layer.contribution.value) {
      heaviest = { layer, index };
    }
  }
  if (heaviest === null) return null;
  const { layer, index } = heaviest;
  const amount =
    upper > 0 ? formatPercent(layer.contribution.value / upper) : formatQuantity(layer.contribution);
  return {
    layer: { index, shown: names[index] ?? layer.name, whole: layer.name },
    headline: ` · ${amount}`,
    sentences: [
      t`of the ${isEstimate(bounds.lambdaMax.upper, method) ? t('estimate of the upper bound') : t('upper bound')}${ownSentence(ownShare(layer))}`,
      ...(layer.blockUpperBound === null
        ? []
        : [
            t`Its own block: λ_max ${isEstimate(layer.blockUpperBound, method) ? '≲' : '≤'} ${formatQuantity(layer.blockUpperBound)}.`,
          ]),
      ...negatives(layers),
    ],
  };
}

/** How a layer's row of ‖H‖_F² divides. */
function ownSentence(own: number | null): string {
  if (own === null) return '.';
  if (own === 1) return t('; all of its curvature is its own.');
  return t`; ${formatPercent(own)} of its curvature is its own, the rest coupling with others.`;
}

function negatives(layers: readonly LayerReport[]): string[] {
  const negative = layers.filter(({ contribution }) => contribution.value < 0);
  const [first] = negative;
  if (first === undefined) return [];
  return negative.length === 1
    ? [
        t`${first.name} is negative: it lowers the bound, evening the spectrum out more than its squared norm spreads it.`,
      ]
    : [
        t`${negative.length} layers are negative: they lower the bound, evening the spectrum out more than their squared norms spread it.`,
      ];
}

function criticalPoint(known: PartialReport): Answer | null {
  const { gradientNorm } = known;
  if (gradientNorm === undefined) return null;
  return {
    headline: `‖∇L‖ = ${formatNumber(gradientNorm)}`,
    sentences: [
      t`Zero at a critical point. ${kindOfPoint(known)}`,
      ...lossSentence(known),
      ...stepSentence(known),
    ],
  };
}

/** What is known of λ_min's sign, and no more. */
function kindOfPoint(known: PartialReport): string {
  const { bounds, sharpness, method } = known;
  if (bounds === undefined && sharpness === undefined) return '';
  const downwards = downwardCurvature(known);
  const meaning = meaningOf(downwards);
  if (sharpness !== undefined) {
    const { lambdaMin } = sharpness;
    const certain = lambdaMin.kind === 'spectrum' || lambdaMin.certified;
    const grounds = certain ? certaintyText(lambdaMin) : groundsText(lambdaMin);
    return t`λ_min ${intervalText(lambdaMin)} (${grounds}): ${meaning}.`;
  }
  if (bounds === undefined) return '';
  const { lower, upper } = bounds.lambdaMin;
  if (downwards.kind === 'saddle' || downwards.kind === 'ordinary')
    return `λ_min ≤ ${formatQuantity(upper)}: ${meaning}.`;
  if (downwards.kind === 'none' || downwards.kind === 'negligible')
    return `λ_min ≥ ${formatQuantity(lower)}: ${meaning}.`;
  const lies = isEstimate(lower, method) ? t('is estimated to lie') : t('lies');
  return t`λ_min ${lies} between ${formatQuantity(lower)} and ${formatQuantity(upper)}: ${meaning}.`;
}

function meaningOf(downwards: DownwardCurvature): string {
  switch (downwards.kind) {
    case 'none':
      return t('no direction curves downwards');
    case 'negligible':
      return t('no direction curves downwards to speak of');
    case 'open':
      return t('whether a direction curves downwards is left open');
    case 'saddle':
      return t('a direction curves downwards where the gradient is as good as zero, so this is no minimum');
    case 'ordinary': {
      // No longer than the others: the panel's cards keep their height while the numbers come.
      return t`curves downwards${downwards.share === null ? '' : t` by ${downwards.share}`}, as is ordinary`;
    }
  }
}

/** What the slope beside the curvature still promises. */
function stepSentence({ gradientNorm, samples, sharpness }: PartialReport): string[] {
  if (gradientNorm === undefined || samples === undefined || sharpness?.lambdaMax.certified !== true)
    return [];
  const share = stepShare({ gradientNorm, samples, sharpness });
  return share === null || share > 1
    ? []
    : [t`One plain step should still save ${formatPercent(share)} of it.`];
}

function lossSentence({ samples, loss }: PartialReport): string[] {
  if (samples === undefined) return [];
  const { meanLoss, accuracy } = samples;
  const guess = evenGuess({ samples, ...(loss !== undefined && { loss }) });
  const chance = guess === null ? '' : t` (chance: ${guess.text})`;
  const right = accuracy === null ? '' : t`, accuracy ${formatPercent(accuracy, 4)}`;
  return [t`Mean loss ${formatNumber(meanLoss)}${chance}${right}.`];
}
