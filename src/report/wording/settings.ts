import { fields, groups, type Said } from '../form';

/**
 * What of a request a sentence may advise to change: by the option of the terminal, with the field of the panel's form or
 * the words for the place where it is. Sentences below the faces name a setting by `setting()`; each face puts its own words there.
 */
const panelWords = {
  samples: 'the button “Change samples…”',
  inputs: 'inputs',
  labels: 'labels',
  scale: 'scale',
  normalize: 'normalize',
  'skip-broken': 'skipBroken',
  limit: 'limit',
  shape: 'the sizes under “Change samples…”',
  architecture: 'the form “What is between the weights?”',
  output: 'output',
  loss: 'loss',
  'class-weights': 'classWeights',
  'label-smoothing': 'labelSmoothing',
  'pos-weight': 'posWeight',
  'ignore-label': 'ignoreLabel',
  'weight-decay': 'weightDecay',
  decayed: 'decayed',
  trained: 'trained',
  fixed: 'fixed',
  method: 'method',
  blocks: 'blocks',
  'scale-adapted': 'scaleAdapted',
  evaluation: 'evaluation',
  memory: '“Memory budget” in VS Code’s settings',
  dtype: 'dtype',
  precision: 'precision',
  time: 'timeLimit',
} as const satisfies Record<string, keyof Said | `the ${string}` | `“${string}`>;

/** What can be advised to be set. */
export type Setting = keyof typeof panelWords;

const mark = /the setting “([a-z-]+)(?:: ([^”]*))?”/g;

/** A setting in a sentence, as it stands in a report or failure: "the setting “loss: mean-squared-error”". */
export function setting(name: Setting, value?: string): string {
  return `the setting “${name}${value === undefined ? '' : `: ${value}`}”`;
}

/** The sentence with its settings as options of the command line: "--loss mean-squared-error". */
export function inTerminalWords(sentence: string): string {
  return sentence.replace(mark, (found, name: string, value: string | undefined) =>
    isSetting(name) ? `--${name}${value === undefined ? '' : ` ${value}`}` : found,
  );
}

/** The sentence with its settings as the places where the panel has them. */
export function inPanelWords(sentence: string): string {
  return sentence.replace(mark, (found, name: string, value: string | undefined) =>
    isSetting(name) ? `${placeOf(name)}${value === undefined ? '' : ` (${value})`}` : found,
  );
}

/** “Label smoothing” (chip of the loss): where a person finds it in the panel. */
function placeOf(name: Setting): string {
  const words = panelWords[name];
  const field = fields.find(({ key }) => key === words);
  return field === undefined ? words : `“${field.label}” (behind the chip “${groups[field.group]}”)`;
}

function isSetting(name: string): name is Setting {
  return Object.hasOwn(panelWords, name);
}
