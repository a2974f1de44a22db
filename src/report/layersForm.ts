import { t } from '@vscode/l10n';
import { isConvolution, open, type ProposedArchitecture } from './architecture';

/** What names and shapes do not tell of a file of weights, as the panel asks it: one question for every choice. */
export interface Question {
  /** Where in the proposal. */
  readonly id: string;
  readonly label: string;
  readonly kind: QuestionKind;
  /** JSON of what is written there, and how it is shown. */
  readonly choices: readonly (readonly [json: string, text: string])[];
}

/** What is chosen: the function between two layers, the pooling behind it, or a property of a layer. */
export type QuestionKind = 'function' | 'pooling' | keyof typeof properties;

/** JSON by the question's id; a question that is not there is open. */
export type Answers = Readonly<Record<string, string>>;

/** An architecture with what it gives on the samples. */
export interface TriedLayers {
  /** What it answers beyond what was answered. */
  readonly answers: Answers;
  readonly caption: string;
  readonly loss: number;
  readonly accuracy: number | null;
}

/** The form of a file of weights. */
export interface LayersForm {
  readonly questions: readonly Question[];
  readonly answers: Answers;
  /** Whether every question is answered. */
  readonly complete: boolean;
  /** Whether a class of the workspace may make the model instead: it is trusted. */
  readonly runsPython: boolean;
  /** What answers give, the least loss first; null: they are being tried. */
  readonly tried: { readonly rows: readonly TriedLayers[]; readonly sentence: string } | null;
}

const functions = [
  ...[
    'relu',
    'tanh',
    'gelu',
    'silu',
    'leakyRelu',
    'elu',
    'sigmoid',
    'selu',
    'softplus',
    'relu6',
    'hardswish',
  ],
  ...['geluTanh', 'mish', 'softsign', 'identity'],
] as const;
const words = functions.map((word) => [`"${word}"`, word === 'identity' ? 'nothing' : word] as const);
const sizes = (...numbers: readonly number[]): (readonly [string, string])[] =>
  numbers.map((size) => [`${size}`, `${size}`]);

/** Properties of layers that a proposal leaves open. */
const properties = {
  stride: sizes(1, 2, 3, 4),
  padding: [...sizes(0, 1, 2, 3), ['"same"', 'same']],
  heads: sizes(1, 2, 3, 4, 6, 8, 12, 16),
  groups: sizes(1, 2, 4, 8, 16, 32),
  activation: words,
  normFirst: [
    ['false', 'no'],
    ['true', 'yes'],
  ],
} as const satisfies Readonly<Record<string, readonly (readonly [string, string])[]>>;

const choices: Readonly<Record<QuestionKind, Question['choices']>> = {
  ...properties,
  function: words,
  pooling: [
    ['[]', 'none'],
    ['[{"maxPool":2}]', t('max 2')],
    ['[{"avgPool":2}]', t('average 2')],
    ['[{"maxPool":3,"stride":2}]', t('max 3, stride 2')],
    ['["globalAvgPool"]', t('global average')],
  ],
};

/** What is tried of each kind where it is open: what most models have. */
const usual: Readonly<Record<Exclude<QuestionKind, 'function'>, readonly string[]>> = {
  stride: ['1', '2'],
  padding: ['0', '"same"'],
  heads: ['1', '2', '4', '8'],
  groups: ['1', '2', '8', '32'],
  activation: ['"relu"', '"gelu"'],
  normFirst: ['false', 'true'],
  pooling: ['[]', '[{"maxPool":2}]', '[{"avgPool":2}]'],
};

/** So many architectures are tried at once, at most. */
const mostTried = 64;

/** The questions that a proposal leaves open. A run of open layers is one function, with pooling between convolutions. */
export function questionsOf({ layers }: ProposedArchitecture): readonly Question[] {
  const named = (index: number): string => layerName(layers[index]);
  let spatial = false;
  return layers.flatMap((layer, index): Question[] => {
    const ask = (kind: QuestionKind, at: string, label: string): Question => ({
      ...{ id: `${index}.${at}`, label, kind },
      choices: choices[kind],
    });
    if (layer === open) {
      if (layers[index - 1] === open) return [];
      const next = layers.findIndex((each, at) => at > index && each !== open && each !== 'flatten');
      const place = t`${named(index - 1)} and ${next === -1 ? t('the output') : named(next)}`;
      const all = [ask('function', 'function', t`Between ${place}`)];
      return spatial ? [...all, ask('pooling', 'pooling', t`Pooling between ${place}`)] : all;
    }
    if (typeof layer !== 'object' || layer === null) {
      if (layer === 'flatten') spatial = false;
      return [];
    }
    if (isConvolution(layer)) spatial = true;
    return Object.entries(layer).flatMap(([key, value]) =>
      value === open && key in properties
        ? [ask(key as QuestionKind, key, `${named(index)}: ${key === 'normFirst' ? t('norm first') : key}`)]
        : [],
    );
  });
}

