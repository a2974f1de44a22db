import type { SampleArray } from '../sampleArray';

/** Classes that a file has as numbers, one for each picture. */
export function classLabels(
  title: string,
  values: ArrayLike<number>,
  place: (row: number) => string = (row) => `at ${String(row)} (counted from 0)`,
): SampleArray {
  return {
    title,
    shape: [values.length],
    whole: true,
    holds: `${title} holds ${values.length.toLocaleString('en')} labels`,
    advice: () => 'choose another file',
    read: (rows) =>
      Promise.resolve(
        rows === null ? Float64Array.from(values) : Float64Array.from(rows, (row) => values[row] ?? NaN),
      ),
    place,
  };
}
