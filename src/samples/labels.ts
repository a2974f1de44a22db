import { FailureError } from '../report/failure';
import { ignoredLabel } from './ignoredLabels';
import type { SampleArray } from './sampleArray';
import type { Labels } from './samples';

const largestClass = 2 ** 31 - 1;

/** FailureError (UnsupportedLabels) for shapes that labels cannot have: none per sample, or whole numbers with more than one axis beside the samples. */
export function requireLabelShape(array: SampleArray): void {
  const proper = array.shape.slice(1).filter((size) => size !== 1);
  if (!proper.includes(0) && (!array.whole || proper.length <= 1)) return;
  throw new FailureError(
    'UnsupportedLabels',
    `${array.title} holds labels of shape [${array.shape.join(', ')}], and one class (or one row) per sample is wanted; choose other labels with --labels.`,
  );
}

/**
 * Labels from the values of the drawn rows. Whole numbers, one per sample: classes. Rows of 0 and 1: one-hot or per-output rows.
 * Everything else: targets. FailureError: LabelOutOfRange for a negative class other than PyTorch's −100 (the model's number of classes is checked
 * where it is known), UnsupportedLabels for rows of other whole numbers.
 */
export function labelsOf(
  array: SampleArray,
  values: Float64Array,
  rowAt: (index: number) => number,
  count: number,
): Labels {
  const width = values.length / count;
  if (!array.whole) return { kind: 'rows', width, values };
  if (width === 1) {
    const wrong = values.findIndex((value) => (value < 0 && value !== ignoredLabel) || value > largestClass);
    if (wrong === -1) return { kind: 'classes', values: Int32Array.from(values) };
    throw new FailureError(
      'LabelOutOfRange',
      `${array.title} holds the label ${String(values[wrong])} ${array.place(rowAt(wrong), 0)}, and classes count from 0 (−100 ignores the sample); encode them as 0 to C − 1, or save them as floats in a npz file if they are targets.`,
    );
  }
  const wrong = values.findIndex((value) => value !== 0 && value !== 1);
  if (wrong === -1) return { kind: 'rows', width, values };
  const row = Math.floor(wrong / width);
  throw new FailureError(
    'UnsupportedLabels',
    `${array.title} holds rows of whole numbers that are not one-hot (${String(values[wrong])} ${array.place(rowAt(row), wrong % width)}); save targets as floats, or classes as one integer per sample.`,
  );
}
