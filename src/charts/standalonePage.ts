import { pageMark } from '../report/pageMark';
import { embeddedJson, html, words, type HtmlText } from './html';
import { reportPageStyle } from './reportPageStyle';

const policy =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; script-src 'none'";

/** An HTML page that stands alone, with its data as JSON in the element of that id: it runs no script and loads nothing. */
export function standalonePage(
  title: string,
  main: readonly HtmlText[],
  data: { readonly id: string; readonly json: string },
): string {
  const head = html(
    'head',
    {},
    '<meta charset="utf-8">' as HtmlText,
    pageMark as HtmlText,
    `<meta http-equiv="Content-Security-Policy" content="${policy}">` as HtmlText,
    '<meta name="viewport" content="width=device-width, initial-scale=1">' as HtmlText,
    html('title', {}, words(title)),
    `<style>${reportPageStyle}</style>` as HtmlText,
  );
  const body = html('body', {}, html('main', {}, ...main), embeddedJson(data.id, data.json));
  return `<!DOCTYPE html>\n${html('html', { lang: 'en' }, head, body)}\n`;
}
