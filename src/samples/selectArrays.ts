import { failureOf, FailureError } from '../report/failure';
import { roleOf } from './arrayNames';
import { wordArray } from './classNames';
import type { KeyedArrays } from './npzFile';
import {
  chosenKey,
  listed,
  requireKnownInputs,
  type KeyChoice,
  type SampleArray,
  type Selection,
} from './sampleArray';
import type { InputSpec } from './samples';
import { setting } from '../report/wording/settings';

/**
 * The arrays that are the model's inputs and labels: those that the user chose, else those named like the graph's inputs,
 * else those with the usual names; the weights of the samples, by their name. FailureError: SampleKeyMissing where a choice is missing from the file, or nothing, or
 * more than one thing, could be meant; UnsupportedLabels where the labels are neither numbers nor words.
 */
export async function selectArrays(
  file: KeyedArrays,
  specs: readonly InputSpec[],
  choice: KeyChoice,
): Promise<Selection> {
  const names = specs.map((spec) => spec.name);
  requireKnownInputs(choice, names);
  const keys = specs.map((spec) => inputKey(file, spec.name, specs.length, choice));
  const labels =
    choice.labels === null
      ? findLabels(file, keys, names)
      : file.isElsewhere?.(choice.labels) === true
        ? choice.labels
        : presentKey(file, choice.labels, setting('labels'));
  const inputs: SampleArray[] = [];
  for (const key of keys) inputs.push(await file.open(key));
  // A folder of npy files may hold several data sets; one archive holds one.
  const others =
    file.inputsKey === null ? file.keys.filter((key) => !keys.includes(key) && key !== labels) : [];
  const weights = await findWeights(file, others, inputs[0]?.shape[0] ?? 0);
  const unused = others.filter((key) => key !== weights?.key);
  const found = labels === null ? null : await openLabels(file, labels, choice.classNames ?? null);
  return {
    inputs,
    labels: found?.array ?? null,
    ...(found?.note !== undefined && { notes: [found.note] }),
    ...(weights !== null && { weights }),
    ...(unused.length > 0 && { unused }),
  };
}

/** The array named as weights of samples are; "weights" of another shape may be those of classes. */
async function findWeights(
  file: KeyedArrays,
  keys: readonly string[],
  count: number,
): Promise<NonNullable<Selection['weights']> | null> {
  for (const key of ['sample_weight', 'sample_weights', 'weights']) {
    if (!keys.includes(key)) continue;
    const array = await file.open(key);
    const [samples, ...rest] = array.shape;
    if (samples === count && rest.every((size) => size === 1)) return { key, array };
    if (key === 'weights') continue;
    throw new FailureError(
      'SampleCountMismatch',
      `${array.title} has the shape [${array.shape.join(', ')}], but one weight for each of the ${count} samples is wanted; correct it, or name the array otherwise.`,
    );
  }
  return null;
}

function inputKey(file: KeyedArrays, name: string, inputCount: number, choice: KeyChoice): string {
  const chosen = chosenKey(choice, name, inputCount);
  if (chosen !== undefined) return presentKey(file, chosen, setting('inputs'));
  if (inputCount === 1 && file.inputsKey !== null) return file.inputsKey;
  if (file.keys.includes(name)) return name;
  if (inputCount > 1) {
    throw new FailureError(
      'SampleKeyMissing',
      `${capitalise(file.title)} holds nothing named ${listed([name])}, which is an input of the model (it holds ${listed(file.keys)}); rename an array, or say which with ${setting('inputs', 'GRAPHINPUT=KEY')} for each input.`,
    );
  }
  return onlyInput(file);
}

function onlyInput(file: KeyedArrays): string {
  const named = file.keys.filter((key) => roleOf(key).role === 'inputs');
  const plain = named.filter((key) => roleOf(key).rest === '');
  const candidates = plain.length > 0 ? plain : named.length > 0 ? named : file.keys;
  const [only] = candidates;
  if (only !== undefined && candidates.length === 1 && roleOf(only).role !== 'labels') return only;
  throw new FailureError(
    'SampleKeyMissing',
    named.length > 1
      ? `${capitalise(file.title)} holds ${listed(candidates)}, any of which may be the inputs; say which with ${setting('inputs', 'NAME')}.`
      : `${capitalise(file.title)} holds ${listed(file.keys)} and nothing that is named as inputs are (x, inputs, data, …); say which array it is with ${setting('inputs', 'NAME')} and, for the labels, ${setting('labels', 'NAME')}.`,
  );
}

function findLabels(
  file: KeyedArrays,
  inputKeys: readonly string[],
  inputNames: readonly string[],
): string | null {
  const named = file.keys.filter(
    (key) => roleOf(key).role === 'labels' && !inputKeys.includes(key) && !inputNames.includes(key),
  );
  const [firstInput = ''] = inputKeys;
  const wanted = inputKeys.length === 1 ? roleOf(firstInput).rest : '';
  const partners = named.filter((key) => roleOf(key).rest === wanted);
  // In one archive y goes with x_train too, but y_test with x_test alone; a folder may hold several data sets.
  const plain = file.inputsKey === null ? named.filter((key) => roleOf(key).rest === '') : [];
  const candidates = partners.length > 0 ? partners : plain;
  const [only] = candidates;
  if (candidates.length <= 1) return only ?? null;
  throw new FailureError(
    'SampleKeyMissing',
    `${capitalise(file.title)} holds ${listed(candidates)}, any of which may be the labels; say which with ${setting('labels', 'NAME')}.`,
  );
}

function presentKey(file: KeyedArrays, key: string, option: string): string {
  const found = [key, key.replace(/\.npy$/i, '')].find((name) => file.keys.includes(name));
  if (found !== undefined) return found;
  throw new FailureError(
    'SampleKeyMissing',
    `${capitalise(file.title)} holds nothing named ${listed([key])} (it holds ${listed(file.keys)}); correct ${option}.`,
  );
}

/** Labels as numbers; those that are words with what tells how they were numbered. */
async function openLabels(
  file: KeyedArrays,
  key: string,
  known: readonly string[] | null,
): Promise<{ readonly array: SampleArray; readonly note?: string }> {
  try {
    return { array: await file.open(key) };
  } catch (error) {
    const failure = failureOf(error);
    if (failure.kind !== 'UnsupportedFormat') throw error;
    const text = await file.words(key);
    if (text !== null) return wordArray(text.title, text.words, known);
    throw new FailureError(
      'UnsupportedLabels',
      `The labels ${listed([key])} in ${file.title} are neither numbers nor words; encode the classes as the integers 0 to C − 1, or choose others with ${setting('labels', 'NAME')}.`,
      failure.message,
    );
  }
}

function capitalise(title: string): string {
  return title.charAt(0).toUpperCase() + title.slice(1);
}