function layerName(layer: unknown): string {
  if (typeof layer !== 'object' || layer === null) return String(layer);
  const [[kind, name] = ['', '']] = Object.entries(layer) as [string, unknown][];
  return typeof name === 'string' && name !== '' ? name : kind;
}

/** The proposal with the answers in it, and question marks where there are none. The sizes of a sample are those of the samples. */
export function answered({ input, layers }: ProposedArchitecture, answers: Answers): ProposedArchitecture {
  const at = (index: number, part: string): unknown => {
    const json = answers[`${index}.${part}`];
    return json === undefined ? open : (JSON.parse(json) as unknown);
  };
  let spatial = false;
  const filled = layers.flatMap((layer, index): readonly unknown[] => {
    if (layer === open) {
      if (layers[index - 1] === open) return [];
      const pooling = spatial ? at(index, 'pooling') : [];
      return [at(index, 'function'), ...(Array.isArray(pooling) ? (pooling as unknown[]) : [pooling])];
    }
    if (layer === 'flatten') spatial = false;
    if (typeof layer !== 'object' || layer === null) return [layer];
    if (isConvolution(layer)) spatial = true;
    const said = Object.entries(layer).map(([key, value]: [string, unknown]) => [
      key,
      value === open ? at(index, key) : value,
    ]);
    return [Object.fromEntries(said) as object];
  });
  return {
    ...(input !== undefined && { input: input.map((size) => (size === open ? null : size)) }),
    layers: filled,
  };
}

/** Which of what a webview said are answers to these questions. */
export function knownAnswers(questions: readonly Question[], said: Answers): Answers {
  const isChoice = ({ id, choices }: Question): boolean => choices.some(([json]) => json === said[id]);
  return Object.fromEntries(questions.filter(isChoice).map(({ id }) => [id, said[id] ?? '']));
}

export function isComplete(questions: readonly Question[], answers: Answers): boolean {
  return questions.every(({ id }) => answers[id] !== undefined);
}

/** Answers to what is open that are worth a try, each with its caption; functions come when all shapes are known. */
export interface Alternatives {
  readonly of: 'shapes' | 'functions';
  readonly list: readonly { readonly answers: Answers; readonly caption: string }[];
  /** What stands, while these are tried, where nobody chose a function. */
  readonly meanwhile: Answers;
}

/** @returns no list where too many choices are open */
export function alternativesOf(questions: readonly Question[], answers: Answers): Alternatives {
  const isOpen = ({ id }: Question): boolean => answers[id] === undefined;
  const ofFunction = questions.filter(({ kind }) => kind === 'function');
  const silent = ofFunction.filter(isOpen);
  const shapes = questions.filter((question) => question.kind !== 'function' && isOpen(question));
  if (shapes.length > 0) {
    const all = products(shapes);
    // Average and maximum leave the same shapes.
    const list = all.length > mostTried ? products(shapes, 2) : all;
    const meanwhile = Object.fromEntries(silent.map(({ id }) => [id, '"relu"']));
    return { of: 'shapes', list: list.length > mostTried ? [] : list, meanwhile };
  }
  // What was chosen for all of them may be wrong for all of them.
  const chosen = new Set(ofFunction.map(({ id }) => answers[id]));
  const tied = silent.length > 0 ? silent : chosen.size === 1 ? ofFunction : [];
  const list =
    tied.length === 0
      ? [{ answers: {}, caption: t('these layers') }]
      : words.map(([json, caption]) => ({
          answers: Object.fromEntries(tied.map(({ id }) => [id, json])),
          caption,
        }));
  return { of: 'functions', list, meanwhile: {} };
}

/** Every combination: one answer for all questions of a kind, but one for each pooling. @param most answers of a kind */
function products(asked: readonly Question[], most = Infinity): Alternatives['list'] {
  const groups = new Map<string, Question[]>();
  for (const question of asked) {
    const key = question.kind === 'pooling' ? question.id : question.kind;
    groups.set(key, [...(groups.get(key) ?? []), question]);
  }
  let list: Alternatives['list'] = [{ answers: {}, caption: '' }];
  for (const group of groups.values()) {
    const [{ kind, label, choices }] = group as [Question];
    const values = kind === 'function' ? [] : usual[kind].slice(0, most);
    if (list.length > mostTried) return list;
    list = list.flatMap((before) =>
      values.map((json) => {
        const text = choices.find(([each]) => each === json)?.[1] ?? json;
        const own = `${kind === 'pooling' ? label.toLowerCase() : kind} ${text}`;
        return {
          answers: { ...before.answers, ...Object.fromEntries(group.map(({ id }) => [id, json])) },
          caption: before.caption === '' ? own : `${before.caption}, ${own}`,
        };
      }),
    );
  }
  return list;
}
