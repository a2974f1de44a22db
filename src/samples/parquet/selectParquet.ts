import { decodePicture, pictureKind } from '../../files/pictures/picture';
import { quote } from '../../files/quote';
import { FailureError } from '../../report/failure';
import type { CsvTable } from '../csvTable';
import type { KeyedArrays, Words } from '../npzFile';
import { pictureArray, pictureInput } from '../pictures/pictureArray';
import { pictureSet, withoutBroken } from '../pictures/pictureSet';
import type { KeyChoice, SampleArray, Selection } from '../sampleArray';
import type { InputSpec } from '../samples';
import { selectArrays } from '../selectArrays';
import { selectColumns } from '../selectColumns';
import type { Cell, ListCell, ParquetTable } from './parquetTable';

/** The name under which pandas writes an index that has none. */
const dataFrameIndex = '__index_level_0__';

/**
 * Inputs and labels of a Parquet table: columns of single numbers and words are taken as those of a table in text; where there
 * are lists, columns are arrays by their names; and a column of pictures (bytes of PNG or JPEG files, as Hugging Face stores
 * them) is the inputs.
 * @throws FailureError as the other files of samples do
 */
export async function selectParquet(
  table: ParquetTable,
  specs: readonly InputSpec[],
  choice: KeyChoice,
): Promise<Selection> {
  const [pictures] = [...table.columns].flatMap(([name, cells]) => (cells.some(isPicture) ? [name] : []));
  if (pictures !== undefined) return selectPictures(table, pictures, specs, choice);
  if ([...table.columns.values()].some((cells) => cells.some(isList)))
    return selectArrays(keyedColumns(table), specs, choice);
  if (!table.columns.has(dataFrameIndex)) return selectColumns(table.title, tableOf(table), specs, choice);
  const columns = new Map([...table.columns].filter(([name]) => name !== dataFrameIndex));
  const selection = selectColumns(table.title, tableOf({ ...table, columns }), specs, choice);
  const note = `The column ${quote(dataFrameIndex)} of ${table.title} is a data frame's index and was left out.`;
  return { ...selection, notes: [note, ...(selection.notes ?? [])] };
}

async function selectPictures(
  table: ParquetTable,
  column: string,
  specs: readonly InputSpec[],
  choice: KeyChoice,
): Promise<Selection> {
  const { title } = table;
  const spec = pictureInput(title, specs);
  const all = (table.columns.get(column) ?? []).map((cell, row) => {
    const name = `${column} of row ${String(row)}`;
    return {
      row,
      name,
      load: () =>
        Promise.resolve().then(() =>
          decodePicture(name, cell instanceof Uint8Array ? cell : new Uint8Array()),
        ),
    };
  });
  const { pictures, first, notes: left } = await withoutBroken(title, all, choice.leaveOutBroken === true);
  const { array, notes } = pictureArray(pictureSet(title, pictures, first), spec);
  const kept = new Map(
    [...table.columns].map(([name, cells]) => [name, pictures.map(({ row }) => cells[row] ?? null)]),
  );
  const keyed = keyedColumns({ ...table, columns: kept });
  const selection = await selectArrays(
    { ...keyed, open: (key) => (key === column ? Promise.resolve(array) : keyed.open(key)) },
    specs,
    Object.keys(choice.inputs).length > 0 ? choice : { ...choice, inputs: { '': column } },
  );
  const told = [...left, ...notes, ...(selection.notes ?? [])];
  return { ...selection, ...(told.length > 0 && { notes: told }) };
}

function isPicture(cell: Cell): boolean {
  return cell instanceof Uint8Array && pictureKind(cell) !== null;
}

function isList(cell: Cell): cell is ListCell {
  return typeof cell === 'object' && cell !== null && !(cell instanceof Uint8Array);
}

function textOf(cell: Cell): string {
  if (cell instanceof Uint8Array) return new TextDecoder().decode(cell);
  return cell === null || isList(cell) ? '' : String(cell);
}

/** Cells as those of a table in text, whose lines are the rows, counted from 1. */
function tableOf({ count, columns }: ParquetTable): CsvTable {
  const cells = [...columns.values()];
  const values = new Float64Array(count * cells.length).fill(NaN);
  const texts = cells.map((column, at) => {
    let first: { readonly line: number; readonly text: string } | null = null;
    column.forEach((cell, row) => {
      if (typeof cell === 'number') values[row * cells.length + at] = cell;
      else if (cell !== null) first ??= { line: row + 1, text: textOf(cell) };
    });
    return first;
  });
  return {
    headings: [...columns.keys()],
    columnCount: cells.length,
    rowCount: count,
    values,
    lines: Int32Array.from({ length: count }, (_, row) => row + 1),
    texts,
    cellsOf: (column) => (cells[column] ?? []).map(textOf),
    decimalComma: null,
  };
}

/** Columns as arrays by their names: lists of the same length are the axes of a sample. */
function keyedColumns(table: ParquetTable): KeyedArrays {
  const of = (key: string): readonly Cell[] => table.columns.get(key) ?? [];
  const title = (key: string): string => `${quote(key)} in ${table.title}`;
  const isWord = (cell: Cell): boolean => typeof cell === 'string' || cell instanceof Uint8Array;
  return {
    title: table.title,
    keys: [...table.columns.keys()],
    inputsKey: null,
    words: (key): Promise<Words | null> =>
      Promise.resolve(of(key).every(isWord) ? { title: title(key), words: of(key).map(textOf) } : null),
    open: (key) => Promise.resolve().then(() => arrayOfCells(title(key), of(key), table.classNames(key))),
  };
}

function arrayOfCells(title: string, cells: readonly Cell[], names: readonly string[] | null): SampleArray {
  const [first = null] = cells;
  const dims = isList(first) ? first.dims : [];
  const size = dims.reduce((product, dim) => product * dim, 1);
  const values = new Float64Array(cells.length * size).fill(NaN);
  cells.forEach((cell, row) => {
    const numbers = isList(cell) ? cell : { dims: [], values: [cell] };
    if (numbers.dims.join() !== dims.join() || typeof (numbers.values[0] ?? 0) !== 'number')
      throw new FailureError(
        'UnsupportedFormat',
        `Row ${String(row)} of ${title} is not ${dims.length === 0 ? 'a number' : `a list of ${dims.join(' × ')} numbers`}, as the first is; save lists of one length, or choose another column.`,
      );
    if (isList(cell)) values.set(cell.values, row * size);
    else if (typeof cell === 'number') values[row] = cell;
  });
  return {
    title,
    shape: [cells.length, ...dims],
    whole: values.every((value) => Number.isSafeInteger(value)),
    ...(names !== null && { names }),
    holds: `${title} holds ${cells.length.toLocaleString('en')} samples of ${dims.length === 0 ? '1' : dims.join(' × ')}`,
    advice: () => 'choose another column or file',
    read: (rows) => {
      if (rows === null) return Promise.resolve(values);
      const some = new Float64Array(rows.length * size);
      rows.forEach((row, at) => {
        some.set(values.subarray(row * size, (row + 1) * size), at * size);
      });
      return Promise.resolve(some);
    },
    place: (row) => `in row ${String(row)} (counted from 0)`,
  };
}
