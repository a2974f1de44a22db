import { parseArgs } from 'node:util';
import { FailureError } from './failure';
import { helpText } from './helpText';
import { parseShape, type InputShapes } from './inputShapes';
import { lossChoices } from './wording/lossWords';
import { printable } from './printable';
import {
  completeTraining,
  methods,
  mostTop,
  optimisers,
  requestDefaults,
  requestOf,
  type AnalysisRequest,
  type Computation,
  type RequestOptions,
} from './request';
import type { Training } from './report';

/** What a command line asks for. */
export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | {
      readonly kind: 'analyze';
      readonly model: string;
      /** What the arguments say; a sidecar beside the model may say the rest. */
      readonly options: RequestOptions;
      readonly computation: Computation;
      /** The file that says what a file of weights does not, or null. */
      readonly architecture: string | null;
      readonly json: boolean;
      /** The file that the report is written to as a page, or null. */
      readonly html: string | null;
    }
  | ({ readonly kind: 'compare' } & ComparisonWish)
  | { readonly kind: 'architecture'; readonly model: string }
  | { readonly kind: 'detect'; readonly folder: string }
  /** Answers an assistant over standard input and output. */
  | { readonly kind: 'mcp' };

/** What compare is asked for: the options of analyze hold for every model. */
export interface ComparisonWish {
  /** Models, saved reports, and folders of checkpoints. */
  readonly files: readonly string[];
  /** A folder whose new checkpoints join, or null. */
  readonly watch: string | null;
  readonly options: RequestOptions;
  readonly computation: Computation;
  /** The file of the layers of files of weights, or null. */
  readonly architecture: string | null;
  /** Whether the comparison is printed as JSON. */
  readonly json: boolean;
  /** The file that it is written to as JSON, or null. */
  readonly jsonFile: string | null;
  readonly html: string | null;
}

/** Every option may be read several times here, so that a second one is refused and not silently preferred. */
const options = {
  samples: { type: 'string', multiple: true },
  inputs: { type: 'string', multiple: true },
  labels: { type: 'string', multiple: true },
  scale: { type: 'string', multiple: true },
  normalize: { type: 'string', multiple: true },
  'skip-broken': { type: 'boolean' },
  limit: { type: 'string', multiple: true },
  shape: { type: 'string', multiple: true },
  output: { type: 'string', multiple: true },
  architecture: { type: 'string', multiple: true },
  loss: { type: 'string', multiple: true },
  'class-weights': { type: 'string', multiple: true },
  'label-smoothing': { type: 'string', multiple: true },
  'pos-weight': { type: 'string', multiple: true },
  'ignore-label': { type: 'string', multiple: true },
  'weight-decay': { type: 'string', multiple: true },
  decayed: { type: 'string', multiple: true },
  method: { type: 'string', multiple: true },
  precision: { type: 'string', multiple: true },
  dtype: { type: 'string', multiple: true },
  evaluation: { type: 'boolean' },
  trained: { type: 'string', multiple: true },
  fixed: { type: 'string', multiple: true },
  blocks: { type: 'boolean' },
  'scale-adapted': { type: 'boolean' },
  plane: { type: 'boolean' },
  top: { type: 'string', multiple: true },
  'learning-rate': { type: 'string', multiple: true },
  optimiser: { type: 'string', multiple: true },
  momentum: { type: 'string', multiple: true },
  'batch-size': { type: 'string', multiple: true },
  time: { type: 'string', multiple: true },
  seed: { type: 'string', multiple: true },
  threads: { type: 'string', multiple: true },
  memory: { type: 'string', multiple: true },
  html: { type: 'string', multiple: true },
  json: { type: 'boolean' },
  // How "--json=FILE" is read, which only compare takes.
  'json-file': { type: 'string', multiple: true },
  watch: { type: 'string', multiple: true },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

const commands = 'analyze MODEL, compare FILE…, architecture MODEL, detect FOLDER or mcp';

const dtypes: readonly AnalysisRequest['dtype'][] = ['auto', 'float64', 'float32'];

function usageError(sentence: string): FailureError {
  return new FailureError('UsageError', `${printable(sentence)} (--help lists what can be written).`);
}

/** Options whose value may begin with a dash: what is wrong with a negative number is said where numbers are checked. */
const numeric: ReadonlySet<string> = new Set([
  ...[
    '--scale',
    '--normalize',
    '--limit',
    '--class-weights',
    '--label-smoothing',
    '--pos-weight',
    '--ignore-label',
    '--weight-decay',
    '--learning-rate',
    '--momentum',
    '--batch-size',
    '--top',
    '--precision',
    '--time',
    '--seed',
  ],
  ...['--threads', '--memory'],
]);

/** `--scale -1` as `--scale=-1`, which Node's reader asks for, and `--json=FILE` as another option than `--json`. */
function rewritten(args: readonly string[]): string[] {
  const end = args.indexOf('--');
  const joined: string[] = [];
  for (const [index, arg] of args.entries()) {
    const before = joined.at(-1);
    const within = end === -1 || index < end;
    if (within && before !== undefined && numeric.has(before) && /^-\.?\d/.test(arg))
      joined[joined.length - 1] = `${before}=${arg}`;
    else joined.push(within ? arg.replace(/^--json=(?=.)/, '--json-file=') : arg);
  }
  return joined;
}

/** What the help calls the value of an option, such as FILE. */
function valueName(option: string): string {
  const line = helpText.split('\n').find((each) => each.trimStart().startsWith(`${option} `));
  return line?.trimStart().split(' ')[1] ?? 'VALUE';
}

function parseOptions(args: readonly string[]) {
  try {
    return parseArgs({ args: rewritten(args), options, strict: true, allowPositionals: true });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const unknown = /^Unknown option '(-[^']*)'/.exec(message)?.[1];
    if (unknown !== undefined) throw usageError(`There is no option ${unknown}`);
    const [, option, fault] =
      /^Option '(?:-\w, )?(--[\w-]+)[^']*' (argument missing|argument is ambiguous|does not take an argument)/.exec(
        message,
      ) ?? [];
    if (option === undefined) throw usageError(message.split(/[.\n]/, 1)[0] ?? message);
    if (fault === 'does not take an argument') throw usageError(`${option} takes no value; write it alone`);
    const name = valueName(option);
    throw usageError(
      fault === 'argument missing'
        ? `${option} is given without a value; write ${option} ${name}`
        : `The value of ${option} begins with a dash or is missing; write ${option} ${name}, or ${option}=${name} with a dash`,
    );
  }
}

