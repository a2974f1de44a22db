import { FailureError } from '../report/failure';
import { defaultIgnoredLabel } from './ignoredLabels';
import type { SampleArray } from './sampleArray';
import type { Labels } from './samples';
import { setting } from '../report/wording/settings';

const largestClass = 2 ** 31 - 1;

/** FailureError (UnsupportedLabels) for a shape that no labels can have: none per sample. */
export function requireLabelShape(array: SampleArray): void {
  if (array.shape.slice(1).includes(0)) throw shapeRefusal(array);
}

function shapeRefusal({ title, shape }: SampleArray): FailureError {
  return new FailureError(
    'UnsupportedLabels',
    `${title} holds labels of shape [${shape.join(', ')}], and one class (or one row) per sample is wanted; choose other labels with ${setting('labels')}.`,
  );
}

/**
 * Labels from the values of the drawn rows. Whole numbers, one per sample: classes. Rows of 0 and 1: one-hot or per-output rows.
 * Other whole numbers: classes of several predictions in each sample, or targets of numbers; for anything else they are
 * refused. Everything else: targets. NaN is no label, and left out.
 * @param ignored the label that says to leave out what it stands for
 */
export function labelsOf(
  array: SampleArray,
  values: Float64Array,
  rowAt: (index: number) => number,
  count: number,
  ignored: number = defaultIgnoredLabel,
): Labels {
  const width = values.length / count;
  const { whole } = array;
  const dims = array.shape.slice(1);
  const wrong = width > 1 ? rowRefusal : classRefusal;
  const refusal = whole ? wrong(array, values, rowAt, width, ignored) : null;
  const names = array.names === undefined ? {} : { names: array.names };
  return whole && width === 1 && refusal === null && !values.some(Number.isNaN)
    ? { kind: 'classes', values: Int32Array.from(values), ...names }
    : { kind: 'rows', width, values, shape: { dims, whole, refusal }, ...names };
}

type LabelCheck = (
  array: SampleArray,
  values: Float64Array,
  rowAt: (index: number) => number,
  width: number,
  ignored: number,
) => FailureError | null;

/** What whole numbers must not be where they are classes. */
const classRefusal: LabelCheck = (array, values, rowAt, _, ignored) => {
  const wrong = values.findIndex((value) => (value < 0 && value !== ignored) || value > largestClass);
  if (wrong === -1) return null;
  const value = String(values[wrong]);
  return new FailureError(
    'LabelOutOfRange',
    `${array.title} holds the label ${value} ${array.place(rowAt(wrong), 0)}, and classes count from 0 (${ignored} ignores the sample); encode them as 0 to C − 1, leave this one out with ${setting('ignore-label', value)}, or ask for ${setting('loss', 'mean-squared-error')} if they are targets.`,
  );
};

/** What whole numbers must not be where a sample has one prediction: of several axes, or not one-hot. */
const rowRefusal: LabelCheck = (array, values, rowAt, width, ignored) => {
  if (array.shape.slice(1).filter((size) => size !== 1).length > 1) return shapeRefusal(array);
  const wrong = values.findIndex((value) => ![0, 1, ignored].includes(value) && !Number.isNaN(value));
  if (wrong === -1) return null;
  const row = Math.floor(wrong / width);
  return new FailureError(
    'UnsupportedLabels',
    `${array.title} holds rows of whole numbers that are not one-hot (${String(values[wrong])} ${array.place(rowAt(row), wrong % width)}); ask for ${setting('loss', 'mean-squared-error')} if they are targets, or save classes as one integer per sample.`,
  );
};
