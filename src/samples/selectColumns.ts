import { quote } from '../files/quote';
import { FailureError } from '../report/failure';
import { isLabelHeading, isWeightHeading } from './arrayNames';
import { wordArray } from './classNames';
import type { CsvTable } from './csvTable';
import {
  chosenKey,
  listed,
  requireKnownInputs,
  type KeyChoice,
  type SampleArray,
  type Selection,
} from './sampleArray';
import type { InputSpec } from './samples';
import { setting } from '../report/wording/settings';

/**
 * The columns of a table that are the model's inputs and labels. The label is the column that the user names, else the one
 * with such a heading (label, target, class, y), else the last; a column sample_weight weighs the samples; the inputs are all other columns. A choice is a heading, or
 * headings, numbers from 1 and ranges of them, separated by commas: "1-64", "width,height", "2,5-7".
 * A column of words is one of classes.
 * FailureError: SampleKeyMissing, UnsupportedLabels for words in several columns of labels, SamplesUnreadable for text among the inputs.
 */
export function selectColumns(
  title: string,
  table: CsvTable,
  specs: readonly InputSpec[],
  choice: KeyChoice,
): Selection {
  requireKnownInputs(
    choice,
    specs.map((spec) => spec.name),
  );
  const all = Array.from({ length: table.columnCount }, (_, column) => column);
  const chosen = specs.map((spec) => {
    const key = chosenKey(choice, spec.name, specs.length);
    if (key !== undefined) return columnsNamed(title, table, key, setting('inputs'));
    if (specs.length === 1) return null;
    throw new FailureError(
      'SampleKeyMissing',
      `The columns of ${title} that are the model's input ${quote(spec.name)} are not known; say so with ${setting('inputs', 'GRAPHINPUT=COLUMNS')}, as in a=1-64, for each input.`,
    );
  });
  const named = choice.labels === null ? null : columnsNamed(title, table, choice.labels, setting('labels'));
  const said = [...chosen.flatMap((columns) => columns ?? []), ...(named ?? [])];
  const weights = all.find(
    (column) => isWeightHeading(table.headings?.[column] ?? '') && !said.includes(column),
  );
  const taken = weights === undefined ? said : [...said, weights];
  const labels = named ?? labelColumn(title, table, taken);
  const others = all.filter((column) => !labels.includes(column) && column !== weights);
  const isCounted = chosen.includes(null) && others.includes(0) && countsRows(table, others.length, specs[0]);
  const rest = isCounted ? others.filter((column) => column !== 0) : others;
  const [label] = labels;
  const words =
    label === undefined || labels.length > 1 || (table.texts[label] ?? null) === null
      ? null
      : wordArray(
          title,
          table.cellsOf(label),
          choice.classNames ?? null,
          (row) => `in line ${String(table.lines[row])}, column ${String(label + 1)}`,
        );
  const notes = [
    ...(isCounted
      ? [
          `The first column of ${title} counts the rows and was left out; where it is an input, name the columns with ${setting('inputs')}.`,
        ]
      : []),
    ...(table.decimalComma === null
      ? []
      : [
          `The commas in ${title} were read as decimal commas: ${quote(table.decimalComma)} is ${String(Number(table.decimalComma.replace(',', '.')))}.`,
        ]),
    ...(words === null ? [] : [words.note]),
  ];
  return {
    inputs: chosen.map((columns) => inputArray(title, table, columns ?? rest)),
    labels: words?.array ?? (labels.length === 0 ? null : labelArray(title, table, labels)),
    ...(weights !== undefined && {
      weights: { key: table.headings?.[weights] ?? '', array: inputArray(title, table, [weights]) },
    }),
    ...(notes.length > 0 && { notes }),
  };
}

/** Whether the first column is the index that a data frame is written with, and not one of the numbers that the model takes. */
function countsRows(
  { headings, columnCount, rowCount, values }: CsvTable,
  given: number,
  spec: InputSpec | undefined,
): boolean {
  if (headings === null || !/^(Unnamed: 0)?$/.test(headings[0] ?? 'none')) return false;
  const wanted = spec?.dims.reduce<number>((product, size) => product * (size ?? NaN), 1);
  if (wanted === given) return false;
  return Array.from({ length: rowCount }).every((_, row) => values[row * columnCount] === values[0]! + row);
}

/** One column, or none where the user took it for the inputs. */
function labelColumn(title: string, table: CsvTable, taken: readonly number[]): number[] {
  const headed = (certainty: true | null): number[] =>
    (table.headings ?? []).flatMap((heading, column) =>
      isLabelHeading(heading) === certainty && !taken.includes(column) ? [column] : [],
    );
  const last = Array.from({ length: table.columnCount }, (_, column) => column).findLast(
    (column) => !isWeightHeading(table.headings?.[column] ?? ''),
  );
  const lastIfFree = last === undefined || taken.includes(last) ? [] : [last];
  const named = headed(true);
  const candidates = named.length > 0 ? named : [...new Set([...headed(null), ...lastIfFree])];
  if (candidates.length <= 1) return candidates;
  throw new FailureError(
    'SampleKeyMissing',
    `${capitalise(title)} has the columns ${listed(candidates.map((column) => table.headings?.[column] ?? ''))}, any of which may be the label; say which with ${setting('labels', 'NAME')}.`,
  );
}

