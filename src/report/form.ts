import {
  methods,
  mostTop,
  noOptions,
  requestDefaults,
  type ComputationChoice,
  type RequestOptions,
} from './request';
import { lossChoices } from './wording/lossWords';

/** All that can be said of an analysis, with what stands where nobody said anything. */
export type Said = Omit<RequestOptions, 'samples' | 'training' | 'shapes' | 'paddingRows' | 'architecture'> &
  ComputationChoice;

/** What the numbers depend on, as the chips of the panel divide it. */
export const groups = {
  method: 'Method',
  loss: 'Loss',
  samples: 'Samples',
  parameters: 'Parameters',
  mode: 'Mode',
  precision: 'Type of numbers',
  seed: 'Seed',
} as const;

export type Group = keyof typeof groups;

/** How a field is said. Texts are what a person types; an empty one leaves it open. */
export type Control =
  | { readonly kind: 'tick' }
  | { readonly kind: 'choice'; readonly values: readonly (readonly [value: string, text: string])[] }
  | {
      readonly kind: 'number';
      readonly whole?: boolean;
      readonly least?: number;
      /** Numbers below it. */
      readonly below?: number;
      readonly not?: number;
    }
  /** Numbers from 0 with commas between, or the word. */
  | { readonly kind: 'numbers'; readonly word?: string }
  /** Names or patterns with commas between. */
  | { readonly kind: 'names' }
  | { readonly kind: 'name' }
  /** KEY for the only input, or INPUT=KEY with commas between. */
  | { readonly kind: 'keys' };

export interface Field {
  readonly key: keyof Said;
  readonly group: Group;
  readonly label: string;
  readonly control: Control;
  /** What stands in an empty field. */
  readonly open?: string;
}

const methodTexts = { auto: 'Automatic', 'closed-form': 'Closed form', exact: 'Exact', estimate: 'Estimate' };
const tick = { kind: 'tick' } as const;
const positive = { kind: 'number', least: Number.MIN_VALUE } as const;
const whole = { kind: 'number', whole: true } as const;

/** Everything that the panel lets a person change, once: its form, what the host accepts, and the sentences follow. */
export const fields: readonly Field[] = [
  {
    key: 'method',
    group: 'method',
    label: 'Method',
    control: { kind: 'choice', values: methods.map((method) => [method, methodTexts[method]]) },
  },
  {
    key: 'precision',
    group: 'method',
    label: 'Relative precision',
    control: { ...positive, below: 1 },
    open: '0.01',
  },
  {
    key: 'top',
    group: 'method',
    label: 'Largest eigenvalues',
    control: { ...whole, least: 1, below: mostTop + 1 },
    open: '10',
  },
  { key: 'timeLimit', group: 'method', label: 'Time limit in seconds', control: positive, open: 'none' },
  { key: 'blocks', group: 'method', label: 'Blocks of layers, where estimated', control: tick },
  { key: 'scaleAdapted', group: 'method', label: 'Scale-adapted sharpness', control: tick },
  { key: 'plane', group: 'method', label: 'Loss over a plane of two directions', control: tick },
  {
    key: 'loss',
    group: 'loss',
    label: 'Loss',
    control: {
      kind: 'choice',
      values: lossChoices.map((loss) => [loss, loss === 'auto' ? 'As model and samples say' : loss]),
    },
  },
  { key: 'output', group: 'loss', label: 'Output', control: { kind: 'name' }, open: 'the one with logits' },
  {
    key: 'classWeights',
    group: 'loss',
    label: 'Class weights',
    control: { kind: 'numbers', word: 'balanced' },
    open: 'balanced, or 1, 2, …',
  },
  {
    key: 'labelSmoothing',
    group: 'loss',
    label: 'Label smoothing',
    control: { kind: 'number', least: 0, below: 1 },
    open: '0',
  },
  { key: 'posWeight', group: 'loss', label: 'Weight of positives', control: { kind: 'numbers' }, open: '1' },
  { key: 'ignoreLabel', group: 'loss', label: 'Label to leave out', control: whole, open: '-100' },
  {
    key: 'weightDecay',
    group: 'loss',
    label: 'Weight decay',
    control: { kind: 'number', least: 0 },
    open: '0',
  },
  {
    key: 'decayed',
    group: 'loss',
    label: 'Weight decay of',
    control: { kind: 'names' },
    open: 'all, or *.weight',
  },
  {
    key: 'inputs',
    group: 'samples',
    label: 'Key of the inputs',
    control: { kind: 'keys' },
    open: 'found by name',
  },
  {
    key: 'labels',
    group: 'samples',
    label: 'Key of the labels',
    control: { kind: 'name' },
    open: 'found by name',
  },
  {
    key: 'scale',
    group: 'samples',
    label: 'Factor of the inputs',
    control: { kind: 'number', not: 0 },
    open: '1',
  },
  {
    key: 'normalize',
    group: 'samples',
    label: 'Normalisation of pictures',
    control: { kind: 'name' },
    open: 'as gives the least loss; 0-1, -1-1, imagenet, 0-255 or MEAN/DEVIATION',
  },
  { key: 'skipBroken', group: 'samples', label: 'Leave out broken pictures', control: tick },
  {
    key: 'limit',
    group: 'samples',
    label: 'At most so many',
    control: { ...whole, least: 1, below: 2 ** 31 },
    open: 'all',
  },
  {
    key: 'trained',
    group: 'parameters',
    label: 'Trained, too',
    control: { kind: 'names' },
    open: 'names or patterns',
  },
  {
    key: 'fixed',
    group: 'parameters',
    label: 'Not trained',
    control: { kind: 'names' },
    open: 'names or patterns',
  },
  { key: 'evaluation', group: 'mode', label: 'Evaluation mode of a training export', control: tick },
  {
    key: 'dtype',
    group: 'precision',
    label: 'Type of the products',
    control: {
      kind: 'choice',
      values: [
        ['auto', 'float32 where precise enough'],
        ['float64', 'float64'],
        ['float32', 'float32'],
      ],
    },
  },
  { key: 'seed', group: 'seed', label: 'Seed', control: { ...whole, least: 0, below: 2 ** 32 }, open: '0' },
];

