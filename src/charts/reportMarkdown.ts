import { t } from '@vscode/l10n';
import { markdownTable, markdownText } from '../report/markdown';
import type { Report } from '../report/report';
import { formatNumber, formatPercent } from '../report/wording/number';
import { samplingErrorText } from '../report/wording/samplingText';
import { lambdaMaxText } from '../report/wording/sharpnessText';
import { circumstances, modelText } from './circumstances';
import { rowsOf, shownColumns, type Column } from './layerColumns';

/** So many layers stand in the table: those that hold most. */
const mostLayers = 5;
const tableColumns: readonly Column[] = [
  'parameters',
  'sharpestShare',
  'layerLambdaMax',
  'contribution',
  'share',
];

/** The report in a few lines of Markdown, as they are put into a pull request. */
export function reportMarkdown(report: Report): string {
  const { model, samples, sharpness, verdict, warnings, gradientNorm, analysis } = report;
  const error = sharpness === undefined ? null : samplingErrorText(sharpness);
  const facts = [
    `${lambdaMaxText(report) ?? ''}${error === null ? '' : `; ${error}`}`,
    t`mean loss ${formatNumber(samples.meanLoss)}${samples.accuracy === null ? '' : t`, accuracy ${formatPercent(samples.accuracy, 4)}`}`,
    `‖∇L‖ ${formatNumber(gradientNorm)}`,
  ];
  const stated = circumstances(report).filter(({ term }) => term !== 'cost' && term !== 'time');
  const versions = Object.entries(analysis.versions).map(([name, version]) => `${name} ${version}`);
  return `${[
    t`### Sharpness of ${markdownText(model.file)}`,
    ...(verdict === null ? [] : [markdownText(verdict.text)]),
    facts.map((fact) => `- ${markdownText(fact)}`).join('\n'),
    topLayers(report),
    ...warnings.map(({ message }) => `> ${markdownText(message)}`),
    markdownText(`${modelText(model)} · ${stated.map(({ text }) => text).join(' · ')}`),
    markdownText(`${versions.join(', ')}; sha256 ${model.sha256.slice(0, 16)}`),
  ].join('\n\n')}\n`;
}

/** The layers that hold most of the sharpest direction, or of the bound where that is not known. */
function topLayers(report: Report): string {
  const rows = rowsOf(report)
    .toSorted((one, other) => weight(other.layer) - weight(one.layer))
    .slice(0, mostLayers);
  const columns = shownColumns(rows).filter(({ column }) => tableColumns.includes(column));
  return markdownTable(
    ['layer', ...columns.map(({ head }) => head)],
    rows.map((row) => [row.layer.name, ...columns.map(({ text }) => text(row))]),
  );
}

function weight({ sharpestShare, contribution }: Report['layers'][number]): number {
  return sharpestShare ?? contribution.value;
}
