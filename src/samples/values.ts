import { FailureError } from '../report/failure';
import type { SampleArray } from './sampleArray';

/**
 * The numbers of the drawn rows (`count` of them; null: all).
 * @param gaps whether NaN may stand for a number that is missing
 * @throws FailureError NonFiniteSamples at the first NaN or infinity
 */
export async function readFinite(
  array: SampleArray,
  drawn: Int32Array | null,
  count: number,
  gaps = false,
): Promise<Float64Array> {
  const values = await array.read(drawn);
  const holds = (value: number): boolean => Number.isFinite(value) || (gaps && Number.isNaN(value));
  requireEach(array, values, {
    drawn,
    count,
    holds,
    failure: (value, place) => {
      return new FailureError(
        'NonFiniteSamples',
        `${array.title} holds ${Number.isNaN(value) ? 'NaN (or nothing)' : String(value)} ${place}; correct or remove that sample.`,
      );
    },
  });
  return values;
}

/** Throws the failure for the first value that does not hold, with its place in the file. */
export function requireEach(
  array: SampleArray,
  values: Float64Array,
  {
    drawn,
    count,
    holds,
    failure,
  }: {
    readonly drawn: Int32Array | null;
    readonly count: number;
    readonly holds: (value: number) => boolean;
    readonly failure: (value: number, place: string, sample: number) => FailureError;
  },
): void {
  const wrong = values.findIndex((value) => !holds(value));
  if (wrong === -1) return;
  const width = values.length / count;
  const index = Math.floor(wrong / width);
  const sample = drawn?.[index] ?? index;
  throw failure(values[wrong] ?? NaN, array.place(sample, wrong % width), sample);
}
