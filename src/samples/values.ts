import { FailureError } from '../report/failure';
import type { SampleArray } from './sampleArray';

/** The numbers of the drawn rows (`count` of them; null: all). FailureError (NonFiniteSamples) at the first NaN or infinity. */
export async function readFinite(
  array: SampleArray,
  drawn: Int32Array | null,
  count: number,
): Promise<Float64Array> {
  const values = await array.read(drawn);
  requireEach(array, values, drawn, count, Number.isFinite, (value, place) => {
    return new FailureError(
      'NonFiniteSamples',
      `${array.title} holds ${Number.isNaN(value) ? 'NaN (or nothing)' : String(value)} ${place}; correct or remove that sample.`,
    );
  });
  return values;
}

/** Throws the failure for the first value that does not hold, with its place in the file. */
export function requireEach(
  array: SampleArray,
  values: Float64Array,
  drawn: Int32Array | null,
  count: number,
  holds: (value: number) => boolean,
  failure: (value: number, place: string, sample: number) => FailureError,
): void {
  const wrong = values.findIndex((value) => !holds(value));
  if (wrong === -1) return;
  const width = values.length / count;
  const index = Math.floor(wrong / width);
  const sample = drawn?.[index] ?? index;
  throw failure(values[wrong] ?? NaN, array.place(sample, wrong % width), sample);
}
