import { FailureError } from '../report/failure';
import { quote } from '../files/quote';
import { setting } from '../report/wording/settings';
import type { PictureLayout } from './pictures/pictureLayout';

/** An array of a data file, its shape known, its numbers not read yet. The first axis counts samples. */
export interface SampleArray {
  /** As sentences name it: `"x" in "digits.npz"`. */
  readonly title: string;
  readonly shape: readonly number[];
  /** Whole numbers by type (integers, booleans; in a CSV a column of nothing but whole numbers). */
  readonly whole: boolean;
  /** The names of the classes, where the file has words for them. */
  readonly names?: readonly string[];
  /** How pictures lie in it; absent: it holds none, or nothing tells. */
  readonly pictures?: PictureLayout;
  /** What one sample is, for a sentence: `"digits.csv" has 63 numbers per row (columns 1 to 63)`. */
  readonly holds: string;
  /** What to do where that does not fit, for the same sentence, given how many numbers are wanted (null: unknown). */
  readonly advice: (wanted: number | null) => string;
  /** rows.length × product(shape[1…]) numbers, row-major; null: all rows. */
  readonly read: (rows: Int32Array | null) => Promise<Float64Array>;
  /** Where a number stands, for a sentence: `at [17, 3]`, `in row 19, column 4`. */
  readonly place: (row: number, column: number) => string;
}

/** Which arrays of a file are a model's inputs, in the order of its specs, and which its labels. */
export interface Selection {
  readonly inputs: readonly SampleArray[];
  readonly labels: SampleArray | null;
  /** What the samples weigh, where the file says so. */
  readonly weights?: { readonly key: string; readonly array: SampleArray };
  /** Keys of a file's other arrays, where it has some. */
  readonly unused?: readonly string[];
  /** What a reader should know of how they were chosen. */
  readonly notes?: readonly string[];
}

/** What the user said about the keys of a file, see SampleSource, and the model of its classes. */
export interface KeyChoice {
  readonly inputs: Readonly<Record<string, string>>;
  readonly labels: string | null;
  /** The model's own names of its classes, where it has some. */
  readonly classNames?: readonly string[] | null;
  /** Whether pictures that cannot be read are left out. */
  readonly leaveOutBroken?: boolean;
}

/** The key that the user chose for a graph input, or undefined. '' stands for the only one. */
export function chosenKey(choice: KeyChoice, input: string, inputCount: number): string | undefined {
  if (Object.hasOwn(choice.inputs, input)) return choice.inputs[input];
  return inputCount === 1 ? choice.inputs[''] : undefined;
}

/** FailureError (UsageError) where a choice names an input that the model lacks, or none although there are several. */
export function requireKnownInputs(choice: KeyChoice, names: readonly string[]): void {
  for (const name of Object.keys(choice.inputs)) {
    if (names.includes(name) || (name === '' && names.length === 1)) continue;
    const found =
      name === '' ? 'which of its inputs is meant must be said' : `it has no input ${quote(name)}`;
    throw new FailureError(
      'UsageError',
      `The model's inputs are ${listed(names)}, and ${found}; write ${setting('inputs', 'GRAPHINPUT=KEY')} with one of them.`,
    );
  }
}

/** `"a", "b" and "c"`, at most ten of them. */
export function listed(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  const shown = names.slice(0, 10).map(quote);
  if (names.length > shown.length)
    return `${shown.join(', ')} and ${String(names.length - shown.length)} more`;
  const last = shown.pop() ?? '';
  return shown.length === 0 ? last : `${shown.join(', ')} and ${last}`;
}