function columnsNamed(title: string, table: CsvTable, key: string, option: string): number[] {
  const whole = columnsHeaded(title, table, key);
  if (whole.length > 0) return whole;
  const columns = key.split(',').flatMap((part) => {
    const headed = columnsHeaded(title, table, part.trim());
    if (headed.length > 0) return headed;
    const [, from, to = from] = /^\s*(\d{1,9})(?:\s*-\s*(\d{1,9}))?\s*$/.exec(part) ?? [];
    const first = Number(from);
    const last = Number(to);
    if (!(first >= 1 && first <= last && last <= table.columnCount)) {
      throw new FailureError(
        'SampleKeyMissing',
        `${capitalise(title)} has no column ${quote(part.trim())} (it has ${String(table.columnCount)} columns${table.headings === null ? ' without headings' : `: ${listed(table.headings)}`}); correct ${option}.`,
      );
    }
    return Array.from({ length: last - first + 1 }, (_, offset) => first - 1 + offset);
  });
  if (new Set(columns).size === columns.length) return columns;
  throw new FailureError(
    'UsageError',
    `${option} ${quote(key)} names a column of ${title} twice; name each once.`,
  );
}

function columnsHeaded(title: string, table: CsvTable, heading: string): number[] {
  const columns = (table.headings ?? []).flatMap((name, column) => (name === heading ? [column] : []));
  if (columns.length <= 1) return columns;
  throw new FailureError(
    'SampleKeyMissing',
    `${capitalise(title)} has several columns ${quote(heading)}; name them by number.`,
  );
}

function inputArray(title: string, table: CsvTable, columns: readonly number[]): SampleArray {
  const array = columnArray(title, table, columns);
  return {
    ...array,
    read: (rows) => {
      for (const column of columns) {
        const text = table.texts[column] ?? null;
        if (text === null) continue;
        throw new FailureError(
          'SamplesUnreadable',
          `Line ${String(text.line)} of ${title} holds ${quote(text.text)} in column ${String(column + 1)}, which is not a number${table.decimalComma === null ? '' : ' among decimal commas'}; correct it (decimal points, or decimal commas where cells are not separated by commas), or choose the columns with ${setting('inputs')}, as in ${setting('inputs', `2-${String(table.columnCount)}`)}.`,
        );
      }
      return array.read(rows);
    },
  };
}

function labelArray(title: string, table: CsvTable, columns: readonly number[]): SampleArray {
  for (const column of columns) {
    const text = table.texts[column] ?? null;
    if (text === null) continue;
    throw new FailureError(
      'UnsupportedLabels',
      `The label in line ${String(text.line)} of ${title} is ${quote(text.text)} (column ${String(column + 1)}); encode the classes as the integers 0 to C − 1, or name the label's column with ${setting('labels')}.`,
    );
  }
  return columnArray(title, table, columns);
}

function columnArray(title: string, table: CsvTable, columns: readonly number[]): SampleArray {
  const { columnCount, rowCount, values, lines } = table;
  const whole = columns.every((column) => {
    for (let row = 0; row < rowCount; row++) {
      // What is not finite is reported when it is read.
      const value = values[row * columnCount + column] ?? NaN;
      if (Number.isFinite(value) && !Number.isSafeInteger(value)) return false;
    }
    return true;
  });
  return {
    title,
    shape: [rowCount, columns.length],
    whole,
    holds: `${capitalise(title)} has ${String(columns.length)} numbers per row (${describeColumns(columns)})`,
    advice: (wanted) => {
      const example =
        wanted !== null && wanted <= columnCount
          ? `, as in ${setting('inputs', `1-${String(wanted)}`)},`
          : '';
      return `choose the columns with ${setting('inputs')}${example} or another file`;
    },
    read: (rows) => {
      const chosen = rows?.length ?? rowCount;
      const picked = new Float64Array(chosen * columns.length);
      for (let index = 0; index < chosen; index++) {
        const start = (rows === null ? index : (rows[index] ?? 0)) * columnCount;
        columns.forEach((column, at) => {
          picked[index * columns.length + at] = values[start + column] ?? NaN;
        });
      }
      return Promise.resolve(picked);
    },
    place: (row, column) =>
      `in line ${String(lines[row] ?? 0)}, column ${String((columns[column] ?? 0) + 1)}`,
  };
}

/** "columns 1 to 63", "columns 2, 5 and others". */
function describeColumns(columns: readonly number[]): string {
  const [first] = columns;
  if (first === undefined) return 'the only column is the label';
  if (columns.length === 1) return `column ${String(first + 1)}`;
  const consecutive = columns.every((column, index) => column === first + index);
  if (consecutive) return `columns ${String(first + 1)} to ${String(first + columns.length)}`;
  return `columns ${columns
    .slice(0, 3)
    .map((column) => String(column + 1))
    .join(', ')}${columns.length > 3 ? ', …' : ''}`;
}

function capitalise(title: string): string {
  return title.charAt(0).toUpperCase() + title.slice(1);
}
