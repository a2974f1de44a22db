import Papa from 'papaparse';
import { quote } from '../files/quote';
import { FailureError } from '../report/failure';

/** What stands between the cells of a line: a character, or any run of white space. */
export type Separator = ',' | ';' | '\t' | '|' | 'white space';

const separators: readonly Separator[] = [',', ';', '\t', '|', 'white space'];
const plainNumber = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const commaNumber = /^[+-]?(?:\d+,\d*|,\d+)(?:[eE][+-]?\d+)?$/;
const notFinite = /^(?:|[+-]?nan|na|null|[+-]?inf(?:inity)?)$/i;
/** The beginning by which the separator is chosen. */
const linesLookedAt = 50;
const charactersLookedAt = 2 ** 16;

/** The numbers of a file as its separator lets them be written: with decimal points, or with commas; the first decides. */
export class CellReader {
  /** The first number with a decimal comma. */
  comma: string | null = null;
  private point = false;

  constructor(private readonly separator: Separator) {}

  /** Whether a cell is neither a number, nor the lack of one. */
  isText(cell: string): boolean {
    return !this.isNumber(cell) && !notFinite.test(cell);
  }

  isNumber(cell: string): boolean {
    return plainNumber.test(cell) || (this.separator !== ',' && commaNumber.test(cell));
  }

  /** null: text; NaN where the cell is empty or says so. */
  valueOf(cell: string): number | null {
    if (plainNumber.test(cell)) {
      if (!cell.includes('.')) return Number(cell);
      if (this.comma !== null) return null;
      this.point = true;
      return Number(cell);
    }
    if (notFinite.test(cell)) {
      if (!/inf/i.test(cell)) return NaN;
      return cell.startsWith('-') ? -Infinity : Infinity;
    }
    if (this.point || !this.isNumber(cell)) return null;
    this.comma ??= cell;
    return Number(cell.replace(',', '.'));
  }
}

/** Comments become empty lines, so that lines keep their numbers. */
export function withoutComments(text: string): string {
  return text.includes('#') ? text.replace(/^[ \t]*#.*$/gm, '') : text;
}

/** The separator that gives the first lines the same number of cells, more than one; of several, that of the fewest texts. */
export function separatorOf(text: string): Separator {
  const lines = firstLines(text);
  let best: Separator = ',';
  let most = 0;
  for (const separator of separators) {
    const reader = new CellReader(separator);
    const rows: (readonly string[])[] = [];
    eachRow(lines.join('\n'), separator, (cells) => rows.push(cells));
    const widths = rows.map((cells) => (cells.at(-1) === '' ? cells.length - 1 : cells.length));
    if (!(Math.max(...widths) > 1)) continue;
    const cells = rows.flat();
    const numbers = cells.filter((cell) => reader.isNumber(cell)).length;
    // Words stand between blanks, too: without a number these make no table.
    if (numbers === 0 && separator === 'white space') continue;
    const even = widths.every((width) => width === widths[0]);
    const texts = cells.filter((cell) => reader.isText(cell)).length;
    const worth = (even ? 3 : 1) - texts / cells.length;
    if (worth <= most) continue;
    best = separator;
    most = worth;
  }
  return best;
}

function firstLines(text: string): string[] {
  const lines: string[] = [];
  let characters = 0;
  for (const [line] of text.matchAll(/[^\r\n]+/g)) {
    if (line.trim() === '') continue;
    lines.push(line);
    characters += line.length;
    if (lines.length === linesLookedAt || (characters > charactersLookedAt && lines.length > 1)) break;
  }
  return lines;
}

/** The trimmed cells of every line that has any, with its number, from 1. */
export function eachRow(
  text: string,
  separator: Separator,
  take: (cells: string[], line: number) => void,
): void {
  let line = 0;
  const takeCells = (data: readonly string[]): void => {
    line++;
    const cells = data.map((cell) => cell.trim());
    if (cells.length > 1 || (cells[0] ?? '') !== '') take(cells, line);
  };
  if (separator !== 'white space') {
    Papa.parse<string[]>(text, { delimiter: separator, step: ({ data }) => takeCells(data) });
    return;
  }
  for (const row of text.split(/\r\n|\n|\r/))
    takeCells((row.match(/"[^"]*"|\S+/g) ?? []).map((cell) => cell.replace(/^"(.*)"$/, '$1')));
}

/**
 * A file's bytes, or its beginning, as text: UTF-8, or UTF-16 where its byte order mark says so.
 * @throws FailureError SamplesUnreadable where they are neither, and for JSON
 */
export function decodeTable(name: string, bytes: Uint8Array, isWhole = true): string {
  let text: string;
  try {
    text = new TextDecoder(utf16(bytes) ?? 'utf-8', { fatal: true }).decode(bytes, { stream: !isWhole });
  } catch {
    throw new FailureError(
      'SamplesUnreadable',
      `${quote(name)} is neither npz, npy nor a CSV in UTF-8 or UTF-16; save the samples as one of these.`,
    );
  }
  if (!/^\s*(?:\{\s*["}]|\[\s*[[\]{"\d-])/.test(text)) return text;
  throw new FailureError(
    'SamplesUnreadable',
    `${quote(name)} is JSON, which is not read; load it in Python and save the samples with numpy.savez(file, x=inputs, y=labels), or as a CSV with one sample a line.`,
  );
}

/** The encoding that a byte order mark of UTF-16 names, or null. */
export function utf16([first, second]: Uint8Array): 'utf-16le' | 'utf-16be' | null {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  return first === 0xfe && second === 0xff ? 'utf-16be' : null;
}
