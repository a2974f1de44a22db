/**
 * What of a request a sentence may advise to change: by the option of the terminal, with the words for the place where
 * the panel has it. Sentences below the faces name a setting by `setting()`; each face puts its own words there.
 */
const panelWords = {
  samples: 'the button “Change samples…”',
  inputs: '"inputs" in the model’s sidecar',
  labels: '"labels" in the model’s sidecar',
  scale: '"scale" in the model’s sidecar',
  normalize: '"normalize" in the model’s sidecar',
  'skip-broken': '"skipBroken" in the model’s sidecar',
  limit: '"limit" in the model’s sidecar',
  shape: 'the sizes under “Change samples…” ("shapes" in the model’s sidecar)',
  architecture: '"architecture" in the model’s sidecar',
  output: '"output" in the model’s sidecar',
  loss: '"loss" in the model’s sidecar',
  'class-weights': '"classWeights" in the model’s sidecar',
  'label-smoothing': '"labelSmoothing" in the model’s sidecar',
  'pos-weight': '"posWeight" in the model’s sidecar',
  'ignore-label': '"ignoreLabel" in the model’s sidecar',
  'weight-decay': '"weightDecay" in the model’s sidecar',
  decayed: '"decayed" in the model’s sidecar',
  trained: '"trained" in the model’s sidecar',
  fixed: '"fixed" in the model’s sidecar',
  method: '“Method” in the menu of the method',
  blocks: '“Blocks of layers” in the menu of the method',
  'scale-adapted': '“Scale-adapted sharpness” in the menu of the method',
  evaluation: '“Evaluation mode” in the menu of the method',
  memory: '“Memory budget” in VS Code’s settings',
  dtype: 'the type of the products',
  precision: 'the precision',
  time: 'the time limit',
} as const;

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
    isSetting(name) ? `${panelWords[name]}${value === undefined ? '' : ` (${value})`}` : found,
  );
}

function isSetting(name: string): name is Setting {
  return Object.hasOwn(panelWords, name);
}
