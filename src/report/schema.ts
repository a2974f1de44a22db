import * as v from 'valibot';
import { FailureError } from './failure';
import { optimisers } from './request';
import { analysisFacts, lossOptions, modelFacts, sampleFacts } from './schemaFacts';
import { eigenvalueKind, layer, orthogonality, topSample } from './schemaLayers';
import {
  count,
  describe,
  interval,
  list,
  notNegative,
  number,
  object,
  quantity,
  range,
  share,
} from './schemaValues';

/**
 * The report: one JSON document that holds everything the panel shows. This schema is its only description: the types of
 * `report.ts` are inferred from it, `docs/report.schema.json` is made from it, and reports that come from outside are read
 * by it (fields that a later version added are accepted and dropped).
 * Estimated quantities are `Quantity`; facts, shares and counts are plain numbers.
 * Fields may be added, never renamed: checks outside the project read them.
 */

const bounds = object({
  lambdaMax: object({ ...interval, blockwiseUpper: v.nullable(quantity) }),
  lambdaMin: object(interval),
  /** The k of the k-th largest eigenvalue, counted from 1. */
  eigenvalues: list(object({ k: v.pipe(v.number(), v.integer()), ...interval })),
});

/** Upper bounds are not below the largest Ritz value, nor lower bounds on λ_min above the smallest. */
const rangesOfBounds = object({
  lambdaMax: object({ lower: range, upper: range, blockwiseUpper: v.nullable(range) }),
  lambdaMin: object({ lower: range, upper: range }),
  eigenvalues: list(object({ k: count, lower: range, upper: range })),
});

const estimate = object({
  probes: describe(count, 'Random vectors behind the numbers.'),
  wantedProbes: describe(count, 'As many as the precision asked would take, as a pilot told.'),
  pilotProbes: describe(count, "The pilot's own, used for nothing else."),
  stoppedBy: describe(
    v.nullable(v.string()),
    'What ended the probes: "complete", or the budget that ran out; null while they are drawn.',
  ),
  precisionReached: describe(
    v.boolean(),
    'Whether the intervals of trace, squared norm and upper bound are as narrow as was asked.',
  ),
  absoluteTrace: describe(
    notNegative,
    'Σ|λ|, about: what the trace is measured against where curvature of both signs cancels.',
  ),
  /** Student's quantile for one degree of freedom less than probes. */
  studentQuantile: describe(notNegative, 'Standard errors in half a 95 % interval.'),
  intervals: describe(
    // That of the squared norm is not below what Lanczos has found of it.
    object({ trace: range, frobeniusSquared: range, bounds: rangesOfBounds }),
    '95 % intervals, cut off where the truth cannot lie.',
  ),
});

const gaussNewton = object({
  trace: quantity,
  frobeniusSquared: quantity,
  upper: quantity,
  intervals: v.exactOptional(
    describe(
      object({ trace: range, frobeniusSquared: range, upper: range }),
      '95 % intervals; absent where all is exact.',
    ),
  ),
});

/** An interval that holds an extreme eigenvalue of the Hessian. */
const eigenvalueInterval = object({
  lower: number,
  upper: number,
  kind: eigenvalueKind,
  /** The probability that it holds, at least; 1 where it is no matter of chance. */
  confidence: v.pipe(number, v.minValue(0), v.maxValue(1)),
  /** Relative to its nearer end. */
  certified: describe(v.boolean(), 'Narrower than the precision asked.'),
  steps: describe(count, 'Lanczos steps taken.'),
});

/** λ_max with how much it depends on the samples. */
const sharpestEigenvalue = object({
  ...eigenvalueInterval.entries,
  samplingError: v.exactOptional(
    describe(
      v.nullable(notNegative),
      'Standard error of the mean of vᵀH_n v over the samples: how far λ_max is off for other samples like these; null where it is not known.',
    ),
  ),
  group: v.exactOptional(
    describe(
      count,
      'Eigenvalues that are too close together to be told apart: the shares are those of their common space; absent where λ_max stands alone.',
    ),
  ),
  splitHalf: v.exactOptional(
    describe(
      object({ own: number, other: number }),
      'The curvature along the sharpest direction of one half of the samples: over that half, and over the other; absent where it was not looked for.',
    ),
  ),
});

/** A loss that was measured: null where it is no number of float64. */
const measuredLoss = v.nullable(number);
const moved = { loss: measuredLoss, accuracy: v.nullable(share) };