type Values = ReturnType<typeof parseOptions>['values'];
type TextOption = Exclude<
  keyof Values,
  'json' | 'help' | 'version' | 'evaluation' | 'blocks' | 'scale-adapted' | 'plane' | 'skip-broken'
>;

/** The value of an option that may be given once, or null. */
function textOf(values: Values, name: TextOption): string | null {
  const [value, second] = values[name] ?? [];
  if (second !== undefined) throw usageError(`--${name} is given more than once`);
  if (value === '') throw usageError(`--${name} is empty`);
  return value ?? null;
}

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** The number that an option is given, or null; throws a UsageError that says what is `allowed` where it is not. */
function numberOf(
  values: Values,
  name: TextOption,
  allowed: string,
  accepts: (value: number) => boolean,
): number | null {
  const text = textOf(values, name);
  if (text === null) return null;
  const value = Number(text);
  if (!decimal.test(text) || !accepts(value)) {
    throw usageError(`--${name} is "${text}", but must be ${allowed}`);
  }
  return value;
}

function wholeNumberOf(values: Values, name: TextOption, least: number, most: number): number | null {
  return numberOf(
    values,
    name,
    `a whole number from ${least} to ${most}`,
    (value) => Number.isInteger(value) && value >= least && value <= most,
  );
}

/** The one of the words that an option is given, or null. */
function wordOf<Word extends string>(values: Values, name: TextOption, words: readonly Word[]): Word | null {
  const text = textOf(values, name);
  if (text === null) return null;
  const word = words.find((each) => each === text);
  if (word === undefined) throw usageError(`--${name} is "${text}", but must be one of ${words.join(', ')}`);
  return word;
}

/** The keys of the inputs by graph input; a KEY alone stands for the only input. */
function inputKeys(texts: readonly string[]): Readonly<Record<string, string>> {
  const entries = texts.map((text) => {
    const at = text.lastIndexOf('=');
    const [graphInput, key] = at < 0 ? ['', text] : [text.slice(0, at), text.slice(at + 1)];
    if (key === '' || at === 0) throw usageError(`--inputs is "${text}", but must be KEY or GRAPHINPUT=KEY`);
    return [graphInput, key] as const;
  });
  const names = entries.map(([graphInput]) => graphInput);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw usageError(
      twice === ''
        ? '--inputs is given more than once without naming the graph input (GRAPHINPUT=KEY)'
        : `--inputs names the graph input "${twice}" more than once`,
    );
  }
  if (names.length > 1 && names.includes('')) {
    throw usageError('--inputs must name the graph input (GRAPHINPUT=KEY) where several are given');
  }
  return Object.fromEntries(entries);
}