const { method, precision, dtype, evaluation, blocks, scaleAdapted, plane, top, timeLimit, seed } =
  requestDefaults;

/** What nobody has chosen. */
export const computationDefaults: ComputationChoice = {
  ...{ method, precision, dtype, evaluation, blocks, scaleAdapted, plane, top, timeLimit, seed },
};

/** Nothing is said. */
export const nothingSaid: Said = { ...withoutChooser(noOptions), ...computationDefaults };

/** What the chooser of samples and the learning rate's card say has no field here. */
function withoutChooser({
  samples: _samples,
  training: _training,
  shapes: _shapes,
  paddingRows: _paddingRows,
  architecture: _architecture,
  ...said
}: RequestOptions): Omit<RequestOptions, 'samples' | 'training' | 'shapes' | 'paddingRows' | 'architecture'> {
  return said;
}

/** The value of a field as a person would type it; '' where it is what nobody chose. */
export function showValue({ key, control }: Field, said: Said): string {
  const value: unknown = said[key];
  if (control.kind === 'tick') return value === true ? 'true' : 'false';
  if (control.kind === 'choice') return typeof value === 'string' ? value : 'auto';
  if (value === nothingSaid[key]) return '';
  if (typeof value === 'string' || typeof value === 'number') return `${value}`;
  return typeof value === 'object' && value !== null ? listText(value) : '';
}

function listText(value: object): string {
  const entries = Object.entries(value as Readonly<Record<string, string | number>>);
  return entries
    .map(([input, name]) => (Array.isArray(value) || input === '' ? `${name}` : `${input}=${name}`))
    .join(', ');
}

/** As in a request, or null. */
export type FieldValue =
  string | number | boolean | null | readonly string[] | readonly number[] | Readonly<Record<string, string>>;

/** What was typed as a value; undefined where it is none of this field. */
export function readValue({ key, control }: Field, typed: string): FieldValue | undefined {
  const text = typed.trim();
  // Off is what stands where nobody said anything.
  if (control.kind === 'tick')
    return text === 'true' ? true : text === 'false' ? nothingSaid[key] : undefined;
  if (control.kind === 'choice') {
    if (!control.values.some(([value]) => value === text)) return undefined;
    return text === 'auto' ? nothingSaid[key] : text;
  }
  if (text === '') return nothingSaid[key];
  const parts = text.split(',').map((part) => part.trim());
  switch (control.kind) {
    case 'number':
      return readNumber(text, control);
    case 'numbers': {
      if (text === control.word) return 'balanced';
      const numbers = parts.map((part) => readNumber(part, { least: 0 }));
      return numbers.every((number) => number !== undefined) ? numbers : undefined;
    }
    case 'names':
      return parts.includes('') || new Set(parts).size < parts.length ? undefined : parts;
    case 'name':
      return text;
    case 'keys': {
      const pairs = parts.map((part) => {
        const at = part.indexOf('=');
        return [part.slice(0, Math.max(0, at)).trim(), part.slice(at + 1).trim()] as const;
      });
      if (pairs.some(([, name]) => name === '') || new Set(pairs.map(([input]) => input)).size < pairs.length)
        return undefined;
      return Object.fromEntries(pairs);
    }
  }
}

/** What may be typed into a field, for the sentence that refuses another. */
export function wantedText({ control }: Field): string {
  switch (control.kind) {
    case 'number': {
      const { whole: isWhole, least, below, not } = control;
      const from = least === undefined ? '' : least === Number.MIN_VALUE ? ' above 0' : ` from ${least}`;
      const to = below === undefined || below >= 2 ** 31 ? '' : ` to below ${below}`;
      return `a ${isWhole === true ? 'whole ' : ''}number${from}${to}${not === undefined ? '' : ` other than ${not}`}`;
    }
    case 'numbers':
      return `${control.word === undefined ? '' : `“${control.word}”, or `}numbers from 0 with commas between`;
    case 'names':
      return 'names or patterns such as *.weight, each once, with commas between';
    case 'keys':
      return 'the key, or INPUT=KEY for each input with commas between';
    default:
      return 'another value';
  }
}

/** What a webview said, checked field by field like a file; null where anything of it is not of this form. */
export function readSaid(raw: unknown): Partial<Said> | null {
  if (typeof raw !== 'object' || raw === null) return null;
  const read: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(raw as Readonly<Record<string, unknown>>)) {
    const field = fields.find((each) => each.key === key);
    if (field === undefined || value === undefined) return null;
    // What a person could not have typed is nothing that was said.
    const said = { ...nothingSaid, [key]: value } as Said;
    const typed = isTyped(value) ? readValue(field, showValue(field, said)) : undefined;
    if (typed === undefined || JSON.stringify(typed) !== JSON.stringify(value)) return null;
    read[key] = typed;
  }
  return read;
}

/** Flat values alone: nothing that has to be walked through. */
function isTyped(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return Object.values(value).every((each) => typeof each === 'string' || typeof each === 'number');
}

function readNumber(
  text: string,
  { whole: isWhole, least, below, not }: Omit<Extract<Control, { kind: 'number' }>, 'kind'>,
): number | undefined {
  const number = text === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(number) || number === not) return undefined;
  if (isWhole === true && !Number.isSafeInteger(number)) return undefined;
  return (least !== undefined && number < least) || (below !== undefined && number >= below)
    ? undefined
    : number;
}
