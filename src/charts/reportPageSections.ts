import type { Report } from '../report/report';
import { numbersTable, numbersWord, type Choice, type Content } from './content';
import { explanations, type Term } from './explanations';
import { html, words, type HtmlChild, type HtmlText } from './html';
import type { Section } from './section';
import { places, sections } from './sections';
import type { SvgText } from './svg';

/** So many layers get a chart of their own: those that contribute most. */
const mostLayerCharts = 6;

/** A titled box of the page, with what it shows explained. */
export function card(
  look: string,
  title: string,
  term: Term | null,
  ...children: readonly HtmlChild[]
): HtmlText {
  return html(
    'section',
    { class: `card ${look}` },
    html('h2', {}, words(title)),
    ...(term === null ? [] : [html('p', { class: 'why' }, words(explanations[term]))]),
    ...children,
  );
}

/** Every section of the report that has something to show. */
export function sectionCards(report: Report): HtmlText[] {
  return places.flatMap((place) => {
    const cards = sections
      .filter((section) => section.place === place)
      .flatMap((section) => sectionCard(section, report));
    return cards.length === 0 ? [] : [html('div', { class: `section ${place}` }, ...cards)];
  });
}

function sectionCard({ id, title, term, look, content }: Section, report: Report): HtmlText[] {
  const shown = content(report, false);
  if (shown.length === 0) return [];
  return [card(look(report), title, term, ...shown.flatMap((each) => write(each, `${id}-chart`, report)))];
}

/** The content as HTML; `id` prefixes the ids of its charts. */
export function write(content: Content, id: string, report: Pick<Report, 'layers'>): HtmlChild[] {
  if (typeof content === 'string') return [words(content)];
  const all = (children: readonly Content[]): HtmlChild[] =>
    children.flatMap((child) => write(child, id, report));
  switch (content.kind) {
    case 'tag':
      return [html(content.name, content.attributes, ...all(content.children))];
    case 'numbers': {
      const table = write(numbersTable(content), id, report);
      return [html('details', {}, html('summary', {}, words(numbersWord)), ...table)];
    }
    case 'drawing':
      return [content.svg as SvgText];
    case 'chart':
      return [content.draw({ id, width: content.pageWidth }) as SvgText];
    case 'choice':
      return [html('div', { class: 'figures' }, ...heaviest(content, report).map(figure(id, report)))];
    case 'place':
      return [];
  }
}

/** The layers that contribute most of those that have something to show, in the order of the forward pass. */
function heaviest({ layers }: Choice, report: Pick<Report, 'layers'>): Choice['layers'][number][] {
  const contribution = (index: number): number => report.layers[index]?.contribution.value ?? 0;
  return layers
    .toSorted((one, other) => contribution(other.index) - contribution(one.index))
    .slice(0, mostLayerCharts)
    .sort((one, other) => one.index - other.index);
}

/** A layer's charts above what is said of them. */
function figure(id: string, report: Pick<Report, 'layers'>): (layer: Choice['layers'][number]) => HtmlText {
  return ({ index, content }) => {
    const isChart = (each: Content): boolean => typeof each !== 'string' && each.kind === 'chart';
    const all = (parts: readonly Content[]): HtmlChild[] =>
      parts.flatMap((part, at) => write(part, `${id}-${index}-${at}`, report));
    const caption = html('figcaption', {}, ...all(content.filter((each) => !isChart(each))));
    return html('figure', {}, ...all(content.filter(isChart)), caption);
  };
}
