import { escapeText, type SvgText } from './svg';

/** HTML as text. What comes from a file passes through `escapeText`, as in the charts. */
export type HtmlText = string & { readonly html: unique symbol };

export type HtmlChild = HtmlText | SvgText;

/** A text node, with the subscripts of λ_max, λ_min and λ_2 set as such. */
export function words(content: string): HtmlText {
  return escapeText(content).replace(/λ_(max|min|k|\d+)/g, 'λ<sub>$1</sub>') as HtmlText;
}

/** An element with a closing tag; an attribute that is undefined is left out. */
export function html(
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>>,
  ...children: readonly HtmlChild[]
): HtmlText {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escapeText(String(value))}"`)
    .join('');
  return `<${name}${written}>${children.join('')}</${name}>` as HtmlText;
}

/** JSON for a script element that holds data: no text of it can end the element or open a comment. */
export function embeddedJson(id: string, json: string): HtmlText {
  const inert = json.replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
  return `<script type="application/json" id="${escapeText(id)}">${inert}</script>` as HtmlText;
}
