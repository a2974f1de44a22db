import { t } from '@vscode/l10n';
import { markdownTable, markdownText } from '../report/markdown';
import { printable } from '../report/printable';
import { formatCount, formatNumber } from '../report/wording/number';
import { edgeSentences } from './edge';
import { changeText, comparedNumbers, comparedText, numberNames } from './numbers';
import { isOnlyRun } from './row';
import type { Comparison, ComparisonRow, Difference, NumberName, SampleChanges } from './schema';

const errorBarsSentence = t(
  'A difference within its error bars is none. Those of loss, accuracy, λ_max and what follows from it hold the samples’ own error (95 %, as if each row had samples of its own), those of ‖∇L‖, U and trace only that of the computation.',
);

const pairedSentence = t(
  'Between a model and one that was only run, the error of the loss is that of the paired differences of the same samples.',
);

/** What the error bars hold, below every table of differences. */
export function errorBarsText({ sampleChanges }: Comparison): string {
  const paired = sampleChanges.some(({ loss }) => loss !== null);
  return [errorBarsSentence, ...(paired ? [pairedSentence] : [])].join(' ');
}

/** The numbers that at least one row has. */
export function knownNumbers({ rows }: Comparison): NumberName[] {
  return numberNames.filter((name) => rows.some(({ numbers }) => (numbers?.[name] ?? null) !== null));
}

/** A row's verdict, and its place at the edge where there is one. */
function standing(row: ComparisonRow): string[] {
  const { verdict, edge } = row;
  const places = { below: t('below the edge'), at: t('at the edge'), above: t('above the edge') } as const;
  return [
    ...(verdict === null ? [] : [verdict]),
    ...(edge?.place ? [places[edge.place]] : []),
    ...(isOnlyRun(row) ? [t('only run')] : []),
  ];
}

/** Heads and cells of the table of rows; a failed row has its sentence in place of numbers. */
export function rowTable(comparison: Comparison): { head: string[]; rows: string[][] } {
  const names = knownNumbers(comparison);
  return {
    head: [t('Model'), ...names.map((name) => comparedNumbers[name].head), t('Verdict')],
    rows: comparison.rows.map((row) => {
      const { name, numbers } = row;
      if (numbers === null) return [name, ...names.map(() => '–'), 'failed'];
      return [name, ...names.map((each) => comparedText(each, numbers[each])), standing(row).join(', ')];
    }),
  };
}

/** Between which rows a difference is: "epoch 1 → epoch 2". */
function pairText({ rows }: Comparison, { from, to }: Pick<Difference, 'from' | 'to'>): string {
  return `${rows[from]?.name ?? ''} → ${rows[to]?.name ?? ''}`;
}

/** Heads and cells of the table of differences between each row and the one before, and at last the first and the last. */
export function differenceTable(comparison: Comparison): { head: string[]; rows: string[][] } {
  const successive = comparison.differences.filter(({ to }, at, all) => all[at - 1]?.to !== to);
  const last = comparison.differences.at(-1);
  const shown = last === undefined || successive.includes(last) ? successive : [...successive, last];
  const names = numberNames.filter((name) => shown.some(({ numbers }) => numbers[name] !== null));
  return {
    head: [t('From → to'), ...names.map((name) => comparedNumbers[name].head)],
    rows: shown.map((difference) => [
      pairText(comparison, difference),
      ...names.map((name) => changeText(name, difference.numbers[name])),
    ]),
  };
}

/** What changed from the first to the last, and what did not: the comparison in one sentence; null where there is no pair. */
export function summarySentence(comparison: Comparison): string | null {
  const last = comparison.differences.at(-1);
  if (last === undefined) return null;
  const told = (['loss', 'accuracy', 'lambdaMax', 'moveCost'] as const).flatMap((name) => {
    const change = last.numbers[name];
    return change === null ? [] : [`${summaryNames[name]} ${changeText(name, change)}`];
  });
  return `${pairText(comparison, last)}: ${told.join('; ')}.`;
}

const summaryNames = {
  loss: 'loss',
  accuracy: 'accuracy',
  lambdaMax: 'λ_max',
  moveCost: t('what a move of 1 % of the weights costs'),
} as const;

