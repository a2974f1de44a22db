import { parseArgs } from 'node:util';
import { FailureError } from './failure';
import { helpText } from './helpText';
import { parseShape, type InputShapes } from './inputShapes';
import { optionRows } from './options';
import { parseValue, wantedText } from './optionValue';
import { printable } from './printable';
import {
  completeTraining,
  defaultComputation,
  noOptions,
  requestOf,
  whatIsSaid,
  type AnalysisRequest,
  type Computation,
  type RequestOptions,
} from './request';

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

type Row = (typeof optionRows)[number];

const rows = optionRows.filter(({ help }) => help !== undefined);

const once = { type: 'boolean' } as const;
/** Every option may be read several times here, so that a second one is refused and not silently preferred. */
const several = { type: 'string', multiple: true } as const;

const parsed = {
  ...Object.fromEntries(rows.map(({ name, value }) => [name, value.kind === 'tick' ? once : several])),
  html: several,
  json: once,
  // How "--json=FILE" is read, which only compare takes.
  'json-file': several,
  watch: several,
  help: { ...once, short: 'h' },
  version: once,
};

const commands = 'analyze MODEL, compare FILE…, architecture MODEL, detect FOLDER or mcp';

function usageError(sentence: string): FailureError {
  return new FailureError('UsageError', `${printable(sentence)} (--help lists what can be written).`);
}

/** Options whose value may begin with a dash: what is wrong with a negative number is said where numbers are checked. */
const numeric: ReadonlySet<string> = new Set(
  rows
    .filter(({ key, value: { kind } }) => kind === 'number' || kind === 'numbers' || key === 'normalize')
    .map(({ name }) => `--${name}`),
);

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
    return parseArgs({ args: rewritten(args), options: parsed, strict: true, allowPositionals: true });
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

type Values = ReturnType<typeof parseOptions>['values'] & Readonly<Record<string, unknown>>;

/** The values of an option that may be given several times. */
function textsOf(values: Values, name: string): readonly string[] {
  const given = values[name];
  return Array.isArray(given) ? given.map(String) : [];
}

/** The value of an option that may be given once, or null. */
function textOf(values: Values, name: string): string | null {
  const [value, second] = textsOf(values, name);
  if (second !== undefined) throw usageError(`--${name} is given more than once`);
  if (value === '') throw usageError(`--${name} is empty`);
  return value ?? null;
}

/** What an option says, as a request has it, or null where it is not given. */
function valueOf(values: Values, { name, value }: Row): unknown {
  const texts = textsOf(values, name);
  if (value.kind === 'tick') return values[name] ?? null;
  // The file of an architecture is read by whoever runs the command.
  if (value.kind === 'architecture' || texts.length === 0) return null;
  if (value.kind === 'names') return distinctNames(name, texts);
  if (value.kind === 'keys') return inputKeys(texts);
  if (value.kind === 'shapes') return inputShapes(texts);
  const text = textOf(values, name) ?? '';
  const said = parseValue(value, text);
  if (said === undefined) throw usageError(`--${name} is "${text}", but must be ${wantedText(value)}`);
  return said;
}

function repeated(names: readonly string[]): string | undefined {
  return names.find((name, index) => names.indexOf(name) !== index);
}

function distinctNames(option: string, names: readonly string[]): readonly string[] {
  if (names.includes('')) throw usageError(`--${option} is empty`);
  const twice = repeated(names);
  if (twice !== undefined) throw usageError(`--${option} names "${twice}" more than once`);
  return names;
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
  const twice = repeated(names);
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
  const twice = repeated(entries.map(([name]) => name));
  if (twice !== undefined) throw usageError(`--shape names the graph input "${twice}" more than once`);
  return Object.fromEntries(entries);
}

/** The options that the analysis depends on, and the file of the layers of a file of weights. */
function analysisOptions(values: Values): Pick<ComparisonWish, 'options' | 'computation' | 'architecture'> {
  const said = Object.fromEntries(optionRows.map((row) => [row.key, valueOf(values, row)]));
  const options = pick(said, noOptions);
  const both = options.trained?.find((name) => options.fixed?.includes(name) === true);
  if (both !== undefined) throw usageError(`"${both}" cannot be both --trained and --fixed`);
  const training = pick(said, completeTraining({}));
  const isSaid = Object.values(training).some((value) => value !== null);
  return {
    options: { ...options, training: isSaid ? completeTraining(training) : null },
    computation: { ...defaultComputation, ...whatIsSaid(pick(said, defaultComputation as Computation)) },
    architecture: textOf(values, 'architecture'),
  };
}

/** What is said of the keys of `like`. */
function pick<Like extends object>(
  said: Readonly<Record<string, unknown>>,
  like: Like,
): { readonly [Key in keyof Like]: Like[Key] | null } {
  return Object.fromEntries(Object.keys(like).map((key) => [key, said[key] ?? null])) as {
    readonly [Key in keyof Like]: Like[Key] | null;
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
      ...analysisOptions(values),
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
    ...analysisOptions(values),
    json: values.json === true,
    jsonFile: textOf(values, 'json-file'),
    html: textOf(values, 'html'),
  };
}
