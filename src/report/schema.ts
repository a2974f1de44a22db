import * as v from 'valibot';
import { FailureError } from './failure';
import type { Report } from './report';

/**
 * The Report as a valibot schema, for reports that come from outside; `docs/report.schema.json` is made from it.
 * Fields that a later version added are accepted and dropped.
 */

const number = v.pipe(v.number(), v.finite());
const notNegative = v.pipe(v.number(), v.finite(), v.minValue(0));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const share = v.pipe(v.number(), v.finite());

const quantity = v.pipe(
  v.object({ value: number, standardError: notNegative }),
  v.readonly(),
  v.description('A number with its evidence: the standard error is 0 where the value is exact to rounding.'),
);

const list = <Item extends v.GenericSchema>(item: Item) => v.pipe(v.array(item), v.readonly());

const interval = { lower: quantity, upper: quantity };

const modelFacts = v.object({
  file: v.string(),
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  format: v.string(),
  producer: v.nullable(v.string()),
  parameters: v.pipe(count, v.description('Trainable numbers reached from the output.')),
  output: v.pipe(v.string(), v.description('The tensor that the loss is put on (logits).')),
  architecture: v.string(),
});

const sampleFacts = v.object({
  source: v.string(),
  count,
  classes: v.pipe(count, v.description('Number of classes, 0 for regression.')),
  labels: v.picklist(['given', 'predicted', 'drawn']),
  scale: v.pipe(number, v.description('The factor that the inputs were multiplied by.')),
  meanLoss: number,
  accuracy: v.nullable(share),
  rowsPerSample: v.exactOptional(
    v.pipe(count, v.description('Predictions of one sample, where it has several: the loss is their mean.')),
  ),
  ignoredRows: v.exactOptional(
    v.pipe(count, v.description('Predictions whose label -100 says to leave them out.')),
  ),
});

const lossOptions = v.object({
  classWeights: v.pipe(
    v.nullable(v.union([list(number), v.literal('balanced')])),
    v.description('Weight of every class, as asked for; null: all 1.'),
  ),
  labelSmoothing: notNegative,
  ignoredSamples: v.pipe(count, v.description('Samples whose label -100 says to leave them out.')),
});

const analysisFacts = v.object({
  precision: v.picklist(['float64', 'float32']),
  productError: v.pipe(notNegative, v.description('Relative error of a float32 product against float64.')),
  mode: v.literal('evaluation'),
  seed: number,
  requestedPrecision: number,
  stoppedBy: v.pipe(
    v.string(),
    v.description('"complete", or the budget that ran out; "time limit" where it ended any part.'),
  ),
  threads: count,
  cost: v.pipe(
    v.object({ multiplyAdds: notNegative, bytes: notNegative }),
    v.readonly(),
    v.description(
      'Of the bounds, from the shapes alone; of an estimate, what it took. Bytes of the working set.',
    ),
  ),
  versions: v.pipe(v.record(v.string(), v.string()), v.readonly()),
});

const bounds = v.object({
  lambdaMax: v.pipe(v.object({ ...interval, blockwiseUpper: v.nullable(quantity) }), v.readonly()),
  lambdaMin: v.pipe(v.object(interval), v.readonly()),
  eigenvalues: list(v.pipe(v.object({ k: v.pipe(v.number(), v.integer()), ...interval }), v.readonly())),
});

const range = v.pipe(v.object({ lower: number, upper: number }), v.readonly());

const rangesOfBounds = v.object({
  lambdaMax: v.pipe(
    v.object({ lower: range, upper: range, blockwiseUpper: v.nullable(range) }),
    v.readonly(),
  ),
  lambdaMin: v.pipe(v.object({ lower: range, upper: range }), v.readonly()),
  eigenvalues: list(v.pipe(v.object({ k: count, lower: range, upper: range }), v.readonly())),
});

const estimate = v.object({
  probes: v.pipe(count, v.description('Random vectors behind the numbers.')),
  wantedProbes: v.pipe(count, v.description('As many as the precision asked would take, as a pilot told.')),
  pilotProbes: v.pipe(count, v.description("The pilot's own, used for nothing else.")),
  stoppedBy: v.pipe(
    v.nullable(v.string()),
    v.description(
      'What ended the probes: "complete", or the budget that ran out; null while they are drawn.',
    ),
  ),
  precisionReached: v.pipe(
    v.boolean(),
    v.description('Whether the intervals of trace, squared norm and upper bound are as narrow as was asked.'),
  ),
  absoluteTrace: v.pipe(
    notNegative,
    v.description('Σ|λ|, about: what the trace is measured against where curvature of both signs cancels.'),
  ),
  studentQuantile: v.pipe(notNegative, v.description('Standard errors in half a 95 % interval.')),
  intervals: v.pipe(
    v.object({ trace: range, frobeniusSquared: range, bounds: v.pipe(rangesOfBounds, v.readonly()) }),
    v.readonly(),
    v.description('95 % intervals, cut off where the truth cannot lie.'),
  ),
});

const gaussNewton = v.object({
  trace: quantity,
  frobeniusSquared: quantity,
  upper: quantity,
  intervals: v.exactOptional(
    v.pipe(
      v.object({ trace: range, frobeniusSquared: range, upper: range }),
      v.readonly(),
      v.description('95 % intervals; absent where all is exact.'),
    ),
  ),
});