/** What changed sample by sample between two rows, in one sentence. */
export function sampleChangesSentence(comparison: Comparison, changes: SampleChanges): string {
  const { predictions, loss, samples } = changes;
  const told = [
    ...(predictions === null
      ? []
      : [t`${formatCount(predictions.changed)} of ${formatCount(predictions.count)} predictions changed`]),
    ...(loss === null
      ? []
      : [
          t`mean loss ${changeText('loss', loss)} (95 %, paired differences of ${formatCount(samples)} samples)`,
        ]),
  ];
  const what = told.length === 0 ? t('nothing is told without classes and given labels') : told.join('; ');
  return t`Sample by sample, ${pairText(comparison, changes)}: ${what}.`;
}

/** Heads and cells of the table of the samples whose loss rose most. */
export function risenTable({ risen }: SampleChanges): { head: string[]; rows: string[][] } {
  const known = (value: number | null): string => (value === null ? '–' : String(value));
  return {
    head: [t('Loss rose most in sample'), t('Label'), t('Prediction'), t('Loss')],
    rows: risen.map(({ index, label, predictedBefore, predictedAfter, lossBefore, lossAfter }) => [
      String(index),
      known(label),
      `${known(predictedBefore)} → ${known(predictedAfter)}`,
      `${formatNumber(lossBefore)} → ${formatNumber(lossAfter)}`,
    ]),
  };
}

/** The line that a row gets when it is ready. */
export function rowLine({ name, numbers, failure }: ComparisonRow): string {
  if (numbers === null) return `${name}: ${failure?.message ?? ''}`;
  const told = (['loss', 'accuracy', 'lambdaMax', 'moveCost'] as const).flatMap((each) =>
    numbers[each] === null ? [] : [`${comparedNumbers[each].head} ${comparedText(each, numbers[each])}`],
  );
  return `${name}: ${told.join(', ')}`;
}

/** The sentences of the rows that failed. */
export function failureLines({ rows }: Comparison): string[] {
  return rows.flatMap(({ name, failure }) => (failure === null ? [] : [`${name}: ${failure.message}`]));
}

/** The comparison as tables to read in a terminal; ends with a line feed. */
export function comparisonText(comparison: Comparison): string {
  const known = comparison.rows.filter(({ numbers }) => numbers !== null).length;
  const summary = summarySentence(comparison);
  const parts = [
    [t`${formatCount(known)} of ${formatCount(comparison.rows.length)} models compared`],
    lines(rowTable(comparison)),
    ...(summary === null ? [] : [[printable(summary)]]),
    edgeSentences(comparison),
    ...(comparison.differences.length === 0
      ? []
      : [[...lines(differenceTable(comparison)), errorBarsText(comparison)]]),
    ...comparison.sampleChanges.map((changes) => [
      printable(sampleChangesSentence(comparison, changes)),
      ...(changes.risen.length === 0 ? [] : lines(risenTable(changes))),
    ]),
    comparison.warnings.map(({ message }) => printable(t`Warning: ${message}`)),
    failureLines(comparison).map((line) => printable(t`Failed: ${line}`)),
  ];
  return `${parts
    .filter((part) => part.length > 0)
    .map((part) => part.join('\n'))
    .join('\n\n')}\n`;
}

/** The comparison in Markdown, as it is put into a pull request. */
export function comparisonMarkdown(comparison: Comparison): string {
  const { rows, warnings, differences } = comparison;
  const summary = summarySentence(comparison);
  const table = ({ head, rows: cells }: ReturnType<typeof rowTable>): string => markdownTable(head, cells);
  const sentences = [...warnings.map(({ message }) => message), ...failureLines(comparison)];
  return `${[
    t`### Sharpness of ${formatCount(rows.length)} models compared`,
    ...(summary === null ? [] : [markdownText(summary)]),
    table(rowTable(comparison)),
    ...edgeSentences(comparison).map(markdownText),
    ...(differences.length === 0
      ? []
      : [table(differenceTable(comparison)), markdownText(errorBarsText(comparison))]),
    ...comparison.sampleChanges.flatMap((changes) => [
      markdownText(sampleChangesSentence(comparison, changes)),
      ...(changes.risen.length === 0 ? [] : [table(risenTable(changes))]),
    ]),
    ...sentences.map((each) => `> ${markdownText(each)}`),
  ].join('\n\n')}\n`;
}

/** The table with its columns below each other, the first to the left. */
function lines({ head, rows }: { readonly head: string[]; readonly rows: string[][] }): string[] {
  const all = [head, ...rows].map((row) => row.map(printable));
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const last = head.length - 1;
  return all.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 || (column === last && head[last] === 'Verdict')
          ? cell.padEnd(width)
          : cell.padStart(width);
      })
      .join('  ')
      .trimEnd(),
  );
}
