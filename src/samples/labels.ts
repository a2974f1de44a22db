import { FailureError } from '../report/failure';
import { ignoredLabel } from './ignoredLabels';
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
 * Other whole numbers: classes of several predictions in each sample, refused where the model makes one.
 * Everything else: targets. FailureError: LabelOutOfRange for a negative class other than PyTorch's −100 (the model's number of classes is checked
 * where it is known).
 */
export function labelsOf(
  array: SampleArray,
  values: Float64Array,
  rowAt: (index: number) => number,
  count: number,
): Labels {
  const width = values.length / count;
  const { whole } = array;
  const dims = array.shape.slice(1);
  if (!whole) return { kind: 'rows', width, values, shape: { dims, whole, refusal: null } };
  if (width > 1)
    return {
      kind: 'rows',
      width,
      values,
      shape: { dims, whole, refusal: rowRefusal(array, values, rowAt, width) },
    };
  const wrong = values.findIndex((value) => (value < 0 && value !== ignoredLabel) || value > largestClass);
  if (wrong === -1) return { kind: 'classes', values: Int32Array.from(values) };
  throw new FailureError(
    'LabelOutOfRange',
    `${array.title} holds the label ${String(values[wrong])} ${array.place(rowAt(wrong), 0)}, and classes count from 0 (−100 ignores the sample); encode them as 0 to C − 1, or save them as floats in a npz file if they are targets.`,
  );
}

/** What whole numbers must not be where a sample has one prediction: of several axes, or not one-hot. */
function rowRefusal(
  array: SampleArray,
  values: Float64Array,
  rowAt: (index: number) => number,
  width: number,
): FailureError | null {
  if (array.shape.slice(1).filter((size) => size !== 1).length > 1) return shapeRefusal(array);
  const wrong = values.findIndex((value) => value !== 0 && value !== 1);
  if (wrong === -1) return null;
  const row = Math.floor(wrong / width);
  return new FailureError(
    'UnsupportedLabels',
    `${array.title} holds rows of whole numbers that are not one-hot (${String(values[wrong])} ${array.place(rowAt(row), wrong % width)}); save targets as floats, or classes as one integer per sample.`,
  );
}
