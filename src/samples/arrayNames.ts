/** What the name of an array says about it. */
export interface ArrayRole {
  readonly role: 'inputs' | 'labels' | null;
  /** The rest of the name, by which inputs and labels find each other: "test" in x_test and y_test, "" in x. */
  readonly rest: string;
}

const inputWords = new Set([
  'x',
  'input',
  'inputs',
  'image',
  'images',
  'data',
  'feature',
  'features',
  'samples',
]);
const labelWords = new Set(['y', 'label', 'labels', 'target', 'targets', 'class', 'classes']);

/** Reads names such as x, X_train, test-images, y_data, digits_labels. A name with words of both kinds is one of labels ("y_data"). */
export function roleOf(name: string): ArrayRole {
  const words = name.toLowerCase().split(/[_\-. ]+/);
  const rest = words.filter((word) => !inputWords.has(word) && !labelWords.has(word)).join('_');
  if (words.some((word) => labelWords.has(word))) return { role: 'labels', rest };
  return { role: words.some((word) => inputWords.has(word)) ? 'inputs' : null, rest };
}

/** Whether a column with this heading is the label; null where it may be: y is also a coordinate. */
export function isLabelHeading(heading: string): boolean | null {
  const word = heading.trim().toLowerCase();
  return word === 'y' ? null : labelWords.has(word);
}

/** Whether a column with this heading is what the samples weigh; "weight" may be a feature. */
export function isWeightHeading(heading: string): boolean {
  return /^sample_weights?$/i.test(heading.trim());
}
