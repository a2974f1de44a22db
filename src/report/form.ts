import { optionRows, type Group } from './options';
import { parseValue, type Value } from './optionValue';
import { noOptions, requestDefaults, type ComputationChoice, type RequestOptions } from './request';

/** All that can be said of an analysis in the forms, with what stands where nobody said anything. */
export type Said = Omit<RequestOptions, 'samples' | 'training' | 'shapes' | 'paddingRows' | 'architecture'> &
  ComputationChoice;

export interface Field {
  readonly key: keyof Said;
  readonly group: Group;
  readonly label: string;
  readonly value: Value;
  /** What stands in an empty field. */
  readonly open?: string;
}

/** Everything that the panel's forms let a person change: what they show, and what the host accepts, follow. */
export const fields: readonly Field[] = optionRows.flatMap(({ key, value, panel }) =>
  typeof panel === 'object' ? [{ key: key as keyof Said, value, ...panel }] : [],
);

const { method, precision, dtype, evaluation, blocks, scaleAdapted, plane, top, timeLimit, seed } =
  requestDefaults;

/** What nobody has chosen. */
export const computationDefaults: ComputationChoice = {
  ...{ method, precision, dtype, evaluation, blocks, scaleAdapted, plane, top, timeLimit, seed },
};

/** Nothing is said. */
export const nothingSaid = Object.fromEntries(
  fields.map(({ key }) => [key, { ...noOptions, ...computationDefaults }[key]]),
) as unknown as Said;

/** The value of a field as a person would type it; '' where it is what nobody chose. */
export function showValue({ key, value: { kind } }: Field, said: Said): string {
  const value: unknown = said[key];
  if (kind === 'tick') return value === true ? 'true' : 'false';
  if (kind === 'choice') return typeof value === 'string' ? value : 'auto';
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
export function readValue({ key, value }: Field, typed: string): FieldValue | undefined {
  const text = typed.trim();
  // Off, automatic and empty are what stands where nobody said anything.
  if (value.kind === 'tick') return text === 'true' ? true : text === 'false' ? nothingSaid[key] : undefined;
  if (text === (value.kind === 'choice' ? 'auto' : '')) return nothingSaid[key];
  const parts = text.split(',').map((part) => part.trim());
  switch (value.kind) {
    case 'names':
      return parts.includes('') || new Set(parts).size < parts.length ? undefined : parts;
    case 'keys': {
      const pairs = parts.map((part) => {
        const at = part.indexOf('=');
        return [part.slice(0, Math.max(0, at)).trim(), part.slice(at + 1).trim()] as const;
      });
      if (pairs.some(([, name]) => name === '') || new Set(pairs.map(([input]) => input)).size < pairs.length)
        return undefined;
      return Object.fromEntries(pairs);
    }
    default:
      return parseValue(value, text);
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
