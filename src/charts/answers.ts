import { formatNumber, formatPercent, formatQuantity } from '../report/number';
import type { Bounds, LayerReport, PartialReport, Quantity } from '../report/report';
import { ownShare } from './contributionsChart';
import type { Term } from './explanations';
import { shortNames } from './layerNames';

/** A headline that is read from across the room, and the sentences that qualify it; λ_max stands for λ with a subscript. */
export interface Answer {
  readonly headline: string;
  readonly sentences: readonly string[];
  /** The layer that the headline begins with. */
  readonly layer?: { readonly index: number; readonly shown: string; readonly whole: string };
}

/** One of the four questions of a first glance. */
export interface Question {
  readonly title: string;
  readonly term: Term;
  /** null: not known yet. */
  readonly answer: Answer | null;
}

export function questions(known: PartialReport): readonly Question[] {
  return [
    { title: 'The sharpest direction', term: 'upperBound', answer: sharpest(known) },
    { title: 'Which layer', term: 'whichLayer', answer: heaviestLayer(known) },
    { title: 'Is this a critical point?', term: 'criticalPoint', answer: criticalPoint(known) },
    { title: 'Learning rate', term: 'learningRate', answer: learningRate(known) },
  ];
}

function sharpest({ bounds, lossAssumed }: PartialReport): Answer | null {
  if (bounds === undefined) return null;
  const { lower, upper, blockwiseUpper } = bounds.lambdaMax;
  const tighter =
    blockwiseUpper !== null &&
    blockwiseUpper.value < upper.value &&
    formatQuantity(blockwiseUpper) !== formatQuantity(upper);
  return {
    headline: `λ_max ≤ ${formatQuantity(upper)}`,
    sentences: [
      looseness(lower, upper),
      ...(tighter ? [`From the blocks: at most ${formatQuantity(blockwiseUpper)}.`] : []),
      ...(lossAssumed === true ? ['For a loss that was assumed.'] : []),
    ],
  };
}

/** With which certainty the bound holds, and how far λ_max may be below it. */
function looseness(lower: Quantity, upper: Quantity): string {
  const estimated = upper.standardError > 0;
  const kind = estimated ? 'Estimated upper bound, ± one standard error' : 'Proved upper bound';
  if (formatQuantity(lower) === formatQuantity(upper)) return `${kind}; the lower bound meets it.`;
  return `${kind}; it may be many times too high: λ_max itself is not computed yet, only that it is at least ${formatQuantity(lower)}.`;
}

function heaviestLayer({ layers, bounds }: PartialReport): Answer | null {
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
      `of the upper bound${ownSentence(ownShare(layer))}`,
      ...(layer.blockUpperBound === null
        ? []
        : [`Its own block: λ_max ≤ ${formatQuantity(layer.blockUpperBound)}.`]),
      ...negatives(layers),
    ],
  };
}

/** How a layer's row of ‖H‖_F² divides. */
function ownSentence(own: number | null): string {
  if (own === null) return '.';
  if (own === 1) return '; all of its curvature is its own.';
  return `; ${formatPercent(own)} of its curvature is its own, the rest coupling with others.`;
}

function negatives(layers: readonly LayerReport[]): string[] {
  const negative = layers.filter(({ contribution }) => contribution.value < 0);
  const [first] = negative;
  if (first === undefined) return [];
  return negative.length === 1
    ? [
        `${first.name} is negative: it lowers the bound, evening the spectrum out more than its squared norm spreads it.`,
      ]
    : [
        `${negative.length} layers are negative: they lower the bound, evening the spectrum out more than their squared norms spread it.`,
      ];
}

function criticalPoint(known: PartialReport): Answer | null {
  const { gradientNorm, bounds } = known;
  if (gradientNorm === undefined) return null;
  return {
    headline: `‖∇L‖ = ${formatNumber(gradientNorm)}`,
    sentences: [
      `Zero at a critical point. ${bounds === undefined ? '' : kindOfPoint(bounds)}`,
      ...lossSentence(known),
    ],
  };
}

/** What the bounds on λ_min prove, and no more. */
function kindOfPoint({ lambdaMin }: Bounds): string {
  const { lower, upper } = lambdaMin;
  if (upper.value + 3 * upper.standardError < 0) {
    return `λ_min ≤ ${formatQuantity(upper)}: a direction curves downwards, so this is no minimum.`;
  }
  if (lower.value - 3 * lower.standardError >= 0) {
    return `λ_min ≥ ${formatQuantity(lower)}: no direction curves downwards.`;
  }
  return `λ_min lies between ${formatQuantity(lower)} and ${formatQuantity(upper)}: minimum or saddle is left open.`;
}

function lossSentence({ samples, loss }: PartialReport): string[] {
  if (samples === undefined) return [];
  const { meanLoss, classes, accuracy } = samples;
  const chance =
    loss === 'cross-entropy' && classes > 1
      ? ` (chance: ln ${classes} = ${formatNumber(Math.log(classes))})`
      : loss === 'binary-cross-entropy'
        ? ` (chance: ln 2 = ${formatNumber(Math.LN2)})`
        : '';
  const right = accuracy === null ? '' : `, accuracy ${formatPercent(accuracy, 4)}`;
  return [`Mean loss ${formatNumber(meanLoss)}${chance}${right}.`];
}

function learningRate({ bounds }: PartialReport): Answer | null {
  if (bounds === undefined) return null;
  const { upper } = bounds.lambdaMax;
  if (upper.value <= 0) {
    return {
      headline: 'no limit from here',
      sentences: [
        'The upper bound is not positive: no direction curves upwards, and 2 / upper bound means nothing.',
      ],
    };
  }
  // First order in the error of the bound: d(2/U) = 2/U² dU.
  const rate: Quantity = {
    value: 2 / upper.value,
    standardError: (2 / upper.value ** 2) * upper.standardError,
  };
  return {
    headline: `< ${formatQuantity(rate)}`,
    sentences: [
      '2 / upper bound: a rate that no positive curvature makes unstable at this point, for plain full-batch gradient descent.',
      ...saddleCaution(bounds),
    ],
  };
}

function saddleCaution({ lambdaMin }: Bounds): string[] {
  if (lambdaMin.upper.value + 3 * lambdaMin.upper.standardError < 0) {
    return ['Here λ_min < 0: no rate is stable.'];
  }
  if (lambdaMin.lower.value >= 0) return [];
  return ['Where λ_min < 0 the point is a saddle, and no rate is stable.'];
}
