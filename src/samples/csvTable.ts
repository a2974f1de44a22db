import { FailureError } from '../report/failure';
import { CellReader, eachRow, separatorOf, withoutComments, type Separator } from './tableText';

/** A table in text as numbers. */
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
  /** The cells of a column as they stand in the file, row after row. */
  readonly cellsOf: (column: number) => string[];
  /** The first number that was read with a decimal comma, or null. */
  readonly decimalComma: string | null;
}

/** From this many columns on a first row of 0, 1, 2, … is taken for the headings that a data frame without names writes. */
const fewestCountedHeadings = 4;

/**
 * Reads a table whose cells are separated by commas, semicolons, tabs, bars or white space, with or without a line of
 * headings. Empty lines and those that begin with # are passed over, and a last cell that is empty in every row.
 * `title` stands in sentences. FailureError: SamplesUnreadable for a row of another length than the first, naming its line,
 * where it cannot be told whether the first line is headings, and for prose (no number, and one cell a line or lines of
 * different lengths); NoSamples where there are no rows.
 */
export function parseCsv(title: string, text: string): CsvTable {
  const plain = withoutComments(text);
  const separator = separatorOf(plain);
  const reader = new TableReader(title, separator);
  eachRow(plain, separator, (cells, line) => {
    reader.take(cells, line);
  });
  return reader.finish((column) => {
    const found: string[] = [];
    eachRow(plain, separator, (cells) => found.push(cells[column] ?? ''));
    return found;
  });
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
  private readonly cells: CellReader;
  /** Whether every row so far ends with an empty cell. */
  private trailing = true;

  constructor(
    private readonly title: string,
    separator: Separator,
  ) {
    this.cells = new CellReader(separator);
  }

  take(row: readonly string[], line: number): void {
    this.numeric ||= row.some((cell) => cell !== '' && !this.cells.isText(cell));
    if (this.first === null) {
      this.first = { cells: row, line };
      return;
    }
    // Headings may lack the separator that every row ends with.
    const cells = row.length === this.first.cells.length + 1 && row.at(-1) === '' ? row.slice(0, -1) : row;
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

  finish(cellsOf: (column: number) => string[]): CsvTable {
    if (this.headings === undefined) this.decideHeadings(null);
    const width = this.first?.cells.length ?? 0;
    const columnCount =
      this.trailing && width > 1 && (this.headings?.at(-1) ?? '') === '' ? width - 1 : width;
    // Lines of several cells each may be headings, or a table of text; those of a single one are prose.
    if (!this.numeric && columnCount === 1) throw this.noTable();
    if (this.rowCount === 0) {
      throw new FailureError(
        'NoSamples',
        `${this.title} holds no samples; choose a file with at least one row of numbers.`,
      );
    }
    for (let row = 1; columnCount < width && row < this.rowCount; row++)
      this.values.copyWithin(row * columnCount, row * width, row * width + columnCount);
    return {
      headings: this.headings?.slice(0, columnCount) ?? null,
      columnCount,
      rowCount: this.rowCount,
      values: this.values.subarray(0, this.rowCount * columnCount),
      lines: this.lines.subarray(0, this.rowCount),
      texts: Array.from({ length: columnCount }, (_, column) => this.texts[column] ?? null),
      cellsOf: (column) => cellsOf(column).slice(this.headings === null ? 0 : 1),
      decimalComma: this.cells.comma,
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
    this.headings = this.isHeadings(cells, second) ? cells : null;
    if (this.headings === null) this.add(cells, line);
  }

  /** Headings are text where the next row, if any, has numbers. */
  private isHeadings(first: readonly string[], second: readonly string[] | null): boolean {
    if (first.length >= fewestCountedHeadings && first.every((cell, index) => cell === String(index))) {
      throw new FailureError(
        'SamplesUnreadable',
        `The first line of ${this.title} counts 0, 1, 2, …, which may be headings or a sample; delete it, or give the columns names.`,
      );
    }
    if (first.every((cell) => this.cells.isText(cell))) return true;
    return (
      second !== null &&
      first.some((cell, index) => this.cells.isText(cell) && this.cells.isNumber(second[index] ?? ''))
    );
  }

  private add(cells: readonly string[], line: number): void {
    const start = this.rowCount * cells.length;
    this.values = roomFor(this.values, start + cells.length);
    this.lines = roomFor(this.lines, this.rowCount + 1);
    cells.forEach((cell, column) => {
      const value = this.cells.valueOf(cell);
      this.values[start + column] = value ?? NaN;
      if (value === null) this.texts[column] ??= { line, text: cell };
    });
    this.trailing &&= cells.at(-1) === '';
    this.lines[this.rowCount++] = line;
  }
}

function roomFor<T extends Float64Array | Int32Array>(array: T, length: number): T {
  if (length <= array.length) return array;
  const wider = (
    array instanceof Float64Array ? new Float64Array(2 * length) : new Int32Array(2 * length)
  ) as T;
  wider.set(array);
  return wider;
}
