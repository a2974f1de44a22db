import { inPanelWords } from '../src/report/wording/settings';

/** Builds the page from elements and text nodes: nothing that a file says is ever parsed as HTML. */

export type Child = Node | string | null;
type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** An element; an attribute that is false or undefined is left out, true is an empty one. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes,
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag];
export function element(tag: string, attributes: Attributes, ...children: readonly Child[]): HTMLElement;
export function element(tag: string, attributes: Attributes, ...children: readonly Child[]): HTMLElement {
  const built = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    built.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children) {
    if (typeof child === 'string') built.append(...unbroken(inPanelWords(child)));
    else if (child !== null) built.append(child);
  }
  return built;
}

/** A number and its unit are never parted by the end of a line. */
const numberWithUnit =
  /((?:≤|≥|≲|<|ln|‖∇L‖ =|=|between|and|to) [-\d][\w.,]*(?: ± [\w.,]+)?|[-\d][\w.,]*(?: ± [\w.,]+)? %)/;

function unbroken(text: string): (Node | string)[] {
  const parts = text.split(numberWithUnit);
  if (parts.length === 1) return [text];
  return parts.flatMap((part, place): (Node | string)[] => {
    if (place % 2 === 0) return part === '' ? [] : [part];
    const span = document.createElement('span');
    span.className = 'number';
    span.textContent = part;
    return [span];
  });
}

/** λ with a subscript. */
export function lambda(subscript: string): HTMLElement {
  return element('span', { class: 'lambda' }, 'λ', element('sub', {}, subscript));
}

/** The text with its λ_max and λ_min set as such. */
export function withSubscripts(content: string): Child[] {
  return content.split(/λ_(max|min)/).map((part, place) => (place % 2 === 1 ? lambda(part) : part));
}

/** A toolkit button. `id` keeps the focus on it when its section is drawn again. */
export function button(
  caption: string,
  id: string,
  press: () => void,
  look: { readonly primary?: boolean; readonly disabled?: boolean; readonly label?: string } = {},
): HTMLElement {
  const built = element(
    'vscode-button',
    {
      id,
      appearance: look.primary === true ? 'primary' : 'secondary',
      disabled: look.disabled,
      'aria-label': look.label,
    },
    caption,
  );
  built.addEventListener('click', press);
  return built;
}

/** A choice of one of some values, with its label before it. */
export function dropdown(
  id: string,
  label: string,
  values: readonly (readonly [value: string, caption: string])[],
  chosen: string,
  choose: (value: string) => void,
): HTMLElement {
  const list = element(
    'vscode-dropdown',
    // Without it the toolkit takes the first option of which the value is ''.
    { id, 'aria-label': label, 'current-value': chosen },
    ...values.map(([value, caption]) =>
      element('vscode-option', { value, selected: value === chosen }, caption),
    ),
  ) as HTMLSelectElement;
  list.addEventListener('change', () => choose(list.value));
  return element('div', { class: 'field' }, element('span', {}, label), list);
}

/** The SVG text of a chart as an element of this page. */
export function svgElement(svg: string): Element {
  const parsed = new DOMParser().parseFromString(svg, 'image/svg+xml');
  if (parsed.querySelector('parsererror') !== null) throw new Error('A chart is not well-formed SVG.');
  return document.importNode(parsed.documentElement, true);
}
