import * as v from 'valibot';
import { count, describe, list, notNegative, number, object, share } from './schemaValues';

export const modelFacts = object({
  file: v.string(),
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  /** As a person names it: "ONNX", "Keras", … */
  format: v.string(),
  /** The exporter and its version as the file states them, or null. */
  producer: v.nullable(v.string()),
  parameters: describe(count, 'Trainable numbers reached from the output.'),
  output: describe(v.string(), 'The tensor that the loss is put on (logits).'),
  /** One line for a person: "perceptron 64-32-16-10, tanh". */
  architecture: v.string(),
});

export const sampleFacts = object({
  /** The data file, or "random inputs". */
  source: v.string(),
  count,
  classes: describe(count, 'Number of classes, 0 for regression.'),
  labels: describe(
    v.picklist(['given', 'predicted', 'drawn', 'none']),
    '"none" where the model itself puts out the loss.',
  ),
  scale: describe(number, 'The factor that the inputs were multiplied by.'),
  normalisation: v.exactOptional(
    describe(v.string(), 'How the pixels of pictures were normalised; absent where there are none.'),
  ),
  /** Over the samples, or over their predictions where they have several. */
  meanLoss: number,
  accuracy: v.nullable(share),
  lossError: v.exactOptional(
    describe(
      v.nullable(notNegative),
      'Standard error of the mean loss for other samples like these; null where it is not known, absent where it was not looked for.',
    ),
  ),
  evenGuessLoss: v.exactOptional(
    describe(
      notNegative,
      'What logits of 0 would lose, where weights, smoothing or weight decay make it another than ln C (of a binary loss ln 2).',
    ),
  ),
  /** Absent where each sample has one. */
  rowsPerSample: v.exactOptional(
    describe(count, 'Predictions of one sample, where it has several: the loss is their mean.'),
  ),
  ignoredRows: v.exactOptional(describe(count, 'Predictions whose label says to leave them out.')),
});

/** What of the loss the user asked for beside its kind. */
export const lossOptions = object({
  classWeights: describe(
    v.nullable(v.union([list(number), v.literal('balanced')])),
    'Weight of every class, as asked for; null: all 1.',
  ),
  /** Share of every label that is spread evenly over all classes. */
  labelSmoothing: notNegative,
  ignoredSamples: describe(count, 'Samples whose label says to leave them out, or is missing.'),
  ignoredNumbers: v.exactOptional(
    describe(count, 'Single targets that are missing, or say to leave them out; absent where none does.'),
  ),
  ignoreLabel: v.exactOptional(describe(number, 'The label that leaves out, where it is not -100.')),
  posWeight: v.exactOptional(
    describe(
      list(notNegative),
      'Weight of the positives, one or one for each output; absent where not asked for.',
    ),
  ),
  weightDecay: v.exactOptional(
    describe(notNegative, 'λ of ½λ‖θ‖², which is added to the loss; absent where it is 0.'),
  ),
  decayed: v.exactOptional(
    describe(
      object({ patterns: list(v.string()), parameters: count }),
      'What the weight decay is over: parameters whose names fit a pattern, and the number of their numbers; absent where it is over all.',
    ),
  ),
  sampleWeights: v.exactOptional(
    describe(v.string(), 'Key of the weights of the samples in the data file; absent where it holds none.'),
  ),
});

export const analysisFacts = object({
  precision: v.picklist(['float64', 'float32']),
  /** 0 for the closed form in float64. */
  productError: describe(notNegative, 'Relative error of a float32 product against float64.'),
  mode: v.literal('evaluation'),
  seed: number,
  requestedPrecision: number,
  stoppedBy: describe(
    v.string(),
    '"complete", or the budget that ran out; "time limit" where it ended any part, else "user" where the user skipped one.',
  ),
  threads: count,
  memoryBudget: v.optional(describe(count, 'Bytes that the working set was allowed.')),
  /** What drives the bounds is computed after them and not counted here. */
  cost: describe(
    object({ multiplyAdds: notNegative, bytes: notNegative }),
    'Of the bounds, from the shapes alone; of an estimate, what it took. Bytes of the working set.',
  ),
  versions: v.pipe(v.record(v.string(), v.string()), v.readonly()),
});