/** The shapes of the inputs by graph input, the axis of the samples first. */
function inputShapes(texts: readonly string[]): InputShapes {
  const entries = texts.map((text) => {
    const at = text.lastIndexOf('=');
    const shape = parseShape(text.slice(at + 1));
    if (at < 1 || shape === null)
      throw usageError(`--shape is "${text}", but must be NAME=SIZES, as in image=1x3x224x224`);
    return [text.slice(0, at), shape] as const;
  });
  const names = entries.map(([name]) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw usageError(`--shape names the graph input "${twice}" more than once`);
  return Object.fromEntries(entries);
}

function classWeightsOf(values: Values): AnalysisRequest['classWeights'] {
  const text = textOf(values, 'class-weights');
  if (text === null || text === 'balanced') return text;
  return weightList(
    'class-weights',
    text,
    'balanced, or one number of at least 0 for every class, with commas between',
  );
}

function posWeightOf(values: Values): AnalysisRequest['posWeight'] {
  const text = textOf(values, 'pos-weight');
  if (text === null) return null;
  return weightList(
    'pos-weight',
    text,
    'a number of at least 0, or one for every output, with commas between',
  );
}

function weightList(name: TextOption, text: string, allowed: string): readonly number[] {
  const weights = text.split(',').map((part) => (decimal.test(part) ? Number(part) : Number.NaN));
  if (weights.every((weight) => Number.isFinite(weight) && weight >= 0)) return weights;
  throw usageError(`--${name} is "${text}", but must be ${allowed}`);
}

/** The tensors that are said to be parameters, those that are said to be none, and those that decay. */
function tensorChoice({
  trained,
  fixed,
  decayed,
}: Values): Pick<RequestOptions, 'trained' | 'fixed' | 'decayed'> {
  const both = trained?.find((name) => fixed?.includes(name) === true);
  if (both !== undefined) throw usageError(`"${both}" cannot be both --trained and --fixed`);
  for (const [option, names = []] of Object.entries({ trained, fixed, decayed })) {
    if (names.includes('')) throw usageError(`--${option} is empty`);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) throw usageError(`--${option} names "${twice}" more than once`);
  }
  return { trained: trained ?? null, fixed: fixed ?? null, decayed: decayed ?? null };
}

function requestOptions(values: Values): RequestOptions {
  return {
    samples: textOf(values, 'samples'),
    inputs: values.inputs === undefined ? null : inputKeys(values.inputs),
    labels: textOf(values, 'labels'),
    scale: numberOf(
      values,
      'scale',
      'a number other than 0',
      (value) => Number.isFinite(value) && value !== 0,
    ),
    normalize: textOf(values, 'normalize'),
    skipBroken: values['skip-broken'] ?? null,
    limit: wholeNumberOf(values, 'limit', 1, 2 ** 31 - 1),
    output: textOf(values, 'output'),
    loss: wordOf(values, 'loss', lossChoices),
    classWeights: classWeightsOf(values),
    labelSmoothing: numberOf(
      values,
      'label-smoothing',
      'a number from 0 to below 1',
      (value) => value >= 0 && value < 1,
    ),
    posWeight: posWeightOf(values),
    ignoreLabel: wholeNumberOf(values, 'ignore-label', -(2 ** 31), 2 ** 31 - 1),
    weightDecay: numberOf(
      values,
      'weight-decay',
      'a number of at least 0',
      (value) => value >= 0 && Number.isFinite(value),
    ),
    training: trainingOf(values),
    ...tensorChoice(values),
    shapes: values.shape === undefined ? null : inputShapes(values.shape),
    paddingRows: null,
    // Its file is read by whoever runs the command.
    architecture: null,
  };
}

function trainingOf(values: Values): Training | null {
  const positive = (value: number): boolean => value > 0 && Number.isFinite(value);
  const said = {
    optimiser: wordOf(values, 'optimiser', optimisers),
    learningRate: numberOf(values, 'learning-rate', 'a number above 0', positive),
    momentum: numberOf(values, 'momentum', 'a number from 0 to below 1', (value) => value >= 0 && value < 1),
    batchSize: wholeNumberOf(values, 'batch-size', 1, 2 ** 31 - 1),
  };
  return Object.values(said).every((value) => value === null) ? null : completeTraining(said);
}

