import { quote } from '../files/quote';
import type { Graph } from '../graph/graph';
import { attributeOf } from '../graph/nodeAttributes';
import { FailureError } from '../report/failure';
import { setting } from '../report/wording/settings';
import { listed, type SampleArray } from './sampleArray';
import type { Labels } from './samples';

/** What stands for no label. */
const missing = /^(?:|nan|na|null)$/i;
/** Kinds of labels that a note shows. */
const mostShown = 20;

/**
 * Labels that are words as classes: numbered by the model's own class names where it has some, else in their order (numbers
 * by size, as label encoders do it for numbers and for words); NaN where one is missing. The note tells which is which.
 * @param known the model's own names
 * @param place where a label stands, for a sentence
 * @throws FailureError UnsupportedLabels for a word that is none of the model's classes
 */
export function wordArray(
  title: string,
  words: readonly string[],
  known: readonly string[] | null,
  place: (row: number) => string = (row) => `at [${String(row)}] (counted from 0)`,
): { readonly array: SampleArray; readonly note: string } {
  const names = known ?? [...new Set(words.filter((word) => !missing.test(word)))].sort(inOrder);
  const numbers = new Map(names.map((name, index) => [name, index]));
  const values = Float64Array.from(words, (word, row) => {
    const number = numbers.get(word) ?? NaN;
    if (!Number.isNaN(number) || missing.test(word)) return number;
    throw new FailureError(
      'UnsupportedLabels',
      `${title} holds the label ${quote(word)} ${place(row)}, which is none of the model’s classes ${listed(names)}; correct it, or choose other labels with ${setting('labels')}.`,
    );
  });
  const shown = names.slice(0, mostShown).map((name, index) => `${quote(name)} = ${index}`);
  const more = names.length > mostShown ? ` and ${names.length - mostShown} more` : '';
  return {
    array: {
      title,
      shape: [words.length],
      whole: true,
      names,
      holds: `${title} holds ${words.length.toLocaleString('en')} words`,
      advice: () => `choose other labels with ${setting('labels')}`,
      read: (rows) =>
        Promise.resolve(rows === null ? values : Float64Array.from(rows, (row) => values[row]!)),
      place,
    },
    note: `The labels of ${title} are words, numbered ${known === null ? 'in their order' : 'as the model names its classes'}: ${shown.join(', ')}${more}.`,
  };
}

function inOrder(a: string, b: string): number {
  const difference = Number(a) - Number(b);
  return Number.isNaN(difference) || difference === 0 ? (a < b ? -1 : 1) : difference;
}

/**
 * Whole numbers that are the model's own names for its classes, such as −1 and 1, as classes counted from 0.
 * @throws FailureError UnsupportedLabels for a number that is none of them
 */
export function numberedClasses(
  labels: Labels | null,
  names: readonly string[] | null,
  source: string,
): Labels | null {
  const numbers = names?.map(Number) ?? [];
  const isOwn = numbers.every(Number.isInteger) && !numbers.every((number, index) => number === index);
  const isColumn =
    labels?.kind === 'classes' ||
    (labels?.kind === 'rows' && labels.width === 1 && labels.shape?.whole === true);
  if (!isOwn || !isColumn || labels.names !== undefined) return labels;
  const classes = new Map(numbers.map((number, index) => [number, index]));
  const values = Int32Array.from(labels.values, (label, row) => {
    const found = classes.get(label);
    if (found !== undefined) return found;
    throw new FailureError(
      'UnsupportedLabels',
      `The label ${String(label)} of sample ${String(row)} in ${source} is none of the model’s classes ${listed(names ?? [])}; correct it, or choose other labels with ${setting('labels')}.`,
    );
  });
  return { kind: 'classes', values };
}

/** The names of the classes that a classifier's file holds, in the order of its outputs, or null. */
export function classNamesOf({ nodes }: Graph): readonly string[] | null {
  const [only, ...others] = nodes.flatMap((node) => {
    const names = attributeOf(node, 'classlabels_strings', 'strings') ?? [];
    return node.domain === 'ai.onnx.ml' && names.length > 0 ? [names] : [];
  });
  return others.every((names) => names.join('\n') === only?.join('\n')) ? (only ?? null) : null;
}
