import { t } from '@vscode/l10n';
import type { Computation, RequestOptions } from './request';
import { methods, mostTop, optimisers, requestDefaults, defaultRandomCount } from './request';
import type { Training } from './report';
import type { Value } from './optionValue';
import { normalisationsText } from './normalisations';
import { lossChoices, lossChoicesText } from './wording/lossWords';

/** What the numbers depend on, as the chips of the panel divide it. */
export const groups = {
  method: t('Method'),
  loss: t('Loss'),
  samples: t('Samples'),
  parameters: t('Parameters'),
  mode: t('Mode'),
  precision: t('Type of numbers'),
  seed: t('Seed'),
} as const;

export type Group = keyof typeof groups;

/** One thing that can be said of an analysis, on the command line, in a sidecar and in the panel. */
interface Option {
  readonly value: Value;
  /** Its name on the command line, where that is another. */
  readonly option?: string;
  /** What `--help` calls its value, and says of it; the command line has no option without. */
  readonly help?: readonly [value: string, text: string];
  /** What the sidecar's field may hold: for the sentence that refuses another, and for the editor, which completes it. */
  readonly sidecar?: string;
  /** Where the panel has it: the field of a form, with what stands in it while it is empty, or the words for another place. */
  readonly panel?:
    | { readonly group: Group; readonly label: string; readonly open?: string }
    | `the ${string}`
    | `“${string}`;
}

const tick = { kind: 'tick' } as const;
const name = { kind: 'name' } as const;
const names = { kind: 'names' } as const;
const positive = { kind: 'number', above: 0 } as const;
const atLeast0 = { kind: 'number', least: 0 } as const;
const below1 = { kind: 'number', least: 0, below: 1 } as const;
const count = { kind: 'number', whole: true, least: 1, most: 2 ** 31 - 1 } as const;

