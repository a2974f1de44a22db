import { t } from '@vscode/l10n';
import { comparisonJson, type Comparison } from '../comparison/schema';
import { comparisonCards, comparisonTitle } from './comparisonCards';
import { html, words, type HtmlText } from './html';
import { limitsSentence } from './limits';
import { card, write } from './reportPageSections';
import { standalonePage } from './standalonePage';

/**
 * The comparison as one HTML page that stands alone, with its JSON in the element #comparison.
 * @throws FailureError InternalError where it does not keep its schema
 */
export function comparisonPage(comparison: Comparison): string {
  const title = comparisonTitle(comparison);
  const cards = comparisonCards(comparison);
  const places = [...new Set(cards.map(({ place }) => place))];
  const main: HtmlText[] = [
    html('h1', {}, words(title)),
    html('p', { class: 'faint facts-line' }, words(comparison.rows.map(({ name }) => name).join(' · '))),
    ...places.map((place) => {
      const here = cards.filter((each) => each.place === place);
      return html(
        'div',
        { class: place === 'curves' ? 'grid curves' : `section ${place}` },
        ...here.map(({ id, title, term, content }) =>
          card(place, title, term, ...content.flatMap((each) => write(each, `${id}-chart`, { layers: [] }))),
        ),
      );
    }),
    html(
      'p',
      { class: 'faint' },
      words(t`${limitsSentence} The comparison as JSON is in this page’s element #comparison.`),
    ),
  ];
  return standalonePage(title, main, { id: 'comparison', json: comparisonJson(comparison) });
}
