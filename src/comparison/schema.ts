import * as v from 'valibot';
import { checkedJson, training } from '../report/schema';
import { count, describe, list, notNegative, number, object, quantity } from '../report/schemaValues';

/**
 * The comparison of several models: one JSON document from which the terminal's table, the page and the panel follow.
 * `docs/comparison.schema.json` is made from this schema. Fields may be added, never renamed.
 */

const compared = describe(
  object({
    value: number,
    lower: number,
    upper: number,
    samplingError: describe(
      v.nullable(notNegative),
      'Standard error for other samples like these; null where it is not known.',
    ),
  }),
  'A number between two ends: proved, certified or 95 %; the same number where it is exact to rounding.',
);

const change = describe(
  object({ value: number, lower: number, upper: number, differs: v.boolean() }),
  'How much a number changed; 0 between the ends, which hold the samples’ own error where it is known, is no difference.',
);

/** The same for each of the numbers that are compared. */
const eachNumber = <Item extends v.GenericSchema>(item: Item) => {
  const entry = v.nullable(item);
  return object({
    loss: entry,
    accuracy: entry,
    gradientNorm: entry,
    lambdaMax: entry,
    upperBound: entry,
    trace: entry,
    scaleInvariant: entry,
    moveCost: entry,
  });
};

const row = object({
  name: v.string(),
  place: describe(v.nullable(number), 'The epoch or step in the name; null where it has none.'),
  failure: describe(
    v.nullable(object({ kind: v.string(), message: v.string() })),
    'Why there are no numbers; null where there are.',
  ),
  sha256: v.nullable(v.string()),
  subject: describe(
    v.nullable(
      object({
        architecture: describe(v.nullable(v.string()), 'null of a model that was only run.'),
        parameters: describe(v.nullable(count), 'null of a model that was only run.'),
        output: v.string(),
        loss: v.string(),
        samples: v.string(),
        scale: number,
      }),
    ),
    'What the numbers are about: rows whose subjects differ are not held against each other without a warning.',
  ),
  numbers: describe(
    v.nullable(eachNumber(compared)),
    'Of a model that was only run, since it cannot be differentiated (its warning only-run says why), loss and accuracy alone. moveCost: what the worst move of 1 % of the weights adds to the loss; scaleInvariant: λ_max·‖θ‖².',
  ),
  verdict: v.nullable(v.string()),
  training: v.nullable(training),
  edge: describe(
    v.nullable(
      object({
        of: describe(
          v.picklist(['hessian', 'preconditioned']),
          'Whose λ_max it is: of Adam that of the Hessian preconditioned by the state in the file.',
        ),
        lambdaMax: describe(notNegative, 'At the edge of stability of the optimiser: 2/η of plain descent.'),
        place: describe(
          v.nullable(v.picklist(['below', 'at', 'above'])),
          '"at": within 80 to 125 % of it; null where λ_max is not certified.',
        ),
      }),
    ),
    'null where no learning rate was said, or λ_max sets no edge.',
  ),
  warnings: list(object({ kind: v.string(), message: v.string() })),
});

const risenSample = object({
  index: describe(count, 'Place in the data file, from 0.'),
  label: describe(v.nullable(number), 'Its class; null where it has no single one.'),
  predictedBefore: v.nullable(number),
  predictedAfter: v.nullable(number),
  lossBefore: number,
  lossAfter: number,
});

const sampleChanges = object({
  from: count,
  to: count,
  samples: count,
  predictions: describe(
    v.nullable(object({ count, changed: count })),
    'How many are another class; of tokens or pixels each that has a label. null where no single class is meant.',
  ),
  loss: describe(
    v.nullable(change),
    'Of the mean loss, between the 95 % ends of the paired differences; null where the labels are the models’ own, or there is one sample.',
  ),
  risen: describe(list(risenSample), 'The samples whose own loss rose most, the most first.'),
});

export const comparisonSchema = object({
  schema: v.literal(1),
  rows: describe(
    list(row),
    'By the epoch in their names, else in natural order of the names; one that was only run after the analysed one that it is held against.',
  ),
  layers: describe(
    list(
      object({
        name: v.string(),
        contributions: list(v.nullable(quantity)),
        sharpestShares: list(v.nullable(number)),
      }),
    ),
    'Matched by name, one entry for each row: null where the row has no such layer.',
  ),
  differences: describe(
    list(object({ from: count, to: count, numbers: eachNumber(change) })),
    'Between each row with numbers and the one before, and the first: indices of rows.',
  ),
  sampleChanges: describe(
    list(sampleChanges),
    'Of each model that was only run, sample by sample against the analysed one whose name is most like its own, where both were given the same samples: indices of rows.',
  ),
  warnings: describe(
    list(object({ kind: v.string(), message: v.string(), rows: list(count) })),
    'What the rows do not have in common, and the warnings of their own reports, each once.',
  ),
});

export type Comparison = v.InferOutput<typeof comparisonSchema>;
export type ComparisonRow = Comparison['rows'][number];
export type ComparisonWarning = Comparison['warnings'][number];
export type Numbers = NonNullable<ComparisonRow['numbers']>;
/** What is compared. */
export type NumberName = keyof Numbers;
export type Compared = v.InferOutput<typeof compared>;
export type Change = v.InferOutput<typeof change>;
/** What changed sample by sample between two rows. */
export type SampleChanges = v.InferOutput<typeof sampleChanges>;
export type RisenSample = SampleChanges['risen'][number];
export type Difference = Comparison['differences'][number];

/**
 * The comparison as JSON text.
 * @throws FailureError InternalError where it does not keep its schema
 */
export function comparisonJson(comparison: Comparison): string {
  return checkedJson(comparisonSchema, comparison, 'comparison');
}