const response = object({
  /** Of ‖θ‖. */
  relativeStep: describe(number, 'How far the weights were moved, over the norm of all trained parameters.'),
  worst: describe(object(moved), 'At the worse of θ ± step · v.'),
  random: describe(object({ ...moved, draws: count }), 'Mean over as many random directions.'),
  scaleInvariant: describe(number, 'λ_max·‖θ‖²: the same in whatever unit all weights are measured.'),
  guessLoss: describe(
    v.nullable(number),
    'The loss of guessing: of equal scores, or of the mean target; null where nothing is guessed.',
  ),
});

const slice = object({
  direction: v.picklist(['sharpest', 'gradient', 'random']),
  step: describe(list(number), 'Distances along the unit direction, over ‖θ‖; 0 is the file’s weights.'),
  loss: describe(list(measuredLoss), 'Measured there, by forward passes.'),
  parabola: describe(list(number), 'L + gᵀd t + ½ dᵀHd t²: what the analysis says of the same points.'),
});

const plane = object({
  second: describe(
    v.picklist(['gradient', 'random']),
    'Beside the sharpest direction, at right angles to it.',
  ),
  step: describe(list(number), 'Distances along both, over ‖θ‖.'),
  loss: describe(
    list(list(measuredLoss)),
    'One row for each distance along the second direction, along the sharpest within it.',
  ),
});

export const training = object({
  optimiser: v.picklist(optimisers),
  learningRate: describe(v.nullable(notNegative), 'η; null where nobody said it.'),
  momentum: describe(notNegative, 'β, of Adam β₁.'),
  batchSize: describe(v.nullable(count), 'Samples of a step; null: all, or not said.'),
});

const verdict = object({ kind: v.picklist(['void', 'tolerant', 'ordinary', 'delicate']), text: v.string() });

const spectrum = object({
  /** "exact": every eigenvalue counted. "quadrature": stochastic Lanczos quadrature. */
  method: v.picklist(['exact', 'quadrature']),
  /** null where they are not known. */
  values: describe(v.nullable(list(number)), 'All eigenvalues in descending order.'),
  /** One more than there are bins. */
  grid: describe(list(number), 'Edges of the bins, ascending.'),
  /** Densities times widths sum to 1. */
  densities: describe(list(notNegative), 'Share of the eigenvalues per unit of λ in each bin.'),
  /** Over the probes; null where exact. */
  spread: describe(v.nullable(list(notNegative)), 'Standard error of each density.'),
  /** Starting vectors of the quadrature, and Lanczos steps from each; 0 where exact. */
  probes: count,
  steps: count,
});

