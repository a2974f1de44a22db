import Papa from 'papaparse';
import { quote } from '../files/quote';
import { FailureError } from '../report/failure';

/** A CSV file as numbers. */
export interface CsvTable {
  /** Headings; null where the file has none. */
  readonly headings: readonly string[] | null;
  readonly columnCount: number;
  readonly rowCount: number;
  /** rowCount × columnCount, row-major; NaN where a cell is empty, says NaN, or is text. */
  readonly values: Float64Array;
  /** Line of the file that each row stands in, counted from 1. */
  readonly lines: Int32Array;
  /** Per column the first cell that is text, or null. */
  readonly texts: readonly ({ readonly line: number; readonly text: string } | null)[];
}

const number = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const notFinite = /^(?:|[+-]?nan|na|null|[+-]?inf(?:inity)?)$/i;
/** From this many columns on a first row of 0, 1, 2, … is taken for the headings that a data frame without names writes. */
const fewestCountedHeadings = 4;

/**
 * Reads a table separated by commas, semicolons or tabs, with or without a line of headings. Empty lines are passed over.
 * `title` stands in sentences. FailureError: SamplesUnreadable for a row of another length than the first, naming its line,
 * where it cannot be told whether the first line is headings, and for prose (no number, and one cell a line or lines of
 * different lengths); NoSamples where there are no rows.
 */
export function parseCsv(title: string, text: string): CsvTable {
  const reader = new TableReader(title);
  let line = 0;
  Papa.parse<string[]>(text.replace(/^\ufeff/, ''), {
    delimitersToGuess: [',', ';', '\t'],
    step: ({ data }) => {
      line++;
      const cells = data.map((cell) => cell.trim());
      if (cells.length > 1 || cells[0] !== '') reader.take(cells, line);
    },
  });
  return reader.finish();
}

/** Headings are text where the next row, if any, has numbers. */
function isHeadings(title: string, first: readonly string[], second: readonly string[] | null): boolean {
  if (first.length >= fewestCountedHeadings && first.every((cell, index) => cell === String(index))) {
    throw new FailureError(
      'SamplesUnreadable',
      `The first line of ${title} counts 0, 1, 2, …, which may be headings or a sample; delete it, or give the columns names.`,
    );
  }
  if (first.every(isText)) return true;
  return second !== null && first.some((cell, index) => isText(cell) && number.test(second[index] ?? ''));
}

function isText(cell: string): boolean {
  return !number.test(cell) && !notFinite.test(cell);
}

/** Takes rows one by one and grows by doubling: the number of rows is known at the end only. */
class TableReader {
  private first: { readonly cells: readonly string[]; readonly line: number } | null = null;
  /** undefined until the second row tells whether the first is headings. */
  private headings: readonly string[] | null | undefined;
  /** Whether any cell so far was a number, or the lack of one: prose has none. */
  private numeric = false;
  private rowCount = 0;
  private values = new Float64Array(1024);
  private lines = new Int32Array(64);
  private readonly texts: ({ line: number; text: string } | null)[] = [];

  constructor(private readonly title: string) {}

  take(cells: readonly string[], line: number): void {
    this.numeric ||= cells.some((cell) => cell !== '' && !isText(cell));
    if (this.first === null) {
      this.first = { cells, line };
      return;
    }
    if (cells.length !== this.first.cells.length) {
      if (!this.numeric) throw this.noTable();
      throw new FailureError(
        'SamplesUnreadable',
        `Line ${String(line)} of ${this.title} has ${String(cells.length)} cells where line ${String(this.first.line)} has ${String(this.first.cells.length)}; correct or delete it.`,
      );
    }
    if (this.headings === undefined) this.decideHeadings(cells);
    this.add(cells, line);
  }

  finish(): CsvTable {
    if (this.headings === undefined) this.decideHeadings(null);
    const columnCount = this.first?.cells.length ?? 0;
    // Lines of several cells each may be headings, or a table of text; those of a single one are prose.
    if (!this.numeric && columnCount === 1) throw this.noTable();
    if (this.rowCount === 0) {
      throw new FailureError(
        'NoSamples',
        `${this.title} holds no samples; choose a file with at least one row of numbers.`,
      );
    }
    return {
      headings: this.headings ?? null,
      columnCount,
      rowCount: this.rowCount,
      values: this.values.subarray(0, this.rowCount * columnCount),
      lines: this.lines.subarray(0, this.rowCount),
      texts: Array.from({ length: columnCount }, (_, column) => this.texts[column] ?? null),
    };
  }

  private noTable(): FailureError {
    return new FailureError(
      'SamplesUnreadable',
      `${this.title} is no data file: it is text without a number in any line; choose an npz or npy file, or a CSV with one sample a line.`,
    );
  }

  private decideHeadings(second: readonly string[] | null): void {
    if (this.first === null) return;
    const { cells, line } = this.first;
    this.headings = isHeadings(this.title, cells, second) ? cells : null;
    if (this.headings === null) this.add(cells, line);
  }

  private add(cells: readonly string[], line: number): void {
    const start = this.rowCount * cells.length;
    this.values = roomFor(this.values, start + cells.length);
    this.lines = roomFor(this.lines, this.rowCount + 1);
    cells.forEach((cell, column) => {
      this.values[start + column] = valueOf(cell);
      if (isText(cell)) this.texts[column] ??= { line, text: cell };
    });
    this.lines[this.rowCount++] = line;
  }
}

function valueOf(cell: string): number {
  if (number.test(cell)) return Number(cell);
  if (/^\+?inf/i.test(cell) && !isText(cell)) return Infinity;
  return /^-inf/i.test(cell) && !isText(cell) ? -Infinity : NaN;
}

function roomFor<T extends Float64Array | Int32Array>(array: T, length: number): T {
  if (length <= array.length) return array;
  const wider = (
    array instanceof Float64Array ? new Float64Array(2 * length) : new Int32Array(2 * length)
  ) as T;
  wider.set(array);
  return wider;
}

/** A file's bytes as text. FailureError (SamplesUnreadable) where they are no UTF-8. */
export function decodeCsv(name: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new FailureError(
      'SamplesUnreadable',
      `${quote(name)} is neither npz, npy nor a CSV in UTF-8; save the samples as one of these.`,
    );
  }
}