const layer = v.object({
  name: v.string(),
  kind: v.string(),
  parameters: count,
  inputs: count,
  outputs: count,
  weightNorm: notNegative,
  trace: quantity,
  ownCurvature: v.pipe(
    v.nullable(quantity),
    v.description("Squared Frobenius norm of the layer's own block."),
  ),
  coupling: v.pipe(
    v.nullable(quantity),
    v.description('Sum of the squared norms of its blocks with other layers.'),
  ),
  contribution: v.pipe(
    quantity,
    v.description('Additive share of the upper bound; may be negative; the layers sum to the bound.'),
  ),
  blockUpperBound: v.nullable(quantity),
  elasticity: v.nullable(number),
  units: v.nullable(list(share)),
});

const orthogonality = v.object({
  crossSampleShare: v.pipe(share, v.description('Share of F² from pairs of different samples.')),
  classes: v.pipe(v.nullable(list(number)), v.description('The class of each row of the Gram pictures.')),
  layers: list(
    v.pipe(v.object({ crossSampleShare: share, gram: v.nullable(list(list(number))) }), v.readonly()),
  ),
});

const side = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(64));

const picture = v.object({
  width: side,
  height: side,
  channels: v.picklist([1, 3]),
  pixels: v.pipe(
    list(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(255))),
    v.description('Height × width × channels; 0 and 255 are the extremes of all shown samples.'),
  ),
});

const topSample = v.object({
  index: count,
  label: v.nullable(number),
  predicted: v.nullable(number),
  loss: number,
  share,
  picture: v.nullable(v.pipe(picture, v.readonly())),
});

const eigenvalueInterval = v.pipe(
  v.object({
    lower: number,
    upper: number,
    kind: v.picklist(['spectrum', 'proved', 'probabilistic']),
    confidence: v.pipe(number, v.minValue(0), v.maxValue(1)),
    certified: v.pipe(v.boolean(), v.description('Narrower than the precision asked.')),
    steps: v.pipe(count, v.description('Lanczos steps taken.')),
  }),
  v.readonly(),
);

const sharpness = v.object({ lambdaMax: eigenvalueInterval, lambdaMin: eigenvalueInterval });

const spectrum = v.object({
  method: v.picklist(['exact', 'quadrature']),
  values: v.pipe(v.nullable(list(number)), v.description('All eigenvalues in descending order.')),
  grid: v.pipe(list(number), v.description('Edges of the bins, ascending.')),
  densities: v.pipe(list(notNegative), v.description('Share of the eigenvalues per unit of λ in each bin.')),
  spread: v.pipe(v.nullable(list(notNegative)), v.description('Standard error of each density.')),
  probes: count,
  steps: count,
});

export const reportSchema = v.pipe(
  v.object({
    schema: v.literal(1),
    model: v.pipe(modelFacts, v.readonly()),
    samples: v.pipe(sampleFacts, v.readonly()),
    loss: v.picklist(['cross-entropy', 'binary-cross-entropy', 'mean-squared-error', 'huber']),
    lossAssumed: v.pipe(v.boolean(), v.description('True where the loss had to be guessed.')),
    lossOptions: v.pipe(lossOptions, v.readonly()),
    method: v.picklist(['closed-form', 'exact', 'estimate']),
    analysis: v.pipe(analysisFacts, v.readonly()),
    gradientNorm: notNegative,
    trace: quantity,
    frobeniusSquared: quantity,
    bounds: v.pipe(bounds, v.readonly()),
    estimate: v.exactOptional(
      v.pipe(
        estimate,
        v.readonly(),
        v.description('What an estimate tells of its errors; absent where trace and norm are exact.'),
      ),
    ),
    gaussNewton: v.nullable(v.pipe(gaussNewton, v.readonly())),
    layers: v.pipe(list(v.pipe(layer, v.readonly())), v.description('In the order of the forward pass.')),
    blocks: v.pipe(
      v.nullable(list(list(quantity))),
      v.description('Squared Frobenius norms of the blocks, layers × layers.'),
    ),
    orthogonality: v.nullable(v.pipe(orthogonality, v.readonly())),
    topSamples: v.nullable(list(v.pipe(topSample, v.readonly()))),
    sharpness: v.exactOptional(
      v.pipe(
        sharpness,
        v.readonly(),
        v.description('Intervals that hold the largest and the smallest eigenvalue.'),
      ),
    ),
    scaleAdapted: v.pipe(
      v.nullable(v.pipe(v.object({ lambdaMax: eigenvalueInterval }), v.readonly())),
      v.description('Largest eigenvalue of D·H·D with D = diag(|θ|), where it was asked for.'),
    ),
    spectrum: v.nullable(v.pipe(spectrum, v.readonly())),
    warnings: list(v.pipe(v.object({ kind: v.string(), message: v.string() }), v.readonly())),
    time: v.pipe(v.record(v.string(), v.number()), v.readonly(), v.description('Seconds by stage.')),
  }),
  v.readonly(),
);

/** The innermost arrays of JSON text: no string of it holds a line break. */
const numbersOnLines = /\[\n\s+([^[\]{}"]*?)\n\s+\]/g;

/**
 * The report as JSON text, arrays of numbers in one line each.
 * Throws an InternalError where the report does not keep its schema (JSON would turn NaN and infinities into null).
 */
export function reportJson(report: Report): string {
  const checked = v.safeParse(reportSchema, report);
  if (checked.success) {
    return JSON.stringify(report, null, 2).replace(
      numbersOnLines,
      (_, numbers: string) => `[${numbers.replace(/\n\s+/g, ' ')}]`,
    );
  }
  const [issue] = checked.issues;
  throw new FailureError(
    'InternalError',
    `The report is not printed because its field ${v.getDotPath(issue) ?? 'at the root'} holds no valid value; please report this.`,
    issue.message,
  );
}
