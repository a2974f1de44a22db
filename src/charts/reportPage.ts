import { t } from '@vscode/l10n';
import type { Report } from '../report/report';
import { reportJson } from '../report/schema';
import { questions, type Question } from './answers';
import { circumstances, modelText } from './circumstances';
import { explanations } from './explanations';
import { html, words, type HtmlText } from './html';
import { columns } from './layerColumns';
import { limitsSentence } from './limits';
import { sectionCards } from './reportPageSections';
import { standalonePage } from './standalonePage';

/**
 * The report as one HTML page that stands alone: the panel's answers, charts, tables and explanations, the pictures of the
 * samples, and the report itself as JSON in the element #report. It runs no script and loads nothing.
 * @throws FailureError InternalError where the report does not keep its schema
 */
export function reportPage(report: Report): string {
  const title = t`Sharpness of ${report.model.file}`;
  return standalonePage(title, content(report), { id: 'report', json: reportJson(report) });
}

function content(report: Report): HtmlText[] {
  return [
    ...header(report),
    ...verdict(report),
    ...warnings(report),
    html('div', { class: 'grid answers' }, ...questions(report).map(answerCard)),
    ...sectionCards(report),
    terms(),
    limits(report),
  ];
}

function header(report: Report): HtmlText[] {
  const { model } = report;
  const chips = circumstances(report).map(({ text }) => html('li', {}, words(text)));
  return [
    html('h1', {}, words(model.file)),
    html(
      'p',
      { class: 'faint facts-line' },
      words(t`${modelText(model)} · output ${model.output} · sha256 ${model.sha256}`),
    ),
    html('ul', { class: 'chips' }, ...chips),
  ];
}

function verdict({ verdict: found }: Report): HtmlText[] {
  if (found === null) return [];
  return [
    html(
      'section',
      { class: `card verdict ${found.kind}` },
      html('h2', { class: 'faint' }, words(t('What it means'))),
      html('p', {}, words(found.text)),
      html('p', { class: 'why' }, words(explanations.verdict)),
    ),
  ];
}

function warnings({ warnings: given }: Report): HtmlText[] {
  if (given.length === 0) return [];
  const items = given.map(({ message }) => html('li', {}, words(message)));
  return [
    html(
      'section',
      { class: 'card warnings' },
      html('h2', {}, words(t('Warnings'))),
      html('ul', {}, ...items),
    ),
  ];
}

function answerCard({ title, term, answer }: Question): HtmlText {
  return html(
    'section',
    { class: 'card' },
    html('h2', { class: 'faint' }, words(title)),
    html('p', { class: 'headline' }, words(`${answer?.layer?.whole ?? ''}${answer?.headline ?? ''}`)),
    ...(answer?.sentences ?? []).map((sentence) => html('p', {}, words(sentence))),
    html('p', { class: 'why' }, words(explanations[term])),
  );
}

/** What the heads of the table and the lines of facts mean. */
function terms(): HtmlText {
  const explained = [
    ...columns.map(({ column, head }) => [head, explanations[column]] as const),
    [t('λ_max, λ_min found'), explanations.found] as const,
    [t('λ_max, scale-adapted'), explanations.scaleAdapted] as const,
    [t('λ_max that Adam meets'), explanations.preconditioned] as const,
    ['T, F²', explanations.traces] as const,
    ['λ_k', explanations.eigenvalues] as const,
    [t('from the blocks'), explanations.blockwise] as const,
    ['method, ±', explanations.method] as const,
    [t('error bars'), explanations.probes] as const,
    ['Gauss-Newton', explanations.gaussNewton] as const,
  ];
  return html(
    'section',
    { class: 'card' },
    html('h2', {}, words(t('What the terms mean'))),
    html(
      'dl',
      { class: 'terms' },
      ...explained.map(([term, sentence]) =>
        html('div', {}, html('dt', {}, words(term)), html('dd', {}, words(sentence))),
      ),
    ),
  );
}

function limits({ analysis }: Report): HtmlText {
  const versions = Object.entries(analysis.versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');
  return html(
    'p',
    { class: 'faint' },
    words(t`${limitsSentence} Made by ${versions}; the report as JSON is in this page’s element #report.`),
  );
}
