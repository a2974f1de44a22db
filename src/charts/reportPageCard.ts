import { explanations, type Term } from './explanations';
import { html, words, type HtmlChild, type HtmlText } from './html';
import type { SvgText } from './svg';

/** A titled box of the page, with what it shows explained. */
export function card(title: string, term: Term, ...children: readonly HtmlChild[]): HtmlText {
  return html(
    'section',
    { class: 'card' },
    html('h2', {}, words(title)),
    html('p', { class: 'why' }, words(explanations[term])),
    ...children,
  );
}

/** What the drawing functions give is SVG text. */
export function drawn(svg: string): SvgText {
  return svg as SvgText;
}
