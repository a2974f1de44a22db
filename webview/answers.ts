import { formatNumber, formatPercent, formatQuantity } from '../src/report/number';
import type { Bounds, LayerReport, PartialReport, Quantity } from '../src/report/report';
import { ownShare } from '../src/charts/contributionsChart';
import { shortNames } from '../src/charts/layerNames';
import { element, lambda, type Child } from './dom';
import type { Term } from './explanations';
import { hint } from './tooltip';
import type { Section } from './view';

/** One of the four answers: a headline that is read from across the room, and the sentences that qualify it. */
interface Answer {
  readonly headline: readonly Child[];
  readonly sentences: readonly (readonly Child[])[];
  readonly layer?: number;
}

/** The four questions of a first glance. */
export const answers: Section = {
  id: 'answers',
  inputs: ({ known, pending, state }) => {
    const { bounds, layers, gradientNorm, samples, loss, lossAssumed, method } = known;
    return [pending, state.phase, bounds, layers, gradientNorm, samples, loss, lossAssumed, method];
  },
  draw: ({ known, pending, state }) => {
    if (state.phase === 'choosing-samples') return [];
    return [
      answerCard('The sharpest direction', 'upperBound', sharpest(known), pending),
      answerCard('Which layer', 'whichLayer', heaviestLayer(known), pending),
      answerCard('Is this a critical point?', 'criticalPoint', criticalPoint(known), pending),
      answerCard('Learning rate', 'learningRate', learningRate(known), pending),
    ];
  },
};

function answerCard(title: string, term: Term, answer: Answer | null, pending: boolean): HTMLElement | null {
  if (answer === null && !pending) return null;
  return element(
    'section',
    { class: 'card answer', 'aria-label': title, 'data-layer': answer?.layer },
    element('h2', {}, title, hint(term, title)),
    element(
      'p',
      { class: answer === null ? 'headline unknown' : 'headline' },
      ...(answer?.headline ?? ['…']),
    ),
    ...(answer?.sentences ?? []).map((sentence) => element('p', { class: 'sentence' }, ...sentence)),
  );
}

function isEstimated(quantity: Quantity): boolean {
  return quantity.standardError > 0;
}

function sharpest({ bounds, lossAssumed }: PartialReport): Answer | null {
  if (bounds === undefined) return null;
  const { lower, upper, blockwiseUpper } = bounds.lambdaMax;
  const tighter =
    blockwiseUpper !== null &&
    blockwiseUpper.value < upper.value &&
    formatQuantity(blockwiseUpper) !== formatQuantity(upper);
  return {
    headline: [lambda('max'), ` ≤ ${formatQuantity(upper)}`],
    sentences: [
      looseness(lower, upper),
      ...(tighter ? [[`From the blocks: at most ${formatQuantity(blockwiseUpper)}.`]] : []),
      ...(lossAssumed === true ? [['For a loss that was assumed.']] : []),
    ],
  };
}

/** With which certainty the bound holds, and how far λ_max may be below it. */
function looseness(lower: Quantity, upper: Quantity): Child[] {
  const kind = isEstimated(upper) ? 'Estimated upper bound, ± one standard error' : 'Proved upper bound';
  if (formatQuantity(lower) === formatQuantity(upper)) return [`${kind}; the lower bound meets it.`];
  return [
    `${kind}; it may be many times too high: `,
    lambda('max'),
    ` itself is not computed yet, only that it is at least ${formatQuantity(lower)}.`,
  ];
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
  const shown = names[index] ?? layer.name;
  return {
    layer: index,
    headline: [
      element('span', { class: shown.length > 14 ? 'long' : undefined, title: layer.name }, shown),
      element('span', {}, ` · ${amount}`),
    ],
    sentences: [
      [`of the upper bound${ownSentence(ownShare(layer))}`],
      ...(layer.blockUpperBound === null
        ? []
        : [['Its own block: ', lambda('max'), ` ≤ ${formatQuantity(layer.blockUpperBound)}.`]]),
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

function negatives(layers: readonly LayerReport[]): string[][] {
  const negative = layers.filter(({ contribution }) => contribution.value < 0);
  const [first] = negative;
  if (first === undefined) return [];
  return negative.length === 1
    ? [
        [
          `${first.name} is negative: it lowers the bound, evening the spectrum out more than its squared norm spreads it.`,
        ],
      ]
    : [
        [
          `${negative.length} layers are negative: they lower the bound, evening the spectrum out more than their squared norms spread it.`,
        ],
      ];
}

function criticalPoint(known: PartialReport): Answer | null {
  const { gradientNorm, bounds } = known;
  if (gradientNorm === undefined) return null;
  return {
    headline: [`‖∇L‖ = ${formatNumber(gradientNorm)}`],
    sentences: [
      ['Zero at a critical point. ', ...(bounds === undefined ? [] : kindOfPoint(bounds))],
      lossSentence(known),
    ],
  };
}

/** What the bounds on λ_min prove, and no more. */
function kindOfPoint({ lambdaMin }: Bounds): Child[] {
  const { lower, upper } = lambdaMin;
  if (upper.value + 3 * upper.standardError < 0) {
    return [
      lambda('min'),
      ` ≤ ${formatQuantity(upper)}: a direction curves downwards, so this is no minimum.`,
    ];
  }
  if (lower.value - 3 * lower.standardError >= 0) {
    return [lambda('min'), ` ≥ ${formatQuantity(lower)}: no direction curves downwards.`];
  }
  return [
    lambda('min'),
    ` lies between ${formatQuantity(lower)} and ${formatQuantity(upper)}: minimum or saddle is left open.`,
  ];
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
      headline: ['no limit from here'],
      sentences: [
        ['The upper bound is not positive: no direction curves upwards, and 2 / upper bound means nothing.'],
      ],
    };
  }
  // First order in the error of the bound: d(2/U) = 2/U² dU.
  const rate: Quantity = {
    value: 2 / upper.value,
    standardError: (2 / upper.value ** 2) * upper.standardError,
  };
  return {
    headline: [`< ${formatQuantity(rate)}`],
    sentences: [
      [
        '2 / upper bound: a rate that no positive curvature makes unstable at this point, for plain full-batch gradient descent.',
      ],
      ...saddleCaution(bounds),
    ],
  };
}

function saddleCaution({ lambdaMin }: Bounds): Child[][] {
  if (lambdaMin.upper.value + 3 * lambdaMin.upper.standardError < 0) {
    return [['Here ', lambda('min'), ' < 0: no rate is stable.']];
  }
  if (lambdaMin.lower.value >= 0) return [];
  return [['Where ', lambda('min'), ' < 0 the point is a saddle, and no rate is stable.']];
}