function computationOf(values: Values): Computation {
  return {
    method: wordOf(values, 'method', methods) ?? requestDefaults.method,
    precision:
      numberOf(
        values,
        'precision',
        'a number from 0.000001 to below 1',
        (value) => value >= 1e-6 && value < 1,
      ) ?? requestDefaults.precision,
    dtype: wordOf(values, 'dtype', dtypes) ?? requestDefaults.dtype,
    evaluation: values.evaluation === true,
    blocks: values.blocks === true,
    scaleAdapted: values['scale-adapted'] === true,
    plane: values.plane === true,
    top: wholeNumberOf(values, 'top', 1, mostTop),
    timeLimit: numberOf(
      values,
      'time',
      'a number of seconds above 0',
      (value) => value > 0 && Number.isFinite(value),
    ),
    seed: wholeNumberOf(values, 'seed', 0, 2 ** 32 - 1) ?? requestDefaults.seed,
    threads: wholeNumberOf(values, 'threads', 1, 1024) ?? requestDefaults.threads,
    memoryBudget:
      wholeNumberOf(values, 'memory', 2 ** 20, Number.MAX_SAFE_INTEGER) ?? requestDefaults.memoryBudget,
  };
}

/**
 * The request of an analyze command, from its options and what they leave open.
 * @param options the command's own, completed where there is a sidecar
 * @throws FailureError UsageError for options about a data file or a weight decay where there is none
 */
export function requestOfCommand(
  {
    model,
    computation,
    options: own,
  }: { readonly model: string; readonly computation: Computation; readonly options: RequestOptions },
  options: RequestOptions,
): AnalysisRequest {
  const needless = (['inputs', 'labels', 'scale', 'normalize', 'skipBroken'] as const).find(
    (name) => own[name] !== null,
  );
  if (options.samples === null && needless !== undefined)
    throw usageError(
      `--${needless === 'skipBroken' ? 'skip-broken' : needless} is about the data file, but there is no --samples`,
    );
  if (own.decayed !== null && (options.weightDecay ?? 0) === 0)
    throw usageError('--decayed says what the weight decay is over, but there is no --weight-decay');
  return { ...requestOf(options), ...computation, model };
}

/**
 * Reads the arguments after the program's name. Nothing is read from the disk.
 * Throws a UsageError that says what was found and what is allowed.
 */
export function parseCommandLine(args: readonly string[]): Command {
  const { values, positionals } = parseOptions(args);
  if (values.help === true) return { kind: 'help' };
  if (values.version === true) return { kind: 'version' };
  const [command, subject, surplus] = positionals;
  if (command === undefined) throw usageError(`No command is given: ${commands}`);
  if (command === 'mcp') return mcpCommand(positionals, values);
  if (command === 'compare') return compareCommand(positionals.slice(1), values);
  if (command !== 'analyze' && command !== 'detect' && command !== 'architecture')
    throw usageError(`There is no command "${command}": ${commands}`);
  const wanted = command === 'detect' ? 'FOLDER' : 'MODEL';
  if (subject === undefined || subject === '') throw usageError(`${command} needs a ${wanted}`);
  if (surplus !== undefined) {
    throw usageError(`${command} takes one ${wanted}, but "${surplus}" follows "${subject}"`);
  }
  if (values['json-file'] !== undefined) throw usageError('--json takes no value; write it alone');
  if (command === 'analyze') {
    if (values.watch !== undefined) throw usageError('--watch is an option of compare');
    return {
      kind: 'analyze',
      model: subject,
      options: requestOptions(values),
      computation: computationOf(values),
      architecture: textOf(values, 'architecture'),
      json: values.json === true,
      html: textOf(values, 'html'),
    };
  }
  const [option] = Object.keys(values);
  if (option !== undefined) throw usageError(`--${option} is no option of ${command}`);
  if (command === 'architecture') return { kind: 'architecture', model: subject };
  return { kind: 'detect', folder: subject };
}

function mcpCommand(positionals: readonly string[], values: Values): Command {
  const [option] = Object.keys(values);
  if (positionals.length > 1 || option !== undefined)
    throw usageError(
      `mcp takes nothing, but ${option === undefined ? `"${positionals[1] ?? ''}"` : `--${option}`} is given`,
    );
  return { kind: 'mcp' };
}

/** "--json -" is "--json": standard output. */
function compareCommand(subjects: readonly string[], values: Values): Command {
  const files = subjects.filter((file) => file !== '-' || values.json !== true);
  const watch = textOf(values, 'watch');
  if (files.includes('')) throw usageError('compare is given an empty name');
  if (files.length === 0 && watch === null)
    throw usageError('compare needs models, saved reports or a folder of checkpoints');
  return {
    kind: 'compare',
    files,
    watch,
    options: requestOptions(values),
    computation: computationOf(values),
    architecture: textOf(values, 'architecture'),
    json: values.json === true,
    jsonFile: textOf(values, 'json-file'),
    html: textOf(values, 'html'),
  };
}