/** Everything that can be said of an analysis, once: help, command line, sidecar, forms and their sentences follow. */
export const options = {
  samples: {
    value: name,
    help: [
      'FILE',
      `the data to compute the loss on: npz, npy, CSV or other text, tensors of
torch.save or safetensors, MNIST's IDX or CIFAR's own files, or a folder with a folder of PNG or
JPEG files for each class
(without it: random inputs, which say nothing about your data)`,
    ],
    sidecar: 'the path of a data file, relative to the model',
    panel: 'the button “Change samples…”',
  },
  inputs: {
    value: { kind: 'keys' },
    help: ['KEY', 'key of the inputs in FILE; GRAPHINPUT=KEY, repeated, where the model has several inputs'],
    sidecar: 'an object of keys in the data file by graph input',
    panel: { group: 'samples', label: t('Key of the inputs'), open: t('found by name') },
  },
  labels: {
    value: name,
    help: ['KEY', 'key of the labels in FILE, or the path of their npy file'],
    sidecar: 'the key of the labels in the data file',
    panel: { group: 'samples', label: t('Key of the labels'), open: t('found by name') },
  },
  scale: {
    value: { kind: 'number', not: 0 },
    help: ['NUMBER', 'multiplies the inputs (1)'],
    sidecar: 'a number other than 0',
    panel: { group: 'samples', label: t('Factor of the inputs'), open: '1' },
  },
  normalize: {
    value: name,
    help: ['HOW', `of pictures' pixels: ${normalisationsText} (whatever gives the least loss)`],
    sidecar: `how the pixels of pictures are normalised: ${normalisationsText}`,
    panel: {
      group: 'samples',
      label: t('Normalisation of pictures'),
      open: t`as gives the least loss; ${normalisationsText}`,
    },
  },
  skipBroken: {
    value: tick,
    option: 'skip-broken',
    help: ['', 'leaves out pictures that cannot be read'],
    sidecar: 'true or false: whether pictures that cannot be read are left out',
    panel: { group: 'samples', label: t('Leave out broken pictures') },
  },
  limit: {
    value: count,
    help: [
      'N',
      `uses at most N samples, drawn by the seed; without FILE: N random inputs (${defaultRandomCount})`,
    ],
    sidecar: 'a whole number from 1',
    panel: { group: 'samples', label: t('At most so many'), open: 'all' },
  },
  shapes: {
    value: { kind: 'shapes' },
    option: 'shape',
    help: [
      'NAME=SIZES',
      'shape of an input of which the file leaves sizes open, as image=1x3x224x224 (repeat it for more)',
    ],
    sidecar: 'an object of shapes by graph input, the samples first, such as { "image": [1, 3, 224, 224] }',
    panel: 'the sizes under “Change samples…”',
  },
  architecture: {
    value: { kind: 'architecture' },
    help: [
      'FILE',
      'the layers of a file of weights alone (state dict, safetensors): JSON, as architecture prints it',
    ],
    sidecar:
      'the layers of a file of weights, as “model-sharpness architecture” proposes them, or the path of a file of them',
    panel: 'the form “What is between the weights?”',
  },
  loss: {
    value: { kind: 'choice', values: lossChoices, words: { auto: t('As model and samples say') } },
    help: ['LOSS', `${lossChoicesText} (auto)`],
    sidecar: lossChoicesText,
    panel: { group: 'loss', label: t('Loss') },
  },
  output: {
    value: name,
    help: ['NAME', 'what the loss is put on: a graph output, or any tensor inside the model'],
    sidecar: 'the name of a graph output',
    panel: { group: 'loss', label: t('Output'), open: t('the one with logits') },
  },
  classWeights: {
    value: { kind: 'numbers', word: 'balanced' },
    option: 'class-weights',
    help: ['W,…', 'weight of every class in the cross-entropy, or "balanced" (PyTorch\'s weight=)'],
    sidecar: '"balanced" or an array of numbers of at least 0',
    panel: { group: 'loss', label: t('Class weights'), open: t('balanced, or 1, 2, …') },
  },
  labelSmoothing: {
    value: below1,
    option: 'label-smoothing',
    help: ['E', 'share of every label spread evenly over all classes, from 0 to below 1 (0)'],
    sidecar: 'a number from 0 to below 1',
    panel: { group: 'loss', label: t('Label smoothing'), open: '0' },
  },
  posWeight: {
    value: { kind: 'numbers' },
    option: 'pos-weight',
    help: ['P,…', 'weight of the positives in the binary cross-entropy: one, or one for every output'],
    sidecar: 'an array of numbers of at least 0: one, or one for every output',
    panel: { group: 'loss', label: t('Weight of positives'), open: '1' },
  },
  ignoreLabel: {
    value: { kind: 'number', whole: true, least: -(2 ** 31), most: 2 ** 31 - 1 },
    option: 'ignore-label',
    help: ['N', 'leaves out what has this label (-100)'],
    sidecar: 'a whole number, the label that leaves out what it stands for',
    panel: { group: 'loss', label: t('Label to leave out'), open: '-100' },
  },
  weightDecay: {
    value: atLeast0,
    option: 'weight-decay',
    help: ['L', 'adds ½L‖θ‖² over all parameters to the loss (0)'],
    sidecar: 'a number of at least 0: λ of ½λ‖θ‖², added to the loss',
    panel: { group: 'loss', label: t('Weight decay'), open: '0' },
  },
  decayed: {
    value: { ...names, some: true },
    help: [
      'TENSOR',
      'the parameters that it is over, where not all: names or patterns, as "*.weight" (repeat it for more)',
    ],
    sidecar:
      'an array of names of parameters or patterns, such as "*.weight", each once, that the weight decay is over',
    panel: { group: 'loss', label: t('Weight decay of'), open: t('all, or *.weight') },
  },
  training: {
    value: { kind: 'training' },
    sidecar:
      'an object of "optimiser" (sgd, momentum, nesterov or adam), "learningRate", "momentum" (of Adam β₁) and "batchSize"',
  },
  learningRate: {
    value: positive,
    option: 'learning-rate',
    help: ['R', 'says where R stands to the edge of stability that λ_max sets'],
  },
  optimiser: {
    value: { kind: 'choice', values: optimisers },
    help: ['NAME', `${optimisers.join(', ')}: whose edge (sgd)`],
  },
  momentum: { value: below1, help: ['B', 'of momentum and nesterov; of adam β₁ (0.9)'] },
  batchSize: { value: count, option: 'batch-size', help: ['N', 'samples of a step of the training'] },
  method: {
    value: {
      kind: 'choice',
      values: methods,
      words: {
        auto: t('Automatic'),
        'closed-form': t('Closed form'),
        exact: t('Exact'),
        estimate: t('Estimate'),
      },
    },
    help: ['METHOD', 'auto, closed-form (perceptrons), exact (small models) or estimate (auto)'],
    panel: { group: 'method', label: t('Method') },
  },
  precision: {
    value: { kind: 'number', least: 1e-6, below: 1 },
    help: [
      'R',
      `relative precision asked of λ_max's interval and of every estimate (${requestDefaults.precision})`,
    ],
    panel: { group: 'method', label: t('Relative precision'), open: `${requestDefaults.precision}` },
  },
  dtype: {
    value: {
      kind: 'choice',
      values: ['auto', 'float64', 'float32'],
      words: { auto: t('float32 where precise enough') },
    },
    help: ['TYPE', 'float64, float32 or auto: of Hessian-vector products (auto)'],
    panel: { group: 'precision', label: t('Type of the products') },
  },
  evaluation: {
    value: tick,
    help: ['', 'analyses an export in training mode as in evaluation mode'],
    panel: { group: 'mode', label: t('Evaluation mode of a training export') },
  },
  trained: {
    value: names,
    help: ['TENSOR', 'counts a tensor of the file as a parameter (repeat it for more)'],
    sidecar: 'an array of names of tensors in the model, each once, that count as parameters',
    panel: { group: 'parameters', label: t('Trained, too'), open: t('names or patterns') },
  },
  fixed: {
    value: names,
    help: ['TENSOR', 'holds a tensor of the file fixed, so that it is none (repeat it for more)'],
    sidecar: 'an array of names of tensors in the model, each once, that do not count as parameters',
    panel: { group: 'parameters', label: t('Not trained'), open: t('names or patterns') },
  },
  paddingRows: {
    value: { kind: 'rows' },
    sidecar:
      'an object of rows by the name of an embedding’s table, such as { "embedding.weight": 0 }, that a lookup does not train (padding_idx)',
  },
  top: {
    value: { ...count, most: mostTop },
    help: ['K', 'finds the K largest eigenvalues, each between two ends (10, for no more than λ_max takes)'],
    panel: { group: 'method', label: t('Largest eigenvalues'), open: '10' },
  },
  timeLimit: {
    value: { ...positive, unit: t('seconds') },
    option: 'time',
    help: ['SECONDS', 'ends the analysis; the report has what is known by then'],
    panel: { group: 'method', label: t('Time limit in seconds'), open: 'none' },
  },
  blocks: {
    value: tick,
    help: ['', 'estimates the blocks of layers, too, which takes more products'],
    panel: { group: 'method', label: t('Blocks of layers, where estimated') },
  },
  scaleAdapted: {
    value: tick,
    option: 'scale-adapted',
    help: [
      '',
      'looks for the scale-adapted sharpness, too: the same however layers are scaled against each other',
    ],
    panel: { group: 'method', label: t('Scale-adapted sharpness') },
  },
  plane: {
    value: tick,
    help: ['', 'measures the loss over a plane of two directions, too (225 forward passes)'],
    panel: { group: 'method', label: t('Loss over a plane of two directions') },
  },
  seed: {
    value: { ...count, least: 0, most: 2 ** 32 - 1 },
    help: ['N', 'seed of everything drawn (0)'],
    panel: { group: 'seed', label: t('Seed'), open: '0' },
  },
  threads: {
    value: { ...count, most: 1024 },
    help: ['N', 'threads for matrix products (as many as there are cores)'],
  },
  memoryBudget: {
    value: { kind: 'number', whole: true, least: 2 ** 20, most: Number.MAX_SAFE_INTEGER },
    option: 'memory',
    help: ['BYTES', "what the working set may take (a quarter of the machine's)"],
    panel: '“Memory budget” in VS Code’s settings',
  },
} as const satisfies Record<keyof RequestOptions | keyof Computation | keyof Training, Option>;

type Table = typeof options;

export type OptionKey = keyof Table;

/** The name on the command line of what a person can be advised to set: those with a place in the panel, too. */
export type SettingName = {
  [Key in OptionKey]: Table[Key] extends { help: unknown; panel: unknown }
    ? Table[Key] extends { option: infer Name }
      ? Name
      : Key
    : never;
}[OptionKey];

/** Every row with its key, and its name on the command line. */
export const optionRows: readonly (Option & { readonly key: OptionKey; readonly name: string })[] = (
  Object.entries(options) as [OptionKey, Option][]
).map(([key, row]) => ({ ...row, key, name: row.option ?? key }));
