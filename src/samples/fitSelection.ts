import { quote } from '../files/quote';
import { FailureError } from '../report/failure';
import { fitSample } from './fit';
import { requireLabelShape } from './labels';
import type { SampleArray, Selection } from './sampleArray';
import type { InputSpec } from './samples';

/** What a selection gives to the model, known from shapes alone. */
export interface FittedSelection {
  /** Samples. */
  readonly count: number;
  /** Dimensions of one sample, by input. */
  readonly dims: readonly (readonly number[])[];
}

/**
 * Checks the shapes of a selection against the model's inputs and each other.
 * FailureError: SampleShapeMismatch, SampleCountMismatch, NoSamples, UnsupportedLabels.
 */
export function fitSelection(
  file: string,
  selection: Selection,
  specs: readonly InputSpec[],
): FittedSelection {
  const count = sampleCount(file, selection);
  const dims = specs.map((spec, index) => {
    const array = selection.inputs[index];
    if (array === undefined) throw new RangeError('a selection has one array for each input');
    return fitSample(array, spec);
  });
  if (selection.labels !== null) requireLabelShape(selection.labels);
  return { count, dims };
}

/** The size of the first axis, in which all arrays agree. */
function sampleCount(file: string, selection: Selection): number {
  const { labels, weights } = selection;
  const arrays = [
    ...selection.inputs,
    ...(labels === null ? [] : [labels]),
    ...(weights === undefined ? [] : [weights.array]),
  ];
  const [first] = selection.inputs;
  if (first === undefined)
    throw new FailureError('UnsupportedStructure', 'The model has no input that samples could be given to.');
  for (const array of arrays) {
    if (array.shape.length === 0) {
      throw new FailureError(
        'SampleShapeMismatch',
        `${array.title} is a single number, not an array of samples; choose another.`,
      );
    }
    if (array.shape[0] === first.shape[0]) continue;
    throw new FailureError(
      'SampleCountMismatch',
      `${first.title} holds ${countOf(first)} samples but ${array.title} holds ${countOf(array)}; each sample needs one row in both.`,
    );
  }
  const count = first.shape[0] ?? 0;
  if (count === 0)
    throw new FailureError('NoSamples', `${quote(file)} holds no samples; choose a file with at least one.`);
  return count;
}

function countOf(array: SampleArray): string {
  return (array.shape[0] ?? 0).toLocaleString('en');
}
