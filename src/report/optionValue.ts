import { t } from '@vscode/l10n';

/** What can be said in an option: how it is written, and what of that is allowed. */
export type Value =
  | { readonly kind: 'tick' }
  | Choice
  | NumberValue
  /** Numbers of at least 0 with commas between, or the word. */
  | { readonly kind: 'numbers'; readonly word?: string }
  /** Names or patterns, each once; `some`: an empty list says nothing. */
  | { readonly kind: 'names'; readonly some?: true }
  | { readonly kind: 'name' }
  /** KEY for the only input, or INPUT=KEY for each. */
  | { readonly kind: 'keys' }
  /** Sizes by the name of an input; rows by the name of a table. */
  | { readonly kind: 'shapes' | 'rows' }
  | { readonly kind: 'architecture' | 'training' };

/** One of the values, with the words of a form where a value is not shown itself. */
interface Choice {
  readonly kind: 'choice';
  readonly values: readonly string[];
  readonly words?: Readonly<Record<string, string>>;
}

/** A number within bounds. */
export interface NumberValue {
  readonly kind: 'number';
  readonly whole?: true;
  readonly least?: number;
  readonly above?: number;
  readonly most?: number;
  readonly below?: number;
  readonly not?: number;
  readonly unit?: string;
}

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** Whether a number is within the bounds. */
export function allowsNumber(
  { whole, least = -Infinity, above = -Infinity, most = Infinity, below = Infinity, not }: NumberValue,
  number: number,
): boolean {
  return (
    Number.isFinite(number) &&
    number !== not &&
    (whole !== true || Number.isSafeInteger(number)) &&
    number >= least &&
    number > above &&
    number <= most &&
    number < below
  );
}

/** A number, numbers, a choice or a name from its text; undefined where the text is none of this value. */
export function parseValue(value: Value, text: string): number | readonly number[] | string | undefined {
  switch (value.kind) {
    case 'number': {
      const number = Number(text);
      return decimal.test(text) && allowsNumber(value, number) ? number : undefined;
    }
    case 'numbers': {
      if (text === value.word) return text;
      const numbers = text.split(',').map((part) => parseValue({ kind: 'number', least: 0 }, part.trim()));
      return numbers.every((number) => typeof number === 'number') ? numbers : undefined;
    }
    case 'choice':
      return value.values.find((each) => each === text);
    default:
      return text;
  }
}

/** What may be written, for the sentence that refuses another. */
export function wantedText(value: Value): string {
  switch (value.kind) {
    case 'number': {
      const { whole, least, above, most, below, not, unit } = value;
      const range =
        (above === undefined ? '' : t` above ${above}`) +
        (least === undefined
          ? ''
          : `${most === undefined && below === undefined ? t(' of at least') : t(' from')} ${least}`) +
        (most === undefined ? '' : t` to ${most}`) +
        (below === undefined ? '' : t` to below ${below}`);
      return t`a ${whole === true ? t('whole ') : ''}number${unit === undefined ? '' : t` of ${unit}`}${range}${not === undefined ? '' : t` other than ${not}`}`;
    }
    case 'numbers':
      return t`${value.word === undefined ? '' : t`${value.word}, or `}numbers of at least 0 with commas between`;
    case 'choice':
      return t`one of ${value.values.join(', ')}`;
    case 'names':
      return t('names or patterns such as *.weight, each once, with commas between');
    case 'keys':
      return t('the key, or INPUT=KEY for each input with commas between');
    default:
      return t('another value');
  }
}

/** The values of a choice with what a form shows for each. */
export function choicesOf({ values, words }: Choice): readonly (readonly [value: string, text: string])[] {
  return values.map((value) => [value, words?.[value] ?? value]);
}