export const reportSchema = object({
  schema: v.literal(1),
  model: modelFacts,
  samples: sampleFacts,
  loss: v.picklist([
    'cross-entropy',
    'binary-cross-entropy',
    'mean-squared-error',
    'half-squared-error',
    'huber',
    'output',
  ]),
  lossAssumed: describe(v.boolean(), 'True where the loss had to be guessed.'),
  lossOptions,
  method: v.picklist(['closed-form', 'exact', 'estimate']),
  analysis: analysisFacts,
  gradientNorm: notNegative,
  trace: quantity,
  frobeniusSquared: describe(
    quantity,
    'The nearest number of float64 where the square is beyond those: 0, or 1.8e308.',
  ),
  frobeniusNorm: v.exactOptional(describe(quantity, '‖H‖_F; absent in reports of earlier versions.')),
  bounds,
  estimate: v.exactOptional(
    describe(estimate, 'What an estimate tells of its errors; absent where trace and norm are exact.'),
  ),
  gaussNewton: v.nullable(gaussNewton),
  layers: describe(list(layer), 'In the order of the forward pass.'),
  blocks: describe(
    v.nullable(list(list(quantity))),
    'Squared Frobenius norms of the blocks, layers × layers.',
  ),
  orthogonality: v.nullable(orthogonality),
  topSamples: v.nullable(list(topSample)),
  /** Absent where no interval was looked for. */
  sharpness: v.exactOptional(
    describe(
      object({ lambdaMax: sharpestEigenvalue, lambdaMin: eigenvalueInterval }),
      'Intervals that hold the largest and the smallest eigenvalue.',
    ),
  ),
  eigenvalues: describe(
    v.nullable(
      list(
        object({
          k: count,
          lower: number,
          upper: number,
          kind: eigenvalueKind,
          shares: describe(
            v.nullable(list(share)),
            'Of its eigenvector in each layer; null where it is not known well enough.',
          ),
        }),
      ),
    ),
    'The largest eigenvalues, the largest first, each between two ends: all intervals hold at once. null where they were not found.',
  ),
  response: describe(
    v.nullable(response),
    'What a move of the weights costs, by forward passes of the model; null where it was not measured.',
  ),
  slices: describe(v.nullable(list(slice)), 'The loss along single directions, measured and predicted.'),
  plane: describe(v.nullable(plane), 'The loss over two directions, where it was asked for.'),
  sharpestSamples: describe(
    v.nullable(list(topSample)),
    'The samples that carry most of λ_max: shares of Σ vᵀH_n v; null where they are not known.',
  ),
  training: v.exactOptional(
    describe(training, 'How the model is trained, as the user or the file says; absent where nobody did.'),
  ),
  verdict: describe(v.nullable(verdict), 'What the numbers mean, in one line; null where they do not tell.'),
  /**
   * Biases included (Kwon et al. 2021, ASAM): it does not change when layers are rescaled against each other. null where it
   * was not asked for, or a warning says why it was not looked for.
   */
  scaleAdapted: describe(
    v.nullable(object({ lambdaMax: eigenvalueInterval })),
    'Largest eigenvalue of D·H·D with D = diag(|θ|), where it was asked for.',
  ),
  /** Cohen et al. 2022. Absent where the file holds no such state, or a warning says why it was not looked for. */
  preconditioned: v.exactOptional(
    describe(
      object({ lambdaMax: eigenvalueInterval }),
      "Largest eigenvalue of P^(-1/2)·H·P^(-1/2) with P = √v̂ + ε of Adam's state in the file: what Adam's edge of stability is of.",
    ),
  ),
  /** The distribution of the Hessian's eigenvalues. */
  spectrum: v.nullable(spectrum),
  warnings: list(object({ kind: v.string(), message: v.string() })),
  /** ("read", "forward", "compute", "certified", "total"): the only part that two equal runs may differ in. */
  time: describe(v.pipe(v.record(v.string(), v.number()), v.readonly()), 'Seconds by stage.'),
});

/** What was known when an analysis was cancelled. */
export const partialReportSchema = v.partial(v.object(reportSchema.entries)) as unknown as v.GenericSchema<
  unknown,
  Partial<v.InferOutput<typeof reportSchema>>
>; // JSON has no undefined

const cut = 'null where the time limit ended the analysis before it was known.';

/** A report as it is printed: whole, or what was known when the time limit ended the analysis. */
export const printedReportSchema = object({
  ...reportSchema.entries,
  gradientNorm: describe(v.nullable(notNegative), cut),
  trace: describe(v.nullable(quantity), cut),
  frobeniusSquared: describe(
    v.nullable(quantity),
    `The nearest number of float64 where the square is beyond those: 0, or 1.8e308; ${cut}`,
  ),
  bounds: describe(v.nullable(bounds), cut),
});

/** The innermost arrays of JSON text: no string of it holds a line break. */
const numbersOnLines = /\[\n\s+([^[\]{}"]*?)\n\s+\]/g;

/**
 * The report as JSON text, arrays of numbers in one line each.
 * @throws FailureError InternalError where the report does not keep its schema
 */
export function reportJson(report: v.InferOutput<typeof printedReportSchema>): string {
  return checkedJson(printedReportSchema, report, 'report');
}

/**
 * A document as JSON text, arrays of numbers in one line each.
 * @param name what a person calls it
 * @throws FailureError InternalError where it does not keep its schema (JSON would turn NaN and infinities into null)
 */
export function checkedJson(schema: v.GenericSchema, document: unknown, name: string): string {
  const checked = v.safeParse(schema, document);
  if (checked.success) {
    return JSON.stringify(document, null, 2).replace(
      numbersOnLines,
      (_, numbers: string) => `[${numbers.replace(/\n\s+/g, ' ')}]`,
    );
  }
  const [issue] = checked.issues;
  throw new FailureError(
    'InternalError',
    `The ${name} is not printed because its field ${v.getDotPath(issue) ?? 'at the root'} holds no valid value; please report this.`,
    issue.message,
  );
}
